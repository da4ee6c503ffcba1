// Package diff says who gained and who lost which access between two states of
// the facts, and because of what. It compares what is effective, not rows: a
// membership that is gone and changes nothing for anybody gives no line.
//
// # What is compared
//
// For every user and service principal, every place and every kind of action:
// whether he has it (M6), before and after. A guest with a known home is told
// under the account that is his home.
//
// Actions are compared by kind, since there are thousands: two actions are of one
// kind if no role, deny assignment or condition in either of the two states tells
// them apart. They get the same answers, so asking for one is asking for all. The
// kinds come from the actions and patterns that roles in use name, and from a
// handful of standing questions (Standing).
//
// With Becoming, the whole verdict is compared and not only Has: what somebody
// CanGet now, and what is Unknown now. That is asked for the standing questions
// only, of everybody and everywhere, and takes its time.
//
// # How it is fast
//
// The engine is not asked about everything. The columns of the two estates are
// laid side by side, which takes a fraction of a second at 1.5 million
// assignments; each row that differs touches some accounts at some places, and
// only there is Can asked, on both sides. Rows are told apart by their effect at
// the instant: a membership that was prolonged is no difference.
//
// What a row touches is always more than what it changes, never less; a test on
// random worlds compares the result with asking everything.
package diff
