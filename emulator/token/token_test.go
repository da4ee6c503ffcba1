package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

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

func TestRollover(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	sign := func(t *testing.T, k *token.Key, at time.Time) string {
		t.Helper()
		raw, err := k.Sign(token.Claims{IssuedAt: at.Unix(), Expires: at.Add(time.Hour).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	published := func(t *testing.T, k *token.Key, at time.Time) []string {
		t.Helper()
		list, err := k.Published(at)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		return ids
	}
	k := token.NewKey(nil)
	sealed, err := k.Seal([]byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	old := sign(t, k, now)
	before := published(t, k, now)
	if len(before) != 2 || before[0] != kid(t, old) {
		t.Fatalf("published %v, the token was signed with %s", before, kid(t, old))
	}

	k.Rotate(now)
	fresh := sign(t, k, now)
	if kid(t, fresh) != before[1] {
		t.Errorf("signed with %s, want the key that was published before it was used, %s", kid(t, fresh), before[1])
	}
	if after := published(t, k, now); len(after) != 3 || after[0] != before[1] || after[2] != before[0] {
		t.Errorf("published %v, want the new, the next and the old of %v", after, before)
	}
	for name, raw := range map[string]string{"old": old, "new": fresh} {
		if _, err := k.Verify(raw); err != nil {
			t.Errorf("the %s token: %v", name, err)
		}
	}
	if after := published(t, k, now.Add(time.Hour)); len(after) != 2 {
		t.Errorf("the old key is published after its last token: %v", after)
	}
	if got, err := k.Open(sealed); err != nil || string(got) != "kept" {
		t.Errorf("what was sealed before: %q, %v", got, err)
	}

	t.Run("by age", func(t *testing.T) {
		k.RotateAfter(30 * 24 * time.Hour)
		if kid(t, sign(t, k, now.Add(29*24*time.Hour))) != kid(t, fresh) {
			t.Error("the key was left too early")
		}
		if kid(t, sign(t, k, now.Add(30*24*time.Hour))) == kid(t, fresh) {
			t.Error("the key signs for longer than it should")
		}
		if _, err := k.Verify(old); !errors.Is(err, token.ErrUnknownKey) {
			t.Errorf("a key nothing can be valid of any more is kept: %v", err)
		}
	})
}

func kid(t *testing.T, raw string) string {
	t.Helper()
	head, _, _ := strings.Cut(raw, ".")
	plain, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Kid string }
	if err := json.Unmarshal(plain, &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}

func TestBearer(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	k := token.NewKey(nil)
	good := token.Claims{Audience: "https://graph.microsoft.com/", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(time.Hour).Unix()}
	raw, err := k.Sign(good)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := token.NewKey(nil).Sign(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, header string
		at           time.Time
		isFor        func(string) bool
		want         error
	}{
		{"a good one", "Bearer " + raw, now, token.IsForGraph, nil},
		{"in another spelling", "bearer   " + raw + " ", now, token.IsForGraph, nil},
		{"none", "", now, token.IsForGraph, token.ErrMissing},
		{"no token after the word", "Bearer ", now, token.IsForGraph, token.ErrMissing},
		{"another scheme", "Basic " + raw, now, token.IsForGraph, token.ErrMissing},
		{"rubbish", "Bearer x.y", now, token.IsForGraph, token.ErrMalformed},
		{"another's", "Bearer " + foreign, now, token.IsForGraph, token.ErrSignature},
		{"for another resource", "Bearer " + raw, now, token.IsForPartnerCenter, token.ErrAudience},
		{"at its end", "Bearer " + raw, now.Add(time.Hour), token.IsForGraph, token.ErrExpired},
		{"before its time", "Bearer " + raw, now.Add(-time.Second), token.IsForGraph, token.ErrNotYetValid},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{"Authorization": {test.header}}}
			if _, err := k.Bearer(r, test.at, test.isFor); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestIssuedIsExactWithinTheSecond(t *testing.T) {
	at := time.Date(2026, 11, 2, 9, 0, 0, 123456789, time.UTC)
	c := token.Claims{IssuedAt: at.Unix(), TokenID: token.NewID(at, [16]byte{})}
	if !c.Issued().Equal(at) {
		t.Errorf("issued at %v, want %v", c.Issued(), at)
	}
	for _, id := range []string{"", "x", token.NewID(at.Add(time.Hour), [16]byte{})} {
		if c.TokenID = id; c.Issued().Unix() != at.Unix() {
			t.Errorf("%q: issued at %v", id, c.Issued())
		}
	}
}

func TestHolder(t *testing.T) {
	const tenant, home, object = "7e000000-0000-4000-8000-00000000000a", "7e000000-0000-4000-8000-00000000000b", "0b000000-0000-4000-8000-000000000001"
	h, err := token.Claims{Tenant: tenant, Object: object}.Holder()
	if err != nil || h.Home != h.Tenant || h.Object.String() != object {
		t.Errorf("a member: %+v, %v", h, err)
	}
	h, err = token.Claims{Tenant: tenant, Object: object, IdentityProvider: "https://sts.windows.net/" + home + "/"}.Holder()
	if err != nil || h.Home.String() != home {
		t.Errorf("a guest: %+v, %v", h, err)
	}
	if _, err := (token.Claims{Tenant: tenant, Object: object, IdentityProvider: "live.com"}).Holder(); err == nil {
		t.Error("an identity provider that is no tenant passes")
	}
}

func TestAudiencesOfMicrosoft(t *testing.T) {
	for audience, want := range map[string][3]bool{
		"https://management.azure.com/":           {true, false, false},
		"https://management.core.windows.net":     {true, false, false},
		"https://graph.microsoft.com":             {false, true, false},
		"00000003-0000-0000-c000-000000000000":    {false, true, false},
		"https://api.partnercenter.microsoft.com": {false, false, true},
		"https://graph.microsoft.com.evil":        {},
	} {
		if got := [3]bool{token.IsForResourceManager(audience), token.IsForGraph(audience), token.IsForPartnerCenter(audience)}; got != want {
			t.Errorf("%s: %v, want %v", audience, got, want)
		}
	}
}

func TestVerifyRemembersNothingButTheSameToken(t *testing.T) {
	k := token.NewKey(nil)
	raw, err := k.Sign(token.Claims{Subject: "ann", Expires: 10})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if c, err := k.Verify(raw); err != nil || c.Subject != "ann" {
			t.Fatalf("%v, %v", c, err)
		}
		for _, other := range []string{raw[:len(raw)-6] + "AAAAAA", raw + "A", raw[:len(raw)-1]} {
			if _, err := k.Verify(other); err == nil {
				t.Errorf("%q was taken for the token before", other)
			}
		}
	}
}
