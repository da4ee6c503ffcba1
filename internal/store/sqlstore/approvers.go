package sqlstore

import (
	"latchkey/csp"
	"latchkey/internal/jit"
)

// Statements about approvers and the links mailed to them.
const (
	approverColumns = `id, tenant, name, address, account_tenant, account_object, enrolled_at`

	saveApprover = `insert into approvers (` + approverColumns + `) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (id) do update set tenant = excluded.tenant, name = excluded.name,
			address = excluded.address, account_tenant = excluded.account_tenant,
			account_object = excluded.account_object, enrolled_at = excluded.enrolled_at`

	selectApprovers = `select ` + approverColumns + ` from approvers`

	linkColumns = `id, kind, approver, request, expires, tries, void_at`

	insertLink = `insert into links (` + linkColumns + `) values ($1, $2, $3, $4, $5, $6, $7)`

	selectLinks = `select ` + linkColumns + ` from links`

	saveLink = `update links set expires = $2, tries = $3, void_at = $4 where id = $1`
)

func approverFields(a *jit.Approver) []field {
	return []field{
		text(&a.ID), spelled(&a.Tenant), text(&a.Name), text(&a.Address),
		spelled(&a.Account.Tenant), spelled(&a.Account.Object), moment(&a.EnrolledAt),
	}
}

func linkFields(l *jit.Link) []field {
	return []field{
		text(&l.ID), text(&l.Kind), text(&l.Approver), reference(&l.Request),
		moment(&l.Expires), count(&l.Tries), moment(&l.VoidAt),
	}
}

func (t *tx) SaveApprover(a jit.Approver) error {
	_, err := t.exec("store.SaveApprover", saveApprover, approverFields(&a)...)
	return err
}

func (t *tx) Approver(id jit.ApproverID) (jit.Approver, error) {
	return find(t, "store.Approver", "approver", selectApprovers+` where id = $1`, approverFields, text(&id))
}

func (t *tx) ApproversOf(tenant csp.TenantID) ([]jit.Approver, error) {
	return list(t, "store.ApproversOf", selectApprovers+` where tenant = $1 order by name, id`, approverFields, spelled(&tenant))
}

func (t *tx) InsertLink(l jit.Link) error {
	return t.insert("store.InsertLink", "This link exists already.", insertLink, linkFields(&l)...)
}

func (t *tx) Link(id jit.LinkID) (jit.Link, error) {
	return find(t, "store.Link", "link", selectLinks+` where id = $1`, linkFields, text(&id))
}

func (t *tx) SaveLink(l jit.Link) error {
	const op = "store.SaveLink"
	touched, err := t.exec(op, saveLink, text(&l.ID), moment(&l.Expires), count(&l.Tries), moment(&l.VoidAt))
	if err != nil {
		return err
	}
	if touched == 0 {
		return missing(op, "link")
	}
	return nil
}

func (t *tx) EnrolLinksOf(id jit.ApproverID) ([]jit.Link, error) {
	kind := jit.EnrolLink
	return list(t, "store.EnrolLinksOf", selectLinks+` where approver = $1 and kind = $2 order by expires desc, id`, linkFields, text(&id), text(&kind))
}

func (t *tx) LinksOf(id jit.RequestID) ([]jit.Link, error) {
	return list(t, "store.LinksOf", selectLinks+` where request = $1 order by id`, linkFields, text(&id))
}
