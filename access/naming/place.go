package naming

import (
	"strings"

	"latchkey/access"
	"latchkey/access/estate"
	"latchkey/access/pattern"
	"latchkey/csp"
	"latchkey/csp/names"
)

// Where says what kind of place is meant.
type Where uint8

// The kinds of place.
const (
	// Anywhere is a scope if the text names one, else a tenant's directory.
	Anywhere Where = iota
	// InAzure is a scope.
	InAzure
	// InDirectory is the directory of a tenant.
	InDirectory
)

// WhereIs says where an action is done, as far as its name tells.
func WhereIs(action access.Action) Where {
	name := pattern.Fold(action.String())
	switch {
	case strings.HasPrefix(name, "microsoft.directory/"), strings.HasPrefix(name, "microsoft.office365."):
		return InDirectory
	case action.IsData():
		return InAzure
	}
	return Anywhere
}

// Place finds a place by the full id of a scope, by names parted by slashes
// ("shop", "shop/shop-web", "shop/shop-web/vm-1"), or, for a directory, by what
// Tenant reads. The first name is a subscription, or else a management group, or
// else a resource group, or else a resource; the names behind it lead down from
// there. "directory of contoso" always means the directory.
//
// With in other than None, only that tenant is searched; scopes above
// subscriptions need it, unless a management group's name is found once.
func (n *Names) Place(text string, where Where, in estate.Tenant) (access.Place, error) {
	text = strings.TrimSpace(text)
	if tenant, ok := directoryOf(text); ok && where != InAzure {
		text, where = tenant, InDirectory
	}
	if where == InDirectory {
		return n.directory(text)
	}
	place, err := n.scope(text, in)
	if err == nil || where == InAzure {
		return place, err
	}
	if directory, directoryErr := n.directory(text); directoryErr == nil {
		return directory, nil
	}
	return access.Place{}, err
}

// directoryOf reads "directory of contoso", with which Place begins its texts too.
func directoryOf(text string) (string, bool) {
	rest := text
	for _, words := range []string{"the ", "directory of ", "tenant "} {
		if len(rest) > len(words) && strings.EqualFold(rest[:len(words)], words) {
			rest = rest[len(words):]
		} else if words == "directory of " {
			return "", false
		}
	}
	return rest, true
}

func (n *Names) directory(text string) (access.Place, error) {
	t, err := n.Tenant(text)
	if err != nil {
		return access.Place{}, err
	}
	return access.DirectoryOf(n.e.TenantID[t]), nil
}

func (n *Names) scope(text string, in estate.Tenant) (access.Place, error) {
	if strings.HasPrefix(text, "/") {
		return n.scopeByID(text, in)
	}
	if id, err := csp.ParseID[csp.Subscription](text); err == nil {
		return access.At(csp.SubscriptionScopeOf(id)), nil
	}
	found := n.nodesNamed(strings.Split(text, "/"), in)
	switch len(found) {
	case 0:
		return access.Place{}, n.placeUnknown(text, in)
	case 1:
		return n.placeOf(found[0]), nil
	}
	candidates := make([]string, len(found))
	for i, node := range found {
		candidates[i] = n.PlaceLabel(node)
	}
	return access.Place{}, ambiguous("place", text, n.tenantName(in), candidates)
}

func (n *Names) scopeByID(text string, in estate.Tenant) (access.Place, error) {
	scope, err := csp.ParseScope(text)
	if err != nil {
		return access.Place{}, err
	}
	if !scope.Subscription().IsZero() {
		return access.At(scope), nil
	}
	if in != estate.None {
		return access.Place{Tenant: n.e.TenantID[in], Scope: scope}, nil
	}
	var found []estate.Node
	for _, root := range n.e.TenantRoot {
		if node, exact := n.e.FindNode(n.e.NodeTenant[root], text); exact {
			found = append(found, node)
		}
	}
	switch len(found) {
	case 0:
		return access.Place{}, n.placeUnknown(text, in)
	case 1:
		return n.placeOf(found[0]), nil
	}
	candidates := make([]string, len(found))
	for i, node := range found {
		candidates[i] = n.PlaceLabel(node)
	}
	tooMany := ambiguous("place", text, "", candidates)
	tooMany.Hint = "every tenant has a place of that name, so the tenant must be named too"
	return access.Place{}, tooMany
}

// placeOf is the place of a node. Its tenant is named where the scope does not
// tell it.
func (n *Names) placeOf(node estate.Node) access.Place {
	place := access.At(n.e.Scope(node))
	if t := n.e.NodeTenant[node]; t != estate.None && place.Scope.Subscription().IsZero() {
		place.Tenant = n.e.TenantID[t]
	}
	return place
}

// nodesNamed are the places that a path of names leads to.
func (n *Names) nodesNamed(path []string, in estate.Tenant) []estate.Node {
	for _, level := range []func(string, estate.Tenant) []estate.Node{n.subscriptionsNamed, n.managementGroupsNamed, n.groupsNamed, n.resourcesNamed} {
		var found []estate.Node
		for _, top := range level(path[0], in) {
			found = append(found, n.below(top, path[1:])...)
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// below are the places that the names lead to from a place down.
func (n *Names) below(top estate.Node, path []string) []estate.Node {
	if len(path) == 0 {
		return []estate.Node{top}
	}
	var found []estate.Node
	for child := top + 1; child <= n.e.NodeLast[top]; child = n.e.NodeLast[child] + 1 {
		if same(n.e.NodeName.Bytes(int(child)), path[0]) || n.subscriptionCalled(child, path[0]) {
			found = append(found, n.below(child, path[1:])...)
		}
	}
	return found
}

// subscriptionCalled says whether the node is a subscription of that name; the
// node's own name is the id.
func (n *Names) subscriptionCalled(node estate.Node, name string) bool {
	return n.e.NodeType[node] == estate.TypeSubscription && strings.EqualFold(n.subscriptionName(node), name)
}

func (n *Names) inTenant(node estate.Node, in estate.Tenant) bool {
	return in == estate.None || n.e.NodeTenant[node] == in
}

func (n *Names) subscriptionsNamed(name string, in estate.Tenant) []estate.Node {
	var found []estate.Node
	for i, node := range n.e.SubscriptionNode {
		if n.inTenant(node, in) && (same(n.e.SubscriptionName.Bytes(i), name) || same(n.e.NodeName.Bytes(int(node)), name)) {
			found = append(found, node)
		}
	}
	return found
}

func (n *Names) managementGroupsNamed(name string, in estate.Tenant) []estate.Node {
	return n.nodesOf(name, in, func(kind uint16) bool { return kind == estate.TypeManagementGroup })
}

func (n *Names) groupsNamed(name string, in estate.Tenant) []estate.Node {
	return n.nodesOf(name, in, func(kind uint16) bool { return kind == estate.TypeResourceGroup })
}

func (n *Names) resourcesNamed(name string, in estate.Tenant) []estate.Node {
	return n.nodesOf(name, in, func(kind uint16) bool { return kind > estate.TypeResourceGroup })
}

// nodesOf are the nodes with the name whose type fits.
func (n *Names) nodesOf(name string, in estate.Tenant, fits func(kind uint16) bool) []estate.Node {
	var found []estate.Node
	for i, kind := range n.e.NodeType {
		if fits(kind) && same(n.e.NodeName.Bytes(i), name) && n.inTenant(estate.Node(i), in) {
			found = append(found, estate.Node(i))
		}
	}
	return found
}

// placeUnknown tells the nearest subscriptions, or, if the first name is right,
// the nearest places below it.
func (n *Names) placeUnknown(text string, in estate.Tenant) error {
	path := strings.Split(text, "/")
	for known := len(path) - 1; known > 0; known-- {
		tops := n.nodesNamed(path[:known], in)
		if len(tops) == 0 {
			continue
		}
		near := names.NearTo(path[known])
		for _, top := range tops {
			for child := top + 1; child <= n.e.NodeLast[top]; child = n.e.NodeLast[child] + 1 {
				near.Offer(n.e.NodeName.At(int(child)), func() string {
					return Clean(strings.Join(path[:known], "/") + "/" + n.e.NodeName.At(int(child)))
				})
			}
		}
		return unknown("place", text, n.tenantName(in), near)
	}
	near := names.NearTo(path[0])
	for i, node := range n.e.SubscriptionNode {
		if n.inTenant(node, in) {
			near.Offer(n.e.SubscriptionName.At(i), func() string { return n.PlaceLabel(node) })
		}
	}
	for i, kind := range n.e.NodeType {
		if node := estate.Node(i); (kind == estate.TypeManagementGroup || kind == estate.TypeResourceGroup) && n.inTenant(node, in) {
			near.Offer(n.e.NodeName.At(i), func() string { return n.PlaceLabel(node) })
		}
	}
	if in == estate.None && len(path) == 1 {
		n.offerTenants(near)
	}
	return unknown("place", text, n.tenantName(in), near).orKnown("subscriptions", func() []string { return n.subscriptionNames(in) })
}

// PlaceLabel is a place as people read it: "shop/shop-web/vm-1 (Contoso)", or the
// scope where the subscription has no name.
func (n *Names) PlaceLabel(node estate.Node) string {
	path, ok := n.path(node)
	if !ok {
		path = n.e.Scope(node).String()
	}
	return Clean(path) + n.ofTenant(node)
}

// path is the names from the subscription down to the node, parted by slashes; of
// a management group its own name. Not ok: there is nothing better than the id.
func (n *Names) path(node estate.Node) (path string, ok bool) {
	for at := node; ; at = n.e.NodeParent[at] { // up to a root, or to a subscription of nobody
		name := n.e.NodeName.At(int(at))
		switch n.e.NodeType[at] {
		case estate.TypeRoot:
			return "", false
		case estate.TypeSubscription:
			name = n.subscriptionName(at)
			return strings.TrimSuffix(name+"/"+path, "/"), name != ""
		case estate.TypeManagementGroup:
			return name, true
		}
		path = strings.TrimSuffix(name+"/"+path, "/")
	}
}

// subscriptionName is the name of the subscription at a node, empty if it has none.
func (n *Names) subscriptionName(node estate.Node) string {
	i, listed := n.subscriptions()[node]
	if !listed {
		return ""
	}
	return n.e.SubscriptionName.At(i)
}

func (n *Names) ofTenant(node estate.Node) string {
	if name := n.tenantName(n.e.NodeTenant[node]); name != "" {
		return " (" + name + ")"
	}
	return ""
}
