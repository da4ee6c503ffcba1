//go:build !linux

package pgtest

import (
	"errors"
	"os"
	"syscall"
)

func unprivileged(string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("PostgreSQL does not run as root; run the tests as an ordinary user")
	}
	return &syscall.SysProcAttr{}, nil
}

// dieWithParent has no equal here: a test binary that is killed leaves its
// server behind.
func dieWithParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr { return attributes }
