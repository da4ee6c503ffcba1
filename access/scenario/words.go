package scenario

import (
	"fmt"
	"strings"
)

// word is a piece of a statement: a plain word, a quoted text, or a mark, which
// is one of , ; and :.
type word struct {
	text   string
	quoted bool
}

// is says whether the word is this keyword or mark. What is quoted is a name and
// never a keyword.
func (w word) is(text string) bool { return !w.quoted && w.text == text }

const marks = ",;:"

// split parts a line into words. Marks are words of their own where they end a
// word, so that 2026-11-20T12:00:00Z stays whole. A number sign after a blank
// begins a comment.
func split(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t\r\n")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			text, rest, ok := strings.Cut(line[1:], `"`)
			if !ok {
				return nil, fmt.Errorf("a quotation mark is opened and not closed: %.80s", strings.TrimSpace(line))
			}
			words = append(words, word{text: text, quoted: true})
			line = rest
		case strings.ContainsRune(marks, rune(line[0])):
			words = append(words, word{text: line[:1]})
			line = line[1:]
		default:
			end := strings.IndexAny(line, " \t\r\n\"")
			if end < 0 {
				end = len(line)
			}
			for end > 1 && strings.ContainsRune(marks, rune(line[end-1])) {
				end--
			}
			words = append(words, word{text: line[:end]})
			line = line[end:]
		}
	}
}

// statement is a line of questions with the indented lines that continue it.
type statement struct {
	line int
	text string // as written, on one line
	// words are those of its first line up to the colon.
	words []word
	// clauses are what follows the colon, parted at semicolons and line ends.
	clauses [][]word
}

// statements reads the section of questions.
func statements(file string, part section) (found []statement, errs []error) {
	number := part.line - 1
	for line := range strings.Lines(part.text) {
		number++
		words, err := split(line)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, number, err))
			continue
		case len(words) == 0:
			continue
		}
		text := strings.TrimSpace(line)
		if line[0] != ' ' && line[0] != '\t' {
			head, tail := cut(words, ":")
			found = append(found, statement{line: number, text: text, words: head, clauses: parted(tail, ";")})
			continue
		}
		if len(found) == 0 {
			errs = append(errs, fmt.Errorf("%s:%d: an indented line continues the line above, and there is none", file, number))
			continue
		}
		last := &found[len(found)-1]
		last.text += " " + text
		last.clauses = append(last.clauses, parted(words, ";")...)
	}
	return found, errs
}

// cut parts words at the first mark.
func cut(words []word, mark string) (before, after []word) {
	for i, w := range words {
		if w.is(mark) {
			return words[:i], words[i+1:]
		}
	}
	return words, nil
}

// parted parts words at every such mark and leaves out empty parts.
func parted(words []word, mark string) [][]word {
	var parts [][]word
	for len(words) > 0 {
		var part []word
		part, words = cut(words, mark)
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

// joined is words as one text, with a blank between them.
func joined(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// list is the texts between commas.
func list(words []word) []string {
	var texts []string
	for _, part := range parted(words, ",") {
		texts = append(texts, joined(part))
	}
	return texts
}
