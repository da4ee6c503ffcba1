package access_test

import (
	"crypto/sha256"

	"latchkey/csp"
)

// idFor makes the same id of the same name, so that tests can speak in names.
func idFor[T csp.Named](name string) csp.ID[T] {
	sum := sha256.Sum256([]byte(name))
	return csp.ID[T](sum[:16])
}
