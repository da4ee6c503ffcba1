package jit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/csp"
)

// digestOf binds everything of a request that an approver is asked to agree to,
// and who is to get it: SHA-256 over JSON whose fields stand in a fixed order.
// A decision names the digest of what was shown; any difference voids it (I2).
func digestOf(r Request) (string, error) {
	text, err := json.Marshal(struct {
		Format      string               `json:"format"`
		ID          RequestID            `json:"id"`
		Engineer    PersonID             `json:"engineer"`
		Customer    csp.TenantID         `json:"customer"`
		Service     CloudService         `json:"service"`
		Scope       string               `json:"scope"`
		Role        csp.RoleDefinitionID `json:"role"`
		RoleName    string               `json:"roleName"`
		RoleContent string               `json:"roleContent"`
		Class       string               `json:"class"`
		Principal   csp.ObjectID         `json:"principal"`
		Seconds     int64                `json:"seconds"`
		Reason      string               `json:"reason"`
		Tier        string               `json:"tier"`
		FiledAt     string               `json:"filedAt"`
		AnswerBy    string               `json:"answerBy"`
	}{
		"latchkey/1 request", r.ID, r.Engineer, r.Customer, r.Service, r.Scope.Key(), r.Role, r.RoleName, r.RoleContent,
		r.Class.String(), r.Principal, int64(r.Duration / time.Second), r.Reason, r.Tier.String(),
		r.FiledAt.UTC().Format(time.RFC3339Nano), r.AnswerBy.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return "", fmt.Errorf("jit: writing the request for its digest: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
