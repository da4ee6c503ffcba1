package world

import (
	"cmp"
	"slices"
)

// Since lists events with a number above after, oldest first and at most limit
// of them; what remains is asked for with the last one's number.
func (w *World) Since(after int64, limit int) []Event {
	w.mu.RLock()
	defer w.mu.RUnlock()
	from, _ := slices.BinarySearchFunc(w.events, after+1, func(e Event, n int64) int { return cmp.Compare(e.Number, n) })
	to := min(from+max(limit, 0), len(w.events))
	return told(w.events[from:to])
}

// Latest lists the newest events, newest first and at most limit of them, that
// are wanted; nil wants all.
func (w *World) Latest(limit int, wanted func(Event) bool) []Event {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []Event
	for _, e := range slices.Backward(w.events) {
		if len(list) >= limit {
			break
		}
		if wanted == nil || wanted(e) {
			list = append(list, e)
		}
	}
	return told(list)
}

// LastChange is the number of the latest event that changed what can be read:
// signing in and getting a token do not.
func (w *World) LastChange() int64 {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, e := range slices.Backward(w.events) {
		if e.Kind != SignedIn && e.Kind != TokenIssued {
			return e.Number
		}
	}
	return 0
}

// told gives events as readers get them: with when they were answered.
func told(events []Event) []Event {
	list := make([]Event, len(events))
	for i, e := range events {
		e.Answered = e.Effect // nobody waited for an answer
		if c := e.By.call; c != nil {
			e.Answered, e.By.call = c.Answered, nil
		}
		list[i] = e
	}
	return list
}
