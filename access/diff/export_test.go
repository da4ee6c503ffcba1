package diff

import "latchkey/access"

// Candidates are all actions that a comparison of the two sides knows of: those
// it asks of Azure, and those it asks of directories.
func Candidates(before, after Side) (azure, directory []access.Action) {
	p := newPair(before, after)
	for _, a := range p.kinds.azure.candidates {
		azure = append(azure, a.Action)
	}
	for _, a := range p.kinds.directory.candidates {
		directory = append(directory, a.Action)
	}
	return azure, directory
}
