package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged gives root's child the identity of a user that postgres accepts
// and the folder to that user. Anybody else's child stays as he is.
func unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(err, err2, os.Chown(folder, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// dieWithParent makes the kernel end the process, at once and with all its
// children, when the one that started it is gone.
func dieWithParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	with := *attributes
	with.Pdeathsig = syscall.SIGQUIT // "immediate shutdown"
	return &with
}
