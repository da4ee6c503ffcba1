// Package graph is the emulated Microsoft Graph: users, groups, directory roles,
// privileged identity management, invitations and what partners do with them,
// under /v1.0 and /beta.
//
// Every operation is a row in one table of routes, which says the method, the
// pattern of the path, the permissions of which one must be in the token, and
// the action of the directory that the caller must be allowed. An application
// needs the permission as a role of its own; a person needs it as a scope of the
// application he uses, and the right himself: as a member by default, or through
// a directory role that he has in the tenant, also through GDAP.
//
// Queries ($filter, $select, $expand, paging) are package odata's.
package graph
