package jit

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// CleanText makes a person's words safe to show beside our own: no control
// characters, no marks that turn the reading direction or hide (TH-S7), every
// stretch of white space one space, nothing around it.
func CleanText(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case r == utf8.RuneError, unicode.Is(unicode.C, r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Variation_Selector, r):
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// Spell writes a duration as people say it: "2 hours", "1 hour 30 minutes".
func Spell(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := d / unit.length
		d -= n * unit.length
		switch {
		case n == 1:
			parts = append(parts, "1 "+unit.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	if len(parts) == 0 {
		return "no time"
	}
	return strings.Join(parts, " ")
}

// spellMoment writes a moment the same for everybody.
func spellMoment(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 MST") }
