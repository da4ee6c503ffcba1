package report

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"latchkey/access"
	"latchkey/access/finding"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"visible": visible, "counted": counted, "about": about, "told": told,
}).Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	At, Machine string
	Summary     string
	Severities  []severityRow
	Kinds       []kindRow
}

type severityRow struct {
	Severity finding.Severity
	Count    int
}

type kindRow struct {
	finding.About
	Findings []findingRow
}

type findingRow struct {
	finding.Finding
	Picture template.HTML
}

// HTML writes one page. Picture draws an answer as SVG or other markup that it
// alone answers for; nil, or nothing, means that paths are shown in words only.
func HTML(w io.Writer, r Report, picture func(access.Answer) template.HTML) error {
	data := pageData{At: r.At.UTC().Format("2 January 2006, 15:04 UTC"), Machine: r.At.UTC().Format(time.RFC3339), Summary: r.summary()}
	for _, s := range severities {
		data.Severities = append(data.Severities, severityRow{s, r.bySeverity(s)})
	}
	at := make(map[finding.Kind]int)
	for _, f := range r.Findings { // kinds come in the order of their worst finding
		if _, ok := at[f.Kind]; !ok {
			at[f.Kind] = len(data.Kinds)
			data.Kinds = append(data.Kinds, kindRow{About: f.Kind.About()})
		}
		row := findingRow{Finding: f}
		if picture != nil && len(f.Answer.Paths) > 0 {
			row.Picture = picture(f.Answer)
		}
		kind := &data.Kinds[at[f.Kind]]
		kind.Findings = append(kind.Findings, row)
	}
	return page.Execute(w, data)
}
