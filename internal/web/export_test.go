package web

import "latchkey/internal/jit"

// Route is a line of the portal's inventory, for the test that every line has
// its cases.
type Route struct {
	Method, Path string
	SignedIn     bool
}

// Routes is the inventory.
func Routes() []Route {
	var all []Route
	for _, r := range routes() {
		all = append(all, Route{r.method, r.path, r.entrance == signedIn})
	}
	return all
}

// StorySlugs names every story.
func StorySlugs() []string {
	var slugs []string
	for _, s := range stories() {
		slugs = append(slugs, s.slug)
	}
	return slugs
}

// Pieces tested by themselves.
var (
	Line           = line
	Relative       = relative
	MixesAlphabets = mixesAlphabets
	PlaceOf        = func(s jit.Request, c jit.Customer) string { return placeOf(s.Scope, c).Words }
)
