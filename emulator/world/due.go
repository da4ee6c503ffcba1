package world

import (
	"container/heap"
	"time"
)

// later has something done once so much time has passed by the world's clock, by
// whoever looks at it next. It is called under the mutex, and what is to be done
// is done under it. Since a snapshot may be restored in between, do must find
// what it changes by id, and must not mind finding it gone.
func (w *World) later(after time.Duration, do func()) {
	w.lastDue++
	heap.Push(&w.queue, due{w.instant().Add(max(after, 0)), w.lastDue, do})
}

// Settle carries out what is due by the world's clock, in order, each as of the
// moment at which it was due. BeginCall calls it, so that every request meets a
// settled world.
func (w *World) Settle() {
	w.mu.RLock()
	idle := len(w.queue) == 0 || w.queue[0].at.After(w.Now())
	w.mu.RUnlock()
	if idle {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
}

func (w *World) settle() {
	now := w.Now()
	for len(w.queue) > 0 && !w.queue[0].at.After(now) {
		next := heap.Pop(&w.queue).(due) //nolint:forcetypeassert // the queue holds nothing else
		w.settling = next.at
		next.do()
	}
	w.settling = time.Time{}
}

// instant is the moment at which a change takes effect: now, or while something
// belated is carried out the moment at which it was due.
func (w *World) instant() time.Time {
	if !w.settling.IsZero() {
		return w.settling
	}
	return w.Now()
}

// NextDue is when something will happen by itself; ok is false if nothing will.
func (w *World) NextDue() (at time.Time, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if len(w.queue) == 0 {
		return time.Time{}, false
	}
	return w.queue[0].at, true
}

type due struct {
	at     time.Time
	number int64
	do     func()
}

// queue is a heap: the first that is due stands first.
type queue []due

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].number < q[j].number
}

// Push is the heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(due)) } //nolint:forcetypeassert // the heap pushes what later gives it

// Pop is the heap's.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = due{}
	*q = old[:len(old)-1]
	return last
}
