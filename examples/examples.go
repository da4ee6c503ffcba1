// Package examples holds the worlds that come with the program.
package examples

import _ "embed"

// Contoso is a partner's world with every way to a customer in it once, as a
// world file.
//
//go:embed contoso.yaml
var Contoso []byte
