package csp

import (
	"fmt"
	"strings"
)

// RoleDefinitionRef is a role definition as Azure writes it into an assignment:
// an id below a subscription, or below no subscription at all. Both name the
// same role; which one a text uses says nothing about what the role allows.
type RoleDefinitionRef struct {
	Role         RoleDefinitionID
	Subscription SubscriptionID // zero for the tenant-wide form
}

const roleDefinitionsPath = "/providers/Microsoft.Authorization/roleDefinitions/"

// RoleDefinitionRefAt is the form to use in an assignment at the scope: below
// its subscription if it lies in one, tenant-wide above.
func RoleDefinitionRefAt(scope Scope, role RoleDefinitionID) RoleDefinitionRef {
	return RoleDefinitionRef{Role: role, Subscription: scope.Subscription()}
}

// ParseRoleDefinitionRef reads
// /subscriptions/<id>/providers/Microsoft.Authorization/roleDefinitions/<id> or
// the same without the subscription, in any case.
func ParseRoleDefinitionRef(s string) (RoleDefinitionRef, error) {
	at := len(s) - guidLength
	if at < 0 {
		return RoleDefinitionRef{}, roleRefError(s, "it is too short")
	}
	role, err := ParseID[RoleDefinition](s[at:])
	if err != nil {
		return RoleDefinitionRef{}, roleRefError(s, err.Error())
	}
	ref := RoleDefinitionRef{Role: role}
	head, ok := cutSuffixFold(s[:at], roleDefinitionsPath)
	if !ok {
		return RoleDefinitionRef{}, roleRefError(s, "want "+roleDefinitionsPath+"<id>, alone or after /subscriptions/<id>")
	}
	if head == "" {
		return ref, nil
	}
	scope, err := ParseScope(head)
	if err != nil {
		return RoleDefinitionRef{}, roleRefError(s, err.Error())
	}
	if scope.Kind() != SubscriptionScope {
		return RoleDefinitionRef{}, roleRefError(s, fmt.Sprintf("a role definition lies below a subscription or below nothing, not below a %s", scope.Kind()))
	}
	ref.Subscription = scope.Subscription()
	return ref, nil
}

func roleRefError(s, hint string) error {
	return fmt.Errorf("%q names no role definition: %s", clip(s), hint)
}

func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return "", false
	}
	return s[:at], true
}

// String is the reference as Azure spells it, or empty for the zero reference.
func (r RoleDefinitionRef) String() string {
	if r.Role.IsZero() {
		return ""
	}
	return SubscriptionScopeOf(r.Subscription).String() + roleDefinitionsPath + r.Role.String()
}
