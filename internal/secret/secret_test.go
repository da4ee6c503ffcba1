package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"latchkey/internal/secret"
)

func TestKeysDifferByPurposeAndSecret(t *testing.T) {
	a, b := secret.New(), secret.New()
	seen := map[[32]byte]string{}
	for name, s := range map[string]secret.Secret{"a": a, "b": b} {
		for _, p := range []secret.Purpose{secret.AuditSigning, secret.MailNumbers, secret.WebForms} {
			key := s.Key(p)
			if other, twice := seen[key]; twice {
				t.Errorf("%s/%s has the same key as %s", name, p, other)
			}
			seen[key] = name + "/" + string(p)
			if s.Key(p) != key {
				t.Errorf("%s/%s is another key the second time", name, p)
			}
		}
	}
}

func TestParseReadsWhatRevealWrote(t *testing.T) {
	s := secret.New()
	again, err := secret.Parse(s.Reveal() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if again != s {
		t.Error("another secret came back")
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":    "",
		"too short":  "c2hvcnQ=",
		"no base64":  strings.Repeat("!", 44),
		"only zeros": strings.Repeat("A", 43) + "=",
		"too long":   strings.Repeat("QUJD", 16),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := secret.Parse(text); err == nil {
				t.Error("accepted")
			} else if text != "" && strings.Contains(err.Error(), text) {
				t.Errorf("the error repeats the text: %v", err)
			}
		})
	}
}

func TestNothingPrintsIt(t *testing.T) {
	s := secret.New()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s)
	asJSON, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), log.String(), string(asJSON)} {
		if strings.Contains(printed, s.Reveal()) || strings.Contains(printed, "bytes") {
			t.Errorf("printed: %s", printed)
		}
	}
}
