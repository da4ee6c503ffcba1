// Package finding looks through a whole estate for what a person should know:
// standing access, ways to become an administrator, relationships about to
// break, assignments that give nothing or cannot be taken away, and what could
// not be judged because it was not collected.
//
//	Index -- Find(at) --> findings, the worst first
//
// # What is promised
//
//   - The kinds are a closed list with ids that never change (see [Kinds]); each has
//     a title, a rule, a page of explanation and a documented severity.
//   - The output is bounded: there is one finding for each kind and subject, it
//     counts all that it is about and lists a few, and of a kind with very many
//     subjects the last finding stands for the rest and adds them up.
//   - Nothing is inferred from facts that were not collected. Where a kind concludes
//     from something's absence - nobody else is Owner, no relationship is left - and
//     a gap covers it, the kind says nothing, and the gap is a finding (M9).
//   - The order of the facts changes nothing.
//
// # How
//
// A survey reads the columns of the estate once: which roles hand out access, which
// terms hold, who is in which group, where each partner's groups are assigned. Each
// kind has a detector that reads the survey and the columns. Only for what is
// reported in the end is the engine asked for paths, once for a finding.
package finding
