package diff_test

import (
	"slices"
	"testing"

	"latchkey/access"
	"latchkey/access/diff"
)

func TestFewerLinesAreTheFirstOfAll(t *testing.T) {
	before, after := made()
	told := func(lines int) diff.Result {
		return diff.Diff(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, diff.Options{Lines: lines})
	}
	all := told(0)
	for _, lines := range []int{1, 3, 40, len(all.Lines) - 1, len(all.Lines), len(all.Lines) + 1} {
		some := told(lines)
		if len(some.Lines) != min(lines, len(all.Lines)) || len(some.Lines)+some.More != len(all.Lines) {
			t.Fatalf("of %d lines %d are asked for, %d are told and %d are said to be left", len(all.Lines), lines, len(some.Lines), some.More)
		}
		for i := range some.Lines {
			if got, want := some.Lines[i], all.Lines[i]; !isSameLine(got, want) {
				t.Fatalf("line %d of %d is\n%+v\nand of all it is\n%+v", i, lines, got, want)
			}
		}
	}
}

func isSameLine(a, b diff.Line) bool {
	return a.Before == b.Before && a.After == b.After && a.Count == b.Count && a.People == b.People && a.Places == b.Places &&
		a.PartOf == b.PartOf && slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Who, b.Who) && slices.Equal(a.Because, b.Because) &&
		slices.Equal(a.Tenants, b.Tenants) && slices.Equal(a.All(), b.All()) && slices.Equal(a.Actions, b.Actions)
}

func TestChangesAreWhatTheEngineSaysOfBothSides(t *testing.T) {
	before, after := made()
	c := diff.FindChanges(diff.Side{Index: before, At: noon}, diff.Side{Index: after, At: noon}, diff.Options{})
	changes, causes := 0, 0
	for change := range c.All() {
		changes++
		if changes%37 != 0 { // of some, since asking takes its time
			continue
		}
		for _, n := range change.Causes {
			causes++
			if cause := c.Cause(n); cause.Text == "" || cause.Rule == "" {
				t.Errorf("cause %d says %+v", n, cause)
			}
		}
		for _, one := range []struct {
			set           diff.ActionSet
			before, after access.Verdict
		}{{change.Lost, access.Has, access.HasNot}, {change.Gained, access.HasNot, access.Has}} {
			if actions := c.Actions(one.set); len(actions) == 0 != one.set.IsEmpty() {
				t.Fatalf("%d actions are in a set of which it is said that it is empty: %v", len(actions), one.set.IsEmpty())
			}
			for _, action := range c.Actions(one.set) {
				if !c.Has(one.set, action) {
					t.Errorf("%v is not in its own set", action)
				}
				for i, side := range []*access.Index{before, after} {
					place := changedPlace(side, []diff.Where{change.Before, change.After}[i])
					has := side.Can(access.Question{Principal: change.Who, Action: action, Place: place, At: noon}) == access.Has
					if want := []access.Verdict{one.before, one.after}[i] == access.Has; has != want {
						t.Fatalf("%v of %v in %v on side %d: has it %v, want %v", action, change.Who, place, i, has, want)
					}
				}
			}
		}
	}
	if changes != c.Len() || causes == 0 {
		t.Errorf("%d changes with %d causes, of %d", changes, causes, c.Len())
	}
	for range c.All() {
		break
	}
}

// changedPlace is the place that a change is about; made worlds have the same on both sides.
func changedPlace(x *access.Index, at diff.Where) access.Place {
	if at.Node < 0 {
		return access.DirectoryOf(x.TenantID[at.Directory])
	}
	return access.At(x.Scope(at.Node))
}
