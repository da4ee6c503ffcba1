package scenario_test

import (
	"strings"
	"testing"

	"latchkey/access/scenario"
)

// FuzzQuestions puts any text where questions stand: it is refused with its file
// and line, or asked and answered.
func FuzzQuestions(f *testing.F) {
	for _, seed := range []string{
		"can olga restart at shop: has by home, R18, \"Owner\"; not by GDAP; shows R18",
		"can olga restart at shop/data: has not because denied; denied by \"hands off\"",
		"who restart at shop/data: has Ann Arbor; can get carl; unknown uwe; because \"role\"",
		"reach olga restart: has shop except shop/data and shop/web, in Contoso\n    can get root of Contoso",
		"on 2026-12-01T10:30:00Z\nread means Microsoft.Compute/virtualMachines/read data\ncan uwe read at management group europe of Contoso: has not",
		"can Ann Arbor @ Contoso assign at /subscriptions/00000000-0000-4000-8000-000000000001: unknown",
		"finds ghosts: x; shows R25", "\"", ":", "can a a/b at c/:", "reach olga restart: has except", "who restart at shop: nobody; because",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, questions string) {
		if _, err := scenario.Check("small.txtar", small+questions, finds); err != nil && !strings.HasPrefix(err.Error(), "small.txtar:") {
			t.Errorf("the error names no place: %v", err)
		}
	})
}
