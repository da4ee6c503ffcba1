package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/access/finding"
)

// The part of SARIF 2.1.0 (OASIS standard, sarif-v2.1.0) that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string           `json:"id"`
		Name       string           `json:"name"`
		Short      sarifMessage     `json:"shortDescription"`
		Full       sarifMessage     `json:"fullDescription"`
		Help       sarifMessage     `json:"help"`
		Default    sarifDefault     `json:"defaultConfiguration"`
		Properties sarifRuleDetails `json:"properties"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifRuleDetails struct {
		Tags []string `json:"tags"`
		// SecuritySeverity is read by some viewers: a number from 0 to 10.
		SecuritySeverity string `json:"security-severity"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful bool      `json:"executionSuccessful"`
		End        time.Time `json:"endTimeUtc"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Properties   sarifResultDetails `json:"properties"`
	}
	sarifLocation struct {
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifResultDetails struct {
		Severity finding.Severity `json:"severity"`
		Count    finding.Count    `json:"count"`
		Change   string           `json:"change"`
	}
)

// levels are the severities as SARIF knows them.
var levels = map[finding.Severity]struct{ level, score string }{
	finding.High: {"error", "8.0"}, finding.Medium: {"warning", "5.5"}, finding.Low: {"note", "2.5"}, finding.Info: {"note", "0.0"},
}

// SARIF writes the findings as a SARIF 2.1.0 log of one run. The rules of the tool
// are all kinds of finding, found or not.
func SARIF(w io.Writer, r Report) error {
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "Latchkey"}},
		Invocations: []sarifInvocation{{Successful: true, End: r.At.UTC()}},
		Results:     []sarifResult{},
	}
	kinds := finding.Kinds()
	for _, kind := range kinds {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(kind.About()))
	}
	for _, f := range r.Findings {
		result := resultOf(f)
		result.RuleIndex = slices.Index(kinds, f.Kind)
		run.Results = append(run.Results, result)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func ruleOf(a finding.About) sarifRule {
	return sarifRule{
		ID: string(a.ID), Name: pascal(a.Name), Short: message(a.Title), Full: message(a.Text),
		Help: message(a.Reason + " What to do: " + a.Change), Default: sarifDefault{levels[a.Severity].level},
		Properties: sarifRuleDetails{Tags: []string{"security", "access", a.Rule}, SecuritySeverity: levels[a.Severity].score},
	}
}

func resultOf(f finding.Finding) sarifResult {
	same := []string{string(f.Kind), f.Subject.Kind.String(), f.Subject.ID, f.Severity.String()}
	if f.Subject.Kind == 0 {
		same = append(same, f.Text)
	}
	sum := sha256.Sum256([]byte(strings.Join(same, "\n")))
	return sarifResult{
		RuleID: string(f.Kind), Level: levels[f.Severity].level, Message: message(f.Text), Locations: []sarifLocation{locationOf(f)},
		Fingerprints: map[string]string{"latchkeySubject/v1": hex.EncodeToString(sum[:])},
		Properties:   sarifResultDetails{Severity: f.Severity, Count: f.Count, Change: f.Change.Text},
	}
}

// locationOf is the subject and every example, as logical locations. What a
// finding about nothing in particular concerns is its examples alone.
func locationOf(f finding.Finding) sarifLocation {
	at := sarifLocation{Logical: []sarifLogical{}}
	if f.Subject.Kind != 0 {
		at.Logical = append(at.Logical, sarifLogical{Name: visible(f.Subject.Name), Full: visible(qualified(f.Subject)), Kind: f.Subject.Kind.String()})
	}
	for _, e := range f.Examples {
		full, kind := "/tenants/"+e.Tenant.ID.String(), "tenant"
		if !e.Scope.IsZero() {
			full, kind = full+e.Scope.String(), e.Scope.Kind().String()
		}
		at.Logical = append(at.Logical, sarifLogical{Name: visible(e.Text), Full: full, Kind: kind})
	}
	return at
}

// qualified names a stop so that no other has the same name.
func qualified(s access.Stop) string {
	return "/" + strings.ReplaceAll(s.Kind.String(), " ", "-") + "s/" + s.ID
}

// message escapes what SARIF would read as a link or a placeholder (3.11.5, 3.11.6).
func message(text string) sarifMessage {
	return sarifMessage{strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "{", "{{", "}", "}}").Replace(visible(text))}
}

// pascal is a name as SARIF likes them: "StandingAdminAgent".
func pascal(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
