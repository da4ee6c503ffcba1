package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/emulator/token"
)

func TestKey(t *testing.T) {
	mine, other := token.NewKey(nil), token.NewKey(nil)
	acct := 0
	says := token.Claims{Issuer: "https://login.example/x/v2.0", Audience: "a", Tenant: "t", Object: "o", Acct: &acct, AMR: []string{"pwd"}, Expires: 5}
	raw, err := mine.Sign(says)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("reads back what it signed", func(t *testing.T) {
		got, err := mine.Verify(raw)
		if err != nil || cmp.Diff(says, got) != "" {
			t.Errorf("%v %s", err, cmp.Diff(says, got))
		}
	})
	t.Run("does not take another's", func(t *testing.T) {
		if _, err := other.Verify(raw); !errors.Is(err, token.ErrUnknownKey) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("does not take a changed one", func(t *testing.T) {
		parts := strings.Split(raw, ".")
		last := parts[2][:10] + flip(parts[2][10]) + parts[2][11:]
		if _, err := mine.Verify(parts[0] + "." + parts[1] + "." + last); !errors.Is(err, token.ErrSignature) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("opens what it sealed, and nothing else", func(t *testing.T) {
		sealed, err := mine.Seal([]byte("a session"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(sealed, "session") {
			t.Error("the seal hides nothing")
		}
		if got, err := mine.Open(sealed); err != nil || string(got) != "a session" {
			t.Errorf("got %q, %v", got, err)
		}
		for _, wrong := range []string{"", "x", "%%", sealed[:20] + flip(sealed[20]) + sealed[21:]} {
			if _, err := mine.Open(wrong); !errors.Is(err, token.ErrMalformed) {
				t.Errorf("%.20q: got %v", wrong, err)
			}
		}
		if _, err := other.Open(sealed); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("another key: got %v", err)
		}
	})
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func FuzzVerify(f *testing.F) {
	key := token.NewKey(nil)
	raw, err := key.Sign(token.Claims{Issuer: "i"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw + ".")
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		// The same bytes can be spelt in base64 in more than one way; what
		// counts is that no other claims come through.
		if c, err := key.Verify(text); err == nil && !cmp.Equal(c, token.Claims{Issuer: "i"}) {
			t.Errorf("%q passes for a token that says %+v", text, c)
		}
	})
}
