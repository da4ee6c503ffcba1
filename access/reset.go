package access

import "latchkey/csp"

// Resettable says whose password the holder of a directory role may reset: that of
// everyone, or of users who hold no directory roles but the weak ones and are in no
// role-assignable group (R15, M7).
func Resettable(role csp.DirectoryRoleID) (weak []csp.DirectoryRoleID, everyone bool) {
	return resettable(role)
}
