package storetest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/uuid"

	"latchkey/access/roleclass"
	"latchkey/csp"
	"latchkey/internal/jit"
)

// noon is when the samples happen; its nanoseconds must survive.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

// hostile are texts that a careless statement would trip over.
var hostile = []string{
	"",
	" ",
	`'; drop table requests; --`,
	`"quoted" \ back\slash '' $1 ?1 :name @name %s {{.}}`,
	"100 % of_it",
	"line\nbreak\r\n\ttab\x01\x7f",
	"Grüße, 漢字, עברית, \u202eabc, e\u0301, \U0001f5dd\ufe0f",
	"\ufeff\ufffd\U0010ffff",
	`{"json": null}`,
}

// impossible are texts that no store takes.
var impossible = []string{"a\x00b", "\xff\xfe", "half a rune \xe6\xbc"}

func newText[T ~string]() T { return T(rand.Text()) }

func newGUID[T csp.Named]() csp.ID[T] { return csp.ID[T](uuid.New()) }

func groupScope(tb testing.TB, name string) csp.Scope {
	tb.Helper()
	scope, err := csp.ResourceGroupScopeOf(newGUID[csp.Subscription](), name)
	if err != nil {
		tb.Fatal(err)
	}
	return scope
}

func aTarget(tb testing.TB) jit.Target {
	tb.Helper()
	return jit.Target{
		Service:       jit.Azure,
		Tenant:        newGUID[csp.Tenant](),
		Scope:         groupScope(tb, "Rg-Web"),
		Role:          newGUID[csp.RoleDefinition](),
		Principal:     newGUID[csp.Principal](),
		PrincipalType: csp.User,
	}
}

func aRequest(tb testing.TB) jit.Request {
	tb.Helper()
	target := aTarget(tb)
	return jit.Request{
		ID:          newText[jit.RequestID](),
		Engineer:    "james",
		Customer:    target.Tenant,
		Service:     target.Service,
		Scope:       target.Scope,
		Role:        target.Role,
		RoleName:    "Desktop Virtualization Power On Off Contributor",
		RoleContent: "sha256:5a1e",
		Class:       roleclass.Standard,
		Principal:   target.Principal,
		Duration:    2*time.Hour + time.Nanosecond,
		Reason:      "the web server hangs",
		Tier:        jit.MailTier,
		FiledAt:     noon,
		AnswerBy:    noon.Add(24 * time.Hour),
		State:       jit.Pending,
		Digest:      "sha256:d19e57",
	}
}

func anApprover(tenant csp.TenantID) jit.Approver {
	return jit.Approver{
		ID:         newText[jit.ApproverID](),
		Tenant:     tenant,
		Name:       "Mary O'Neill",
		Address:    "mary@customer.example",
		Account:    jit.Account{Tenant: tenant, Object: newGUID[csp.Principal]()},
		EnrolledAt: noon.Add(-time.Hour),
	}
}

func aDecision(request jit.Request, approver jit.Approver) jit.Decision {
	return jit.Decision{
		ID:       newText[jit.DecisionID](),
		Request:  request.ID,
		Digest:   request.Digest,
		Approver: approver.ID,
		Verdict:  jit.Approve,
		Tier:     jit.SignInTier,
		Account:  approver.Account,
		Duration: time.Hour,
		Note:     "one hour is enough",
		At:       noon.Add(time.Minute),
	}
}

func aLink(request jit.Request, approver jit.Approver) jit.Link {
	return jit.Link{
		ID:       newText[jit.LinkID](),
		Kind:     jit.DecideLink,
		Approver: approver.ID,
		Request:  request.ID,
		Expires:  request.AnswerBy,
		Tries:    2,
		VoidAt:   noon.Add(time.Second),
	}
}

// anEpisode is one that waits to be granted now and fills every field.
func anEpisode(target jit.Target) jit.Episode {
	return jit.Episode{
		ID:          newGUID[jit.Episode](),
		Target:      target,
		Name:        newGUID[csp.RoleAssignment](),
		Phase:       jit.Intended,
		Until:       noon.Add(2 * time.Hour),
		RoleContent: "sha256:5a1e",
		Lane:        jit.GrantLane,
		Due:         noon,
		Attempts:    3,
		Checked:     1,
		AbsentAt:    noon.Add(-time.Minute),
		Stuck:       true,
		LastWhy:     "the provider did not answer",
		Owner:       "worker-0",
		Epoch:       7,
		Lease:       noon.Add(-time.Second),
	}
}

// waiting is an episode that nobody has touched yet.
func waiting(tb testing.TB, lane jit.Lane, due time.Time) jit.Episode {
	tb.Helper()
	e := anEpisode(aTarget(tb))
	e.Lane, e.Due = lane, due
	e.Owner, e.Epoch, e.Lease = "", 0, time.Time{}
	return e
}

func aGrant(request jit.Request, episode jit.Episode) jit.Grant {
	return jit.Grant{
		ID:       newText[jit.GrantID](),
		Request:  request.ID,
		Episode:  episode.ID,
		Engineer: request.Engineer,
		Customer: request.Customer,
		State:    jit.Revoking,
		Begins:   noon,
		Ends:     noon.Add(2 * time.Hour),
		ActiveAt: noon.Add(time.Second),
		EndedAt:  noon.Add(time.Hour),
		EndNowBy: "approver",
		Why:      "the approver ended it",
	}
}

func aNotice(due time.Time) jit.Notice {
	return jit.Notice{
		ID:           newText[jit.NoticeID](),
		Kind:         jit.NoticeAsk,
		At:           due,
		ToName:       "Mary O'Neill",
		ToAddress:    "mary@customer.example",
		Link:         newText[jit.LinkID](),
		Tier:         jit.MailTier,
		Request:      newText[jit.RequestID](),
		Number:       1001,
		Tenant:       newGUID[csp.Tenant](),
		CustomerName: "Customer",
		PartnerName:  "Partner",
		EngineerName: "James",
		RoleName:     "Reader",
		Scope:        csp.SubscriptionScopeOf(newGUID[csp.Subscription]()),
		Duration:     time.Hour,
		Reason:       "because",
		AnswerBy:     noon.Add(time.Hour),
		Begins:       noon,
		Ends:         noon.Add(2 * time.Hour),
		Why:          "for no reason",
	}
}

// story is a request with everything that can come of one, as rows that refer
// to each other.
type story struct {
	request  jit.Request
	approver jit.Approver
	link     jit.Link
	decision jit.Decision
	episode  jit.Episode
	grant    jit.Grant
	notice   jit.Notice
}

func aStory(tb testing.TB) story {
	tb.Helper()
	request := aRequest(tb)
	approver := anApprover(request.Customer)
	episode := anEpisode(jit.Target{
		Service: request.Service, Tenant: request.Customer, Scope: request.Scope,
		Role: request.Role, Principal: request.Principal, PrincipalType: csp.User,
	})
	return story{
		request:  request,
		approver: approver,
		link:     aLink(request, approver),
		decision: aDecision(request, approver),
		episode:  episode,
		grant:    aGrant(request, episode),
		notice:   aNotice(noon),
	}
}

// tell writes the whole story down.
func (s *story) tell(tx jit.Tx) error {
	for _, step := range []func() error{
		func() error { return tx.InsertRequest(&s.request) },
		func() error { return tx.SaveApprover(s.approver) },
		func() error { return tx.InsertLink(s.link) },
		func() error { return tx.InsertDecision(s.decision) },
		func() error { return tx.InsertEpisode(s.episode) },
		func() error { return tx.InsertGrant(s.grant) },
		func() error { return tx.Enqueue(s.notice) },
		func() error { return appendLeaf(tx, "told", s.request.Customer) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
