package csp

// RoleDefinition is a named set of actions (R31). Built-in definitions are data
// in package builtin.
type RoleDefinition struct {
	ID          RoleDefinitionID
	Name        string
	Custom      bool
	Permissions []Permission
}

// Noun names the thing in error sentences.
func (RoleDefinition) Noun() string { return "role definition" }

// Permission is one entry of a role definition. NotActions subtract from the
// Actions of the same entry only; they deny nothing (R18).
type Permission struct {
	Actions        []string
	NotActions     []string
	DataActions    []string
	NotDataActions []string
	// Condition is the entry's own ABAC condition as published, empty for most.
	Condition string
}

// RoleAssignment gives a principal a role at a scope and everything below it.
type RoleAssignment struct {
	Name          RoleAssignmentID
	Scope         Scope
	Role          RoleDefinitionID
	Principal     ObjectID
	PrincipalType PrincipalType
	// Description is free text; Latchkey puts its marker there.
	Description string
	// Condition is an ABAC condition (version 2.0) that limits the assignment, empty for most.
	Condition string
}

// Noun names the thing in error sentences.
func (RoleAssignment) Noun() string { return "role assignment" }

// DenyAssignmentID is the name of an Azure deny assignment.
type DenyAssignmentID = ID[DenyAssignment]

// DenyAssignment takes actions away from principals at a scope, whatever role
// they hold (R19).
type DenyAssignment struct {
	ID          DenyAssignmentID
	Name        string
	Scope       Scope
	Permissions []Permission // what is denied; read as a role's, with deny for allow
	Principals  []ObjectID
	// Everyone: it applies to all principals, which Azure writes as the zero id.
	Everyone bool
	Excluded []ObjectID
	// ThisScopeOnly: it does not apply to what lies below its scope.
	ThisScopeOnly bool
	// AuditOnly: it is logged and denies nothing.
	AuditOnly bool
	Condition string
}

// Noun names the thing in error sentences.
func (DenyAssignment) Noun() string { return "deny assignment" }
