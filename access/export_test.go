package access

// For tests of patterns themselves.
var (
	Matches = matches
	Overlap = overlap
)
