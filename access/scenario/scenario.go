package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/csp"
	"latchkey/csp/worldfile"
)

// Scenario is a world with questions and the answers it must give.
type Scenario struct {
	// Name is the name of its file, as given to Parse.
	Name string
	// Title is the first paragraph: the question in words.
	Title string
	// Remarks are the other paragraphs, in their order.
	Remarks   []Remark
	Facts     csp.Facts
	Questions []Question
	// actions are those asked anywhere in the file, and instants those asked about.
	actions  []access.Action
	instants []time.Time
}

// Remark is a paragraph before the world. Label is what it begins with, one of
// Labels, or empty.
type Remark struct {
	Label string
	Text  string
}

// Labels are the words that a paragraph may begin with, before a colon: where a
// question was asked, what the source article answers, what holds on today's
// platform, what a way of giving access gives too much, and the modern way.
var Labels = []string{"Asked", "Article", "Today", "Too much", "Instead"}

// Remark is the first remark with the label, or the empty text.
func (s *Scenario) Remark(label string) string {
	for _, r := range s.Remarks {
		if r.Label == label {
			return r.Text
		}
	}
	return ""
}

// Question is one of the scenario's questions, with the answer it must give.
type Question struct {
	Line int
	Text string // as written
	At   time.Time
	// Shows are the rules it is there for.
	Shows []Show
	ask   func(asked) []string
}

// Show says that a question shows a rule: giving access or naming a danger, or
// giving none.
type Show struct {
	Rule  string // such as "R18"
	Gives bool
}

// engine is an index as far as a scenario asks it.
type engine interface {
	Can(access.Question) access.Verdict
	CanText(principal, action, scope string, at time.Time) (access.Verdict, error)
	Why(access.Question) access.Answer
	Who(access.Action, access.Place, time.Time) access.Holders
	Reach(csp.ObjectID, access.Action, time.Time) access.Territory
}

// asked is what a question is put to.
type asked struct {
	engine
	index  *access.Index
	names  Names
	places places
	at     time.Time
}

// Verb is a further kind of question, made by whoever can answer it: a line that
// begins with Word.
type Verb struct {
	Word string
	// Read reads the words behind Word up to the colon and the clauses behind that.
	Read func(names Names, words, clauses []string) (Expectation, error)
}

// Expectation is what a Verb made of a line.
type Expectation struct {
	// Gives says whether the line is about access or a danger that is there. It
	// decides which side of a rule the line shows.
	Gives bool
	// Run says what is not as the line says; nothing if all is.
	Run func(index *access.Index, at time.Time) []string
}

// Failure is an answer that is not as its scenario says.
type Failure struct {
	Name string // of the scenario
	Line int    // 0: of the whole file
	Text string
}

// String is the failure with its place, as "file:line: text".
func (f Failure) String() string {
	if f.Line == 0 {
		return f.Name + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d: %s", f.Name, f.Line, f.Text)
}

// maxErrors is how many errors of one file are told.
const maxErrors = 20

// maxSize is how long a scenario may be, in bytes. They are small by their
// nature: every principal is asked about every place.
const maxSize = 1 << 20

// Parse reads a scenario. Its errors say file and line, and all of them are told,
// up to twenty.
func Parse(name, text string, verbs ...Verb) (*Scenario, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%s: the scenario is longer than %d bytes: make the world smaller", name, maxSize)
	}
	found := sections(text)
	world, questions, errs := parts(name, found)
	if len(errs) > 0 {
		return nil, told(errs)
	}
	s := &Scenario{Name: name}
	s.readHead(found[0].text)
	if s.Title == "" {
		errs = append(errs, fmt.Errorf("%s:1: the first paragraph is missing: write the question in words", name))
	}
	var err error
	// Empty lines in front make the world's errors name lines of this file.
	if s.Facts, err = worldfile.Parse(name, []byte(strings.Repeat("\n", world.line-1)+world.text)); err != nil {
		return nil, told(append(errs, err))
	}
	p := newParser(s, verbs)
	p.read(questions)
	if len(p.errs) == 0 && len(s.Questions) == 0 {
		p.errs = append(p.errs, fmt.Errorf("%s:%d: nothing is asked: write a line such as \"can ann Microsoft.Compute/virtualMachines/read at shop: has\"", name, questions.line))
	}
	if errs = append(errs, p.errs...); len(errs) > 0 {
		return nil, told(errs)
	}
	return s, nil
}

// told is the errors as one, cut off where nobody reads on.
func told(errs []error) error {
	if len(errs) > maxErrors {
		errs = append(errs[:maxErrors:maxErrors], fmt.Errorf("and %d more errors", len(errs)-maxErrors))
	}
	return errors.Join(errs...)
}

// readHead reads the paragraphs before the world.
func (s *Scenario) readHead(text string) {
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		words := strings.Join(strings.Fields(paragraph), " ")
		switch {
		case words == "":
		case s.Title == "":
			s.Title = words
		default:
			s.Remarks = append(s.Remarks, remark(words))
		}
	}
}

func remark(text string) Remark {
	for _, label := range Labels {
		if rest, ok := strings.CutPrefix(text, label+":"); ok {
			return Remark{Label: label, Text: strings.TrimSpace(rest)}
		}
	}
	return Remark{Text: text}
}

// Check reads a scenario, arranges its world and asks all its questions. The
// error is about a scenario that cannot be read or a world that contradicts
// itself, never about an answer.
func Check(name, text string, verbs ...Verb) ([]Failure, error) {
	s, err := Parse(name, text, verbs...)
	if err != nil {
		return nil, err
	}
	index, err := access.Compile(s.Facts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s.Run(index), nil
}

// Run asks the index, which must be made of the scenario's own facts, every
// question, and besides whether Can, CanText, Why, Who and Reach agree about
// everybody and every place of the world.
func (s *Scenario) Run(index *access.Index) []Failure { return s.run(index, index) }

func (s *Scenario) run(e engine, index *access.Index) []Failure {
	var failures []Failure
	a := asked{engine: e, index: index, names: NamesOf(s.Facts), places: placesOf(index)}
	for _, q := range s.Questions {
		a.at = q.At
		for _, text := range q.ask(a) {
			failures = append(failures, Failure{s.Name, q.Line, q.Text + "\n\t" + text})
		}
	}
	for _, text := range s.disagreements(a) {
		failures = append(failures, Failure{Name: s.Name, Text: text})
	}
	return failures
}
