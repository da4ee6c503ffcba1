package estate

// SetRoom sets how many bytes the texts of one column can have.
func (b *Builder) SetRoom(n int) { b.most = n }

// IsAt says whether a place has the lowered text, in the tenant if it is a
// management group.
func (e *Estate) IsAt(n Node, tenant Tenant, lowered string) bool {
	var key nodeKey
	return e.isAt(n, key.write(tenant, lowered))
}

// Types is how many types of resources there can be at most.
const Types = maxTypes
