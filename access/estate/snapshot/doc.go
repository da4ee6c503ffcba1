// Package snapshot writes an Estate to a file and reads it back, ready to be
// asked, in less than a second for millions of places.
//
// # The file
//
// All numbers are little-endian. A head of 32 bytes is followed by the columns of
// the Estate, each a section, in the order of the version:
//
//	head      "LATCHKEY ESTATE\n" (16 bytes), version (4), number of sections (4),
//	          length of all sections (8), CRC-32C of these 32 bytes (4)
//	section   its number, counted from 1 (4), length of its data (8),
//	          the data, CRC-32C of number, length and data (4)
//
// A column of numbers is its entries one after the other; a column of texts is
// the number of texts, where each begins, and the text. Rows are written field by
// field, lists with their length in front.
//
// # What is promised
//
// A file that was cut off, changed or written by somebody with ill intent is an
// error that says which section is wrong; it is never a panic or a hang, takes no
// more memory than a few times its length, and never becomes an Estate whose
// columns do not fit together. The checksums find accidents, not forgery: whoever
// can write the file can write other facts, so a snapshot is as trustworthy as the
// place it is kept in.
//
// Versions do not mix. A snapshot is a copy of facts; when a newer Latchkey cannot
// read it, collect the facts anew, or let the version that wrote it tell them as
// lines (package factlines).
package snapshot
