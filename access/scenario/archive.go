package scenario

import (
	"fmt"
	"strings"
)

// section is a part of a file under a line such as "-- world --".
type section struct {
	name string
	line int // of its first line, from 1
	text string
}

// sections parts a file as txtar does: what stands before the first marker, and
// then each marker with what follows. The first has no name.
func sections(text string) []section {
	found := []section{{line: 1}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if name, ok := marker(line); ok {
			found = append(found, section{name: name, line: number + 1})
			continue
		}
		last := &found[len(found)-1]
		last.text += line
	}
	return found
}

// marker reads "-- name --".
func marker(line string) (name string, ok bool) {
	line = strings.TrimRight(line, " \t\r\n")
	name, ok = strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, " --")
	name = strings.TrimSpace(name)
	return name, ok && name != ""
}

// parts finds the two sections that every scenario has, and refuses others.
func parts(file string, found []section) (world, questions section, errs []error) {
	seen := map[string]section{}
	for _, part := range found[1:] {
		switch {
		case part.name != "world" && part.name != "questions":
			errs = append(errs, fmt.Errorf("%s:%d: no section is called %q: there are world and questions", file, part.line-1, part.name))
		case seen[part.name].line != 0:
			errs = append(errs, fmt.Errorf("%s:%d: section %s stands here a second time: put both into one", file, part.line-1, part.name))
		default:
			seen[part.name] = part
		}
	}
	strange := len(errs) > 0
	for _, name := range []string{"world", "questions"} {
		if seen[name].line == 0 && !strange { // one by another name may be the one that is missing
			errs = append(errs, fmt.Errorf("%s: a section is missing: write a line \"-- %s --\" and the %s below it", file, name, name))
		}
	}
	return seen["world"], seen["questions"], errs
}
