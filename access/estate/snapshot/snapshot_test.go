package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/access/estate"
	"latchkey/access/estate/estatetest"
	"latchkey/access/estate/largeworld"
	"latchkey/access/estate/snapshot"
	"latchkey/csp"
)

func build(tb testing.TB, f csp.Facts) *estate.Estate {
	tb.Helper()
	b := estate.NewBuilder()
	b.Add(f)
	e, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func random(tb testing.TB, seed uint64) *estate.Estate {
	tb.Helper()
	return build(tb, estatetest.Facts(rand.New(rand.NewPCG(seed, 0))))
}

func write(tb testing.TB, e *estate.Estate) []byte {
	tb.Helper()
	var file bytes.Buffer
	if err := snapshot.Write(&file, e); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

func read(file []byte) (*estate.Estate, error) {
	return snapshot.Read(bytes.NewReader(file), int64(len(file)))
}

func sameColumns(tb testing.TB, got, want *estate.Estate) {
	tb.Helper()
	exact := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b csp.Scope) bool { return a.String() == b.String() })}
	if diff := cmp.Diff(want.Columns, got.Columns, exact); diff != "" {
		tb.Fatalf("columns differ (-want +got):\n%s", diff)
	}
}

func TestAnEstateComesBackFromItsFile(t *testing.T) {
	for seed := range uint64(30) {
		e := random(t, seed)
		file := write(t, e)
		again, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		sameColumns(t, again, e)
		if !bytes.Equal(write(t, again), file) {
			t.Fatal("written again, the file is another")
		}
	}
	empty := build(t, csp.Facts{})
	again, err := read(write(t, empty))
	if err != nil {
		t.Fatal(err)
	}
	sameColumns(t, again, empty)
}

func TestAFileThatWasCutOffIsRefused(t *testing.T) {
	file := write(t, random(t, 1))
	for n := range file {
		if _, err := read(file[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a snapshot", n, len(file))
		}
		// The reader may be told a length that the file does not have.
		if _, err := snapshot.Read(bytes.NewReader(file[:n]), int64(len(file))); err == nil || !strings.Contains(err.Error(), "it ends too early") {
			t.Fatalf("the first %d of %d bytes: %v", n, len(file), err)
		}
	}
}

func TestAChangedByteIsFound(t *testing.T) {
	file := write(t, random(t, 1))
	for i := range file {
		changed := slices.Clone(file)
		changed[i] ^= 0x10
		if _, err := read(changed); err == nil {
			t.Fatalf("byte %d can be changed unseen", i)
		}
	}
}

// rewrite changes the data of sections and makes all checksums right again, as
// somebody with ill intent would.
func rewrite(file []byte, change func(number int, data []byte) []byte) []byte {
	table := crc32.MakeTable(crc32.Castagnoli)
	const head = 32
	var sections []byte
	for rest := file[head+4:]; len(rest) > 0; {
		number := binary.LittleEndian.Uint32(rest)
		size := binary.LittleEndian.Uint64(rest[4:])
		data := change(int(number), slices.Clone(rest[12:12+size]))
		section := binary.LittleEndian.AppendUint32(nil, number)
		section = append(binary.LittleEndian.AppendUint64(section, uint64(len(data))), data...)
		sections = append(sections, binary.LittleEndian.AppendUint32(section, crc32.Checksum(section, table))...)
		rest = rest[12+size+4:]
	}
	out := slices.Clone(file[:head])
	binary.LittleEndian.PutUint64(out[24:], uint64(len(sections)))
	return append(binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, table)), sections...)
}

func TestForgedSectionsAreRefusedOrWhole(t *testing.T) {
	e := random(t, 1)
	file := write(t, e)
	r := rand.New(rand.NewPCG(1, 2))
	sections := 0
	if !bytes.Equal(rewrite(file, func(n int, data []byte) []byte { sections = n; return data }), file) {
		t.Fatal("rewriting nothing changes the file")
	}
	for range 2000 {
		target := 1 + r.IntN(sections)
		forged := rewrite(file, func(n int, data []byte) []byte {
			if n != target || len(data) == 0 {
				return data
			}
			switch r.IntN(4) {
			case 0:
				return data[:r.IntN(len(data))]
			case 1:
				return append(data, data[:min(len(data), 1<<r.IntN(5))]...)
			}
			data[r.IntN(len(data))] = byte(r.Uint32())
			return data
		})
		got, err := read(forged)
		if err != nil {
			if !strings.Contains(err.Error(), "damaged") {
				t.Fatalf("%v", err)
			}
			continue
		}
		checkWhole(t, got)
		if !bytes.Equal(write(t, got), forged) {
			t.Fatal("written again, the file is another")
		}
	}
}

// checkWhole uses everything of an estate: what was taken from a file must hold.
func checkWhole(t *testing.T, e *estate.Estate) {
	t.Helper()
	e.Facts()
	for n := range estate.Node(e.Nodes()) {
		if found, exact := e.FindNode(e.NodeTenant[n], e.Scope(n).String()); found != n || !exact {
			t.Fatalf("%q is node %d and is found as %d", e.Scope(n), n, found)
		}
	}
	for p, id := range e.PrincipalID {
		if found, ok := e.FindPrincipal(id); int(found) != p || !ok {
			t.Fatalf("principal %d is found as %d", p, found)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	file := write(t, random(t, 1))
	sum := func(file []byte) []byte {
		binary.LittleEndian.PutUint32(file[32:], crc32.Checksum(file[:32], crc32.MakeTable(crc32.Castagnoli)))
		return file
	}
	section := func(number int, change func([]byte) []byte) func([]byte) []byte {
		return func(file []byte) []byte {
			return rewrite(file, func(n int, data []byte) []byte {
				if n == number {
					return change(data)
				}
				return data
			})
		}
	}
	const tenantID, tenantListed, tenantName, roles, terms, gaps = 1, 2, 3, 30, 34, 58
	tests := []struct {
		name   string
		change func([]byte) []byte
		want   string
	}{
		{"nothing", func([]byte) []byte { return nil }, "this is no snapshot: it ends too early"},
		{"another file", func(f []byte) []byte { f[0] = 'x'; return f }, "begins with something else"},
		{"a newer file", func(f []byte) []byte { f[16] = 2; return sum(f) }, "has version 2 and this one reads version 1"},
		{"the head", func(f []byte) []byte { f[20]++; return f }, "checksum of the head"},
		{"a section more", func(f []byte) []byte { f[20]++; return sum(f) }, "it has 59 sections, not 58"},
		{"bytes behind", func(f []byte) []byte { return append(f, 0) }, "bytes and has"},
		{"another section", func(f []byte) []byte { f[36]++; return f }, "section TenantID: section 2 stands where 1 should"},
		{"a longer section", func(f []byte) []byte { f[43] = 1; return f }, "section TenantID: it ends too early"},
		{"a negative length", func(f []byte) []byte { f[47] = 0xff; return f }, "section TenantID: it ends too early"},
		{"a changed id", func(f []byte) []byte { f[50]++; return f }, "section TenantID: its checksum is wrong"},
		{"half an id", section(tenantID, func(d []byte) []byte { return d[:len(d)-1] }), "section TenantID: its length, "},
		{"half a number", section(6, func(d []byte) []byte { return d[:len(d)-1] }), "section TenantRoot: its length, "},
		{"texts without a count", section(tenantName, func(d []byte) []byte { return d[:3] }), "section TenantName: it ends too early"},
		{"texts with many beginnings", section(tenantName, func(d []byte) []byte { d[3] = 0xff; return d }), "section TenantName: it ends too early"},
		{"a tenant too few", section(tenantListed, func(d []byte) []byte { return d[:len(d)-1] }), "the columns of tenants"},
		{"rows left over", section(roles, func(d []byte) []byte { return append(d, 0) }), "section Roles: 1 bytes are left over"},
		{"many rows", section(roles, func(d []byte) []byte { d[3] = 0xff; return d }), "section Roles: it ends too early"},
		{"a flag that is none", section(terms, func(d []byte) []byte { d[4+24] = 2; return d }), "section Terms: a flag is 2"},
		{"too many nanoseconds", section(terms, func(d []byte) []byte { d[4+11] = 0xff; return d }), "section Terms: a second has "},
		{"a bad scope", section(gaps, func(d []byte) []byte {
			return bytes.Replace(d, []byte("/resourceGroups/"), []byte("/resourcegroups/"), 1)
		}), "section Gaps: "},
		{"a scope of nothing", section(gaps, func(d []byte) []byte {
			return bytes.Replace(d, []byte("/subscriptions/"), []byte("/subscriptionz/"), 1)
		}), "section Gaps: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(test.change(slices.Clone(file)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestAReaderThatFailsIsReported(t *testing.T) {
	file := write(t, random(t, 1))
	broken := errors.New("the disk is gone")
	for n := range file {
		in := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := snapshot.Read(in, int64(len(file))); !errors.Is(err, broken) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

// limited fails when it has taken some bytes.
type limited int

var errFull = errors.New("the disk is full")

func (l *limited) Write(p []byte) (int, error) {
	if *l -= limited(len(p)); *l < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAWriterThatFailsIsReported(t *testing.T) {
	e := buildLarge(t, largeworld.Large.Over(100))
	size := len(write(t, e))
	for room := 0; room < size; room += size / 50 {
		full := limited(room)
		if err := snapshot.Write(&full, e); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d of %d bytes: %v", room, size, err)
		}
	}
}

func FuzzReadSnapshot(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(write(f, build(f, csp.Facts{})), true)
	for seed := range uint64(3) {
		f.Add(write(f, random(f, seed)), true)
	}
	f.Fuzz(func(t *testing.T, file []byte, sums bool) {
		if sums {
			file = repair(file)
		}
		e, err := read(file)
		if err != nil {
			return
		}
		checkWhole(t, e)
		if again := write(t, e); !bytes.Equal(again, file) {
			t.Error("written again, the file is another")
		}
	})
}

// repair makes checksums and lengths right as far as sections can be made out, so
// that what is fuzzed is what lies behind them.
func repair(file []byte) []byte {
	const head = 32
	if len(file) < head+4 {
		return file
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	file = slices.Clone(file)
	binary.LittleEndian.PutUint64(file[24:], uint64(len(file)-head-4))
	binary.LittleEndian.PutUint32(file[head:], crc32.Checksum(file[:head], table))
	for rest := file[head+4:]; len(rest) >= 16; {
		size := binary.LittleEndian.Uint64(rest[4:])
		if size > uint64(len(rest)-16) {
			break
		}
		binary.LittleEndian.PutUint32(rest[12+size:], crc32.Checksum(rest[:12+size], table))
		rest = rest[16+size:]
	}
	return file
}

var large = flag.Bool("large", false, "measure at the full size: ten thousand customers, three million resources")

func benchSize() largeworld.Size {
	if *large {
		return largeworld.Large
	}
	return largeworld.Large.Over(100)
}

func buildLarge(tb testing.TB, size largeworld.Size) *estate.Estate {
	tb.Helper()
	b := estate.NewBuilder()
	if err := largeworld.Generate(size, 1, func(f csp.Facts) error { b.Add(f); return nil }, nil); err != nil {
		tb.Fatal(err)
	}
	e, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func BenchmarkWrite(b *testing.B) {
	e := buildLarge(b, benchSize())
	var n int64
	for b.Loop() {
		n = 0
		if err := snapshot.Write(counter{&n}, e); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(n)
}

type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) { *c.n += int64(len(p)); return len(p), nil }

// BenchmarkRead reads a file that is in memory, and makes it ready to be asked.
func BenchmarkRead(b *testing.B) {
	file := write(b, buildLarge(b, benchSize()))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var e *estate.Estate
	for b.Loop() {
		var err error
		if e, err = read(file); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.SetBytes(int64(len(file)))
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(e)
	runtime.KeepAlive(file)
}
