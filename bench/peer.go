package main

// asker is an engine that holds the rows. It may fail; it may not guess.
type asker interface {
	can(q question) (bool, error)
}

// closeAsker stops what an engine may have running.
func closeAsker(a asker) {
	if c, ok := a.(interface{ Close() }); ok {
		c.Close()
	}
}

// peer is an engine to be measured.
type peer struct {
	name, module string
	// most is the largest size at which it is asked: some take minutes to load
	// more, or gigabytes.
	most size
	// how says in a sentence how the rows are modelled for it.
	how  string
	load func(*rows) (asker, error)
}
