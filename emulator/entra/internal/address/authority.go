// Package address reads how clients address the sign-in service: the authority in
// a path, which is a tenant or stands for any, and the names of its host.
package address

import (
	"latchkey/emulator/entra/internal/aadsts"
	"latchkey/emulator/wire"
	"latchkey/emulator/world"
)

// The authorities that are no tenant.
const (
	Common        = "common"
	Organizations = "organizations"
	Consumers     = "consumers"
	// ADFS is how clients address an AD FS server, which has one tenant and does
	// not name it: the account's home, or the application's.
	ADFS = "adfs"
)

// consumersID is the tenant of personal accounts. This world has none of those.
const consumersID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// Authority is the first segment of a path: one tenant, or any.
type Authority struct {
	Tenant world.Tenant // zero for the shared ones
	Shared string       // Common, Organizations, Consumers, ADFS or ""
}

// Find reads the first segment of a path, in lower case.
func Find(w *world.World, segment string) (Authority, *aadsts.Problem) {
	switch segment {
	case Common, Organizations, ADFS, Consumers:
		return Authority{Shared: segment}, nil
	case consumersID:
		return Authority{Shared: Consumers}, nil
	}
	t, ok := w.TenantNamed(segment)
	if !ok {
		return Authority{}, aadsts.Refuse(aadsts.InvalidRequest, 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", wire.Clip(segment))
	}
	return Authority{Tenant: t}, nil
}

// Segment is what stands for the authority in a path.
func (a Authority) Segment() string {
	if a.Shared != "" {
		return a.Shared
	}
	return a.Tenant.ID.String()
}

// IssuerSegment is what stands for the tenant in an issuer; the shared documents
// have a template that no strict client takes for an issuer.
func (a Authority) IssuerSegment() string {
	switch a.Shared {
	case "":
		return a.Tenant.ID.String()
	case Consumers:
		return consumersID
	}
	return "{tenantid}"
}
