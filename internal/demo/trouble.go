package demo

import (
	"context"
	"net/http"
	"time"

	"latchkey/csp/builtin"
)

// powerCut kills the portal between grant and end, and starts it again later
// than the end.
func (t *Tour) powerCut(ctx context.Context) error {
	t.tell.Chapter("The portal is killed while access is out")
	return t.tell.Step(ctx, "SIGKILL between grant and end; started again on the same database, after the end", func(ctx context.Context, proven func(string, ...any)) error {
		if err := t.Lend(ctx); err != nil {
			return err
		}
		if err := t.Kill(); err != nil {
			return err
		}
		proven("granted, and the portal's process killed")
		t.stage.Clock.Move(3 * time.Hour) // no portal is there to be moved
		if err := claim(len(t.held()) == 1, "with nobody there the assignment outlives its end"); err != nil {
			return err
		}
		started := time.Now()
		if err := t.Start(ctx); err != nil {
			return err
		}
		if err := t.gone(ctx); err != nil {
			return err
		}
		proven("started again an hour after the end: removed %s after the start, from what the database said", time.Since(started).Round(10*time.Millisecond))
		if _, err := t.mail(ctx, "casey@brightwater.example", "no longer has"); err != nil {
			return err
		}
		t.mailsRead()
		return nil
	})
}

// theft tries to hand out Owner with the portal's own credential.
func (t *Tour) theft(ctx context.Context) error {
	t.tell.Chapter("The portal's credential is stolen")
	return t.tell.Step(ctx, "A thief with the portal's own credential tries to make James Owner", func(ctx context.Context, proven func(string, ...any)) error {
		token, err := t.shell.AppToken(ctx, brightwater)
		if err != nil {
			return err
		}
		owner, _ := builtin.AzureRoleNamed(ownerRole)
		scope := "/subscriptions/" + brightwaterProduction.String()
		answer, err := t.shell.Post(ctx, token,
			scope+"/providers/Microsoft.Authorization/roleAssignments/0f0f0f0f-0000-4000-8000-000000000001?api-version=2022-04-01",
			`{"properties":{"roleDefinitionId":"`+scope+`/providers/Microsoft.Authorization/roleDefinitions/`+owner.ID.String()+`","principalId":"`+jamesBrightwater.String()+`","principalType":"User"}}`,
			http.MethodPut)
		if err != nil {
			return err
		}
		if err := claim(answer.Status == http.StatusForbidden && len(t.held()) == 0, "the customer's cloud refuses: %d %s", answer.Status, answer.said()); err != nil {
			return err
		}
		proven("%d %s: the condition on Latchkey's own right lets it hand out the offered roles and no others", answer.Status, answer.Code)
		return nil
	})
}

// books closes with the log.
func (t *Tour) books(ctx context.Context) error {
	t.tell.Chapter("The books")
	return t.tell.Step(ctx, "The whole log is recomputed and held against its signed checkpoints", t.verifyLog)
}
