package mail

import (
	"embed"
	"html/template"
	"strings"
	"unicode/utf8"
)

// letter is what a mail says, apart from how: both parts of a Message are drawn
// from the same letter, so they cannot differ.
type letter struct {
	Subject  string
	Heading  string
	Greeting string
	Lead     []string
	Facts    []fact
	Quote    quote
	Number   string // six digits, or empty
	Sign     string // what proof the page will ask for, one sentence, or empty
	Actions  []action
	Notes    []string
	Footer   []string
}

// fact is one line of the table of facts.
type fact struct{ Label, Value string }

// quote is what a person wrote, with the words that say so.
type quote struct{ By, Text string }

// action is a button. URL is always below the configured base URL.
type action struct {
	Label, URL string
	Main       bool
}

//go:embed templates/letter.html
var templates embed.FS

var letterHTML = template.Must(template.ParseFS(templates, "templates/letter.html"))

// html draws the letter for mail programs that show HTML.
func (l letter) html() (string, error) {
	var out strings.Builder
	if err := letterHTML.Execute(&out, l); err != nil {
		return "", err
	}
	return out.String(), nil
}

// textWidth is where plain text is wrapped; short enough to be quoted in a
// reply without a second wrap.
const textWidth = 72

// text draws the letter as plain text. It is written by hand and not by
// text/template, whose output nothing would escape.
func (l letter) text() string {
	var p page
	p.line(l.Greeting)
	for _, s := range l.Lead {
		p.paragraph(s)
	}
	p.facts(l.Facts)
	if l.Quote.Text != "" {
		p.paragraph(l.Quote.By + ":")
		p.indented("> ", l.Quote.Text)
	}
	if l.Number != "" {
		p.paragraph("Your number: " + l.Number)
	}
	if l.Sign != "" {
		p.paragraph(l.Sign)
	}
	for _, a := range l.Actions {
		p.paragraph(a.Label + ":")
		p.line(a.URL) // never wrapped: half an address is no address
	}
	for _, s := range l.Notes {
		p.paragraph(s)
	}
	p.paragraph("--")
	for _, s := range l.Footer {
		p.indented("", s)
	}
	return p.String()
}

// page collects plain text.
type page struct{ strings.Builder }

func (p *page) line(s string) { p.WriteString(s + "\n") }

func (p *page) paragraph(s string) {
	p.line("")
	p.indented("", s)
}

// indented wraps s by words and begins every line with the mark.
func (p *page) indented(mark, s string) {
	line := mark
	for word := range strings.FieldsSeq(s) {
		if len(line) > len(mark) && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			p.line(line)
			line = mark
		}
		if len(line) > len(mark) {
			line += " "
		}
		line += word
	}
	p.line(line)
}

func (p *page) facts(facts []fact) {
	if len(facts) == 0 {
		return
	}
	width := 0
	for _, f := range facts {
		width = max(width, utf8.RuneCountInString(f.Label))
	}
	p.line("")
	for _, f := range facts {
		p.line("  " + f.Label + ":" + strings.Repeat(" ", width-utf8.RuneCountInString(f.Label)+1) + f.Value)
	}
}
