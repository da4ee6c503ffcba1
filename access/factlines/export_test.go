package factlines

import "latchkey/csp"

// ScanLine is the scanner alone.
func ScanLine(text string, f *csp.Facts) bool { return scanLine(text, f) }

// DecodeLine is the reading of any line alone.
func DecodeLine(text string, f *csp.Facts) error { return decodeLine(text, f) }
