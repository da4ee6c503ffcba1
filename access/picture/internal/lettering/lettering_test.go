package lettering_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"latchkey/access/picture/internal/lettering"
)

func TestNamesAreCleaned(t *testing.T) {
	for _, test := range []struct{ name, from, to string }{
		{"ordinary", "Ann Alder", "Ann Alder"},
		{"empty", "", ""},
		{"other letters", "Zoë Ångström 水野", "Zoë Ångström 水野"},
		{"lines and tabs", "a\r\n\tb", "a b"},
		{"blanks around", "  a  b ", "a b"},
		{"controls", "a\x00b\x1b[31mc", "a b [31mc"},
		{"turned round", "a\u202egpj.exe", "a\ufffdgpj.exe"},
		{"isolates", "\u2066a\u2069", "\ufffda\ufffd"},
		{"nothing to see", "a\u200bb\ufeff", "a\ufffdb\ufffd"},
		{"no UTF-8", "a\xffb", "a\ufffdb"},
		{"no character", "a\ufffeb\ufdd0", "a\ufffdb\ufffd"},
		{"private", "a\ue000b", "a\ufffdb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lettering.Clean(test.from); got != test.to {
				t.Errorf("got %q, want %q", got, test.to)
			}
		})
	}
}

func TestCleanTextsStayAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := lettering.Clean(rapid.String().Draw(t, "text"))
		if twice := lettering.Clean(once); twice != once {
			t.Fatalf("first %q, then %q", once, twice)
		}
		if !utf8.ValidString(once) || strings.ContainsFunc(once, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("%q is not clean", once)
		}
	})
}

func TestTextsAreClipped(t *testing.T) {
	for _, test := range []struct {
		from string
		most int
		to   string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"a cd", 3, "a…"},
		{"ünïcödé", 4, "ünï…"},
		{"abc", 0, ""},
	} {
		if got := lettering.Clip(test.from, test.most); got != test.to {
			t.Errorf("%q clipped to %d is %q, want %q", test.from, test.most, got, test.to)
		}
	}
}

var font = lettering.Font{Size: 10}

func TestWidths(t *testing.T) {
	bold := lettering.Font{Size: 10, Bold: true}
	for _, test := range []struct {
		text string
		font lettering.Font
		want int
	}{
		{"", font, 0},
		{"i", font, 3},
		{"m", font, 10},
		{"ii", font, 6},
		{"m", bold, 11},
		{"é", font, 7},
		{"水", font, 10},
		{"·", font, 4},
		{"e\u0301", font, 7},
	} {
		if got := test.font.Width(test.text); got != test.want {
			t.Errorf("%q is %d wide, want %d", test.text, got, test.want)
		}
	}
	if !lettering.Measured("a·b…") || lettering.Measured("é") {
		t.Error("only printable ASCII, the dot and the ellipsis are measured")
	}
}

func TestTextsAreWrapped(t *testing.T) {
	for _, test := range []struct {
		name, text  string
		width, most int
		lines       []string
		fits        bool
	}{
		{"short", "Owner", 60, 2, []string{"Owner"}, true},
		{"at a blank", "User Access", 60, 2, []string{"User", "Access"}, true},
		{"behind a slash", "machines/restart", 60, 2, []string{"machines/", "restart"}, true},
		{"anywhere", "aaaaaaaaaaaa", 60, 2, []string{"aaaaaaaaa", "aaa"}, false},
		{"not after a few letters", "a/bbbbbbbbbbbb", 60, 2, []string{"a/bbbbbbb", "bbbbb"}, false},
		{"too long", "one two three four five", 40, 2, []string{"one", "two t…"}, false},
		{"no room at all", "水水", 5, 2, []string{""}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := font.Wrap(test.text, test.width, test.most); !slices.Equal(got, test.lines) {
				t.Errorf("got %q, want %q", got, test.lines)
			}
			if got := font.Fits(test.text, test.width, test.most); got != test.fits {
				t.Errorf("fits is %v, want %v", got, test.fits)
			}
		})
	}
}

func TestNoLineIsTooWide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := lettering.Clean(rapid.String().Draw(t, "text"))
		f := lettering.Font{Size: rapid.IntRange(8, 20).Draw(t, "size"), Bold: rapid.Bool().Draw(t, "bold")}
		width, most := rapid.IntRange(0, 200).Draw(t, "width"), rapid.IntRange(1, 4).Draw(t, "most")
		lines := f.Wrap(text, width, most)
		if len(lines) > most {
			t.Fatalf("%d lines, and at most %d were asked for", len(lines), most)
		}
		for _, line := range lines {
			if f.Width(line) > width {
				t.Fatalf("%q is %d wide, and %d was asked for", line, f.Width(line), width)
			}
		}
		if f.Fits(text, width, most) && strings.Join(strings.Fields(strings.Join(lines, "")), "") != strings.ReplaceAll(text, " ", "") {
			t.Fatalf("%q fits, and is wrapped as %q", text, lines)
		}
	})
}

func TestParagraphs(t *testing.T) {
	for _, test := range []struct {
		name, text string
		cells      int
		want       string
	}{
		{"without a width", "one two three", 0, "- one two three\n"},
		{"wrapped", "one two three", 9, "- one two\n  three\n"},
		{"long words stay whole", "a/very/long/word b", 6, "- a/very/long/word\n  b\n"},
		{"wide characters count twice", "水野 太郎", 8, "- 水野\n  太郎\n"},
		{"marks count nothing", "e\u0301e\u0301 e", 6, "- e\u0301e\u0301 e\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lettering.Paragraph(test.text, "- ", "  ", test.cells); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
