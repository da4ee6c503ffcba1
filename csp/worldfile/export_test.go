package worldfile

import (
	"maps"
	"slices"
)

// Keys are all keys that a world file can have.
func Keys() []string {
	all := map[string]bool{}
	for _, keys := range grammar {
		for _, key := range keys {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
