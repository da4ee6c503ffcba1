// Package yamltree reads the part of YAML that people write by hand into a tree
// that remembers where everything stood: maps, lists and texts, in block and in
// flow style, with comments.
//
// It refuses what a reader would have to look up and what an attacker would
// use: anchors and aliases, tags, merge keys, directives, keys that are no plain
// text, several documents in one file. A text is a text: whether it means a
// number, a date or yes is for the caller to say, so 007 stays 007.
//
// # Bounds
//
// A text is measured before it is scanned: its size, its lines, and the
// characters that can begin a token, so that memory is bounded by MaxBytes and
// MaxMarks and not by what a hostile text makes of them. Depth is bounded by
// MaxDepth. The worst texts within the bounds take some 200 MiB and two seconds,
// a world of a thousand lines some milliseconds. Time is proportional to size: only the scanner of the YAML library is
// used, because its parser needs time and stack that grow with the square and the
// number of the entries of one map.
package yamltree
