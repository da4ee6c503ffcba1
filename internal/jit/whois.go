package jit

import (
	"context"

	"latchkey/internal/fault"
)

// AsApprover says which enrolled approver the caller is; ok is false for
// everybody else, guests included. It decides nothing by itself: pages choose by
// it what to offer, and which part of the log concerns the caller.
func (s *Service) AsApprover(ctx context.Context, by Caller) (a Approver, ok bool, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		a, _, ok, err = s.asApprover(tx, by)
		return err
	})
	if err != nil {
		return Approver{}, false, fault.In("jit.AsApprover", err)
	}
	return a, ok, nil
}
