package audit

import "latchkey/csp"

// Query narrows a reading of the log; zero fields do not narrow.
type Query struct {
	// Tenant keeps only what concerns this customer.
	Tenant csp.TenantID
	// From is the number of the first entry to read; newest first, it is the
	// number to read back from, itself left out, and zero is the log's end.
	From        int64
	NewestFirst bool
	Most        int // 0 means 100
}

// Row is an entry with its number in the log.
type Row struct {
	N     int64
	Entry Entry
}
