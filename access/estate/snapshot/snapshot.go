package snapshot

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"latchkey/access/estate"
)

const (
	magic   = "LATCHKEY ESTATE\n"
	version = 1

	headSize    = len(magic) + 4 + 4 + 8
	sumSize     = 4
	sectionHead = 4 + 8

	// readSize is what is read ahead; pieces are longer and go past it.
	readSize = 1 << 12
)

// castagnoli is the polynomial that processors compute by themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes the estate to w, in many pieces.
func Write(w io.Writer, e *estate.Estate) error {
	columns := e.Columns
	all := sections(&columns)
	sizes := make([]int64, len(all))
	var total int64
	for i, s := range all {
		sizes[i] = s.size()
		total += sectionHead + sizes[i] + sumSize
	}
	out := bufio.NewWriterSize(w, 1<<20)
	head := append([]byte(magic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(head[len(magic):], version)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(all)))
	head = binary.LittleEndian.AppendUint64(head, uint64(total))
	_, _ = out.Write(binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli)))
	for i, s := range all {
		writeSection(out, i+1, s, sizes[i])
	}
	return out.Flush() // tells of the first write that failed
}

func writeSection(out *bufio.Writer, number int, s section, size int64) {
	var sum uint32
	put := func(piece []byte) {
		sum = crc32.Update(sum, castagnoli, piece)
		_, _ = out.Write(piece)
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(number))
	put(binary.LittleEndian.AppendUint64(head, uint64(size)))
	s.write(put)
	_, _ = out.Write(binary.LittleEndian.AppendUint32(nil, sum))
}

// Read reads an estate from r, which has size bytes; a reader with fewer is an
// error, and bytes after them are not read. It takes no more memory than the size
// warrants, whatever the file claims.
func Read(r io.Reader, size int64) (*estate.Estate, error) {
	in := &source{in: bufio.NewReaderSize(r, readSize)}
	count, total, err := readHead(in)
	if err != nil {
		return nil, err
	}
	if want := int64(headSize+sumSize) + total; want != size {
		return nil, fmt.Errorf("the snapshot is damaged: it should have %d bytes and has %d; write it again", want, size)
	}
	var columns estate.Columns
	all := sections(&columns)
	if count != len(all) {
		return nil, fmt.Errorf("the snapshot is damaged: it has %d sections, not %d; write it again", count, len(all))
	}
	for i, s := range all {
		if total, err = in.section(i+1, s, total); err != nil {
			return nil, fmt.Errorf("the snapshot is damaged: section %s: %w; write it again", s.name, err)
		}
	}
	e, err := estate.FromColumns(columns)
	if err != nil {
		return nil, fmt.Errorf("the snapshot is damaged, or was not written by Latchkey: %w; write it again", err)
	}
	return e, nil
}

func readHead(in *source) (count int, total int64, err error) {
	var head [headSize + sumSize]byte
	if err := in.fill(head[:]); err != nil {
		return 0, 0, fmt.Errorf("this is no snapshot: %w", err)
	}
	if string(head[:len(magic)]) != magic {
		return 0, 0, errors.New("this is no snapshot of Latchkey: it begins with something else")
	}
	fields := head[len(magic):headSize]
	if v := binary.LittleEndian.Uint32(fields); v != version {
		return 0, 0, fmt.Errorf("the snapshot was written by another Latchkey: it has version %d and this one reads version %d; write it again", v, version)
	}
	if binary.LittleEndian.Uint32(head[headSize:]) != crc32.Checksum(head[:headSize], castagnoli) {
		return 0, 0, errors.New("the snapshot is damaged: checksum of the head; write it again")
	}
	return int(binary.LittleEndian.Uint32(fields[4:])), int64(binary.LittleEndian.Uint64(fields[8:])), nil
}

// source reads pieces and sums them up.
type source struct {
	in  *bufio.Reader
	sum uint32
}

// next are the next n bytes, at most pieceSize, until the next call.
func (s *source) next(n int) ([]byte, error) {
	piece, err := s.in.Peek(n)
	if err != nil {
		return nil, short(err)
	}
	s.sum = crc32.Update(s.sum, castagnoli, piece)
	_, err = s.in.Discard(n)
	return piece, err
}

// fill reads as many bytes as there is room for, and sums up each piece while it
// is near.
func (s *source) fill(data []byte) error {
	for len(data) > 0 {
		piece := data[:min(len(data), pieceSize)]
		if _, err := io.ReadFull(s.in, piece); err != nil {
			return short(err)
		}
		s.sum = crc32.Update(s.sum, castagnoli, piece)
		data = data[len(piece):]
	}
	return nil
}

func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}

// section reads a section and its checksum. Of the bytes that all sections have
// left, it says how many are left afterwards.
func (s *source) section(number int, of section, left int64) (int64, error) {
	s.sum = 0
	head, err := s.next(sectionHead)
	if err != nil {
		return 0, err
	}
	if found := binary.LittleEndian.Uint32(head); found != uint32(number) {
		return 0, fmt.Errorf("section %d stands where %d should", found, number)
	}
	size := int64(binary.LittleEndian.Uint64(head[4:]))
	left -= sectionHead + sumSize
	if size < 0 || size > left {
		return 0, errShort
	}
	if err := of.read(s, size); err != nil {
		return 0, err
	}
	sum := s.sum
	told, err := s.next(sumSize)
	if err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint32(told) != sum {
		return 0, errors.New("its checksum is wrong")
	}
	return left - size, nil
}
