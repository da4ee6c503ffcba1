package jit

import (
	"time"

	"latchkey/csp"
)

// NoticeKind is what a mail tells.
type NoticeKind string

// The kinds of notice.
const (
	NoticeAsk       NoticeKind = "ask"       // to each approver
	NoticeEnrol     NoticeKind = "enrol"     // to a contact
	NoticeGranted   NoticeKind = "granted"   // to both sides
	NoticeDeclined  NoticeKind = "declined"  // to the engineer
	NoticeLapsed    NoticeKind = "lapsed"    // to the engineer
	NoticeWithdrawn NoticeKind = "withdrawn" // to the approvers
	NoticeFailed    NoticeKind = "failed"    // to both sides: nothing was granted
	NoticeEnded     NoticeKind = "ended"     // to both sides, after absence was read
	NoticeStuck     NoticeKind = "stuck"     // to the operators: a removal is late
)

// Notice is a mail to be written: the facts, not the words. It is stored in the
// transaction of the change it tells of, and sent afterwards.
type Notice struct {
	ID   NoticeID   `json:"id"`
	Kind NoticeKind `json:"kind"`
	At   time.Time  `json:"at"`
	// To is one recipient; every recipient gets a notice of his own.
	ToName    string `json:"toName"`
	ToAddress string `json:"toAddress"`
	// Link is the page it points to, for NoticeAsk and NoticeEnrol. The number
	// shown in the mail is derived from it when the mail is composed.
	Link LinkID `json:"link,omitempty"`
	Tier Tier   `json:"tier,omitempty"`

	Request      RequestID     `json:"request,omitempty"`
	Number       int64         `json:"number,omitempty"`
	Tenant       csp.TenantID  `json:"tenant"`
	CustomerName string        `json:"customerName"`
	PartnerName  string        `json:"partnerName"`
	EngineerName string        `json:"engineerName,omitempty"`
	RoleName     string        `json:"roleName,omitempty"`
	Scope        csp.Scope     `json:"scope,omitzero"`
	Duration     time.Duration `json:"duration,omitempty"`
	Reason       string        `json:"reason,omitempty"`
	AnswerBy     time.Time     `json:"answerBy,omitzero"`
	Begins       time.Time     `json:"begins,omitzero"`
	Ends         time.Time     `json:"ends,omitzero"`
	// Why is one sentence: the decline's note, the failure, the cause of an early end.
	Why string `json:"why,omitempty"`
}
