package estate

// SetRoom sets how many bytes the texts of one column can have.
func (b *Builder) SetRoom(n int) { b.most = n }

// Types is how many types of resources there can be at most.
const Types = maxTypes
