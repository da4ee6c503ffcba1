package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/access"
	"latchkey/csp"
)

// maxDisagreements is how many are told of one scenario.
const maxDisagreements = 10

// maxAsked is how many questions everybody and every place may make. They take
// some seconds.
const maxAsked = 100_000

// disagreements asks about every action and instant of the scenario, everybody
// and every place, and says where the ways of asking answer differently.
func (s *Scenario) disagreements(a asked) []string {
	if all := len(s.Facts.Principals) * len(a.places.all) * len(s.actions) * len(s.instants); all > maxAsked {
		return []string{fmt.Sprintf("the world is too large to ask everybody about every place: that makes %d questions, and %d are the most; leave out what shows nothing", all, maxAsked)}
	}
	var found []string
	for _, a.at = range s.instants {
		for _, action := range s.actions {
			found = append(found, round{a, action}.disagreements(s.Facts.Principals)...)
		}
	}
	if len(found) > maxDisagreements {
		found = append(found[:maxDisagreements], fmt.Sprintf("and %d more disagreements", len(found)-maxDisagreements))
	}
	return found
}

// round is one action at one instant.
type round struct {
	asked
	action access.Action
}

func (r round) disagreements(principals []csp.Principal) []string {
	who := map[placeKey]map[csp.ObjectID]access.Verdict{}
	for _, key := range r.places.all {
		if place := r.places.place[key]; fits(r.action, place) {
			who[key] = verdicts(r.Who(r.action, place, r.at))
		}
	}
	var found []string
	for _, p := range principals {
		if p.Type == csp.Group {
			continue
		}
		reach, odd := r.places.cover(r.Reach(p.ID, r.action, r.at), r.names)
		for _, text := range odd {
			found = append(found, fmt.Sprintf("%s, %s: %s", r.names.PrincipalName(p.ID), r.action, text))
		}
		for _, key := range r.places.all {
			if _, ok := who[key]; !ok {
				continue
			}
			place := r.places.place[key]
			said := r.ask(p.ID, place)
			said["reach"] = listed(reach, key)
			if !r.names.isAlias(p) {
				said["who"] = listed(who[key], p.ID)
			}
			if text := differences(said); text != "" {
				found = append(found, fmt.Sprintf("%s, %s at %s on %s: %s", r.names.PrincipalName(p.ID), r.action, r.names.PlaceName(place), r.at.Format(time.RFC3339), text))
			}
		}
	}
	return found
}

// ask is what Can, CanText and Why say of one principal at one place.
func (r round) ask(principal csp.ObjectID, place access.Place) map[string]string {
	q := access.Question{Principal: principal, Action: r.action, Place: place, At: r.at}
	answer := r.Why(q)
	said := map[string]string{"can": r.Can(q).String(), "why": answer.Verdict.String(), "the paths": best(answer).String()}
	if !place.Scope.Subscription().IsZero() && !r.action.IsData() {
		verdict, err := r.CanText(principal.String(), r.action.String(), place.Scope.String(), r.at)
		said["can on texts"] = verdict.String()
		if err != nil {
			said["can on texts"] = err.Error()
		}
	}
	return said
}

// best is the verdict that an answer's paths and gaps make: what the firmest path
// gives that is not blocked, unless something is missing.
func best(answer access.Answer) access.Verdict {
	found := access.HasNot
	for _, path := range answer.Paths {
		if path.Blocked.IsZero() && path.Gives > found {
			found = path.Gives
		}
	}
	if answer.Verdict == access.Unknown && len(answer.Gaps) > 0 {
		return access.Unknown
	}
	return found
}

// differences says who says what, if not all say the same.
func differences(said map[string]string) string {
	ways := slices.Sorted(maps.Keys(said))
	texts := make([]string, len(ways))
	same := true
	for i, way := range ways {
		texts[i] = way + " says " + said[way]
		same = same && said[way] == said[ways[0]]
	}
	if same {
		return ""
	}
	return strings.Join(texts, ", ")
}

// listed is the verdict of a list that leaves out those who have not.
func listed[K comparable](verdicts map[K]access.Verdict, key K) string {
	if verdict, ok := verdicts[key]; ok {
		return verdict.String()
	}
	return access.HasNot.String()
}

// fits says whether the action is one of the place's kind, by its name: what is
// the directory's own is not asked at scopes, and nothing else in directories.
func fits(action access.Action, place access.Place) bool {
	name := strings.ToLower(action.String())
	own := strings.HasPrefix(name, "microsoft.directory/") || strings.HasPrefix(name, "microsoft.office365.")
	return own == place.IsDirectory()
}
