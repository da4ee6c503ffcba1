package mail_test

import (
	netmail "net/mail"
	"strings"
	"testing"

	"latchkey/internal/mail"
)

func TestParseAddress(t *testing.T) {
	t.Run("addresses as people have them are read", func(t *testing.T) {
		for in, want := range map[string]string{
			"ada@contoso.example":                  "ada@contoso.example",
			"Ada.Lovelace+jit@Contoso.Example":     "Ada.Lovelace+jit@contoso.example",
			"o'brien@mail.contoso.example":         "o'brien@mail.contoso.example",
			"a@xn--mller-kva.example":              "a@xn--mller-kva.example",
			"1@2.example":                          "1@2.example",
			strings.Repeat("a", 64) + "@b.example": strings.Repeat("a", 64) + "@b.example",
		} {
			got, err := mail.ParseAddress(in)
			if err != nil || got.String() != want {
				t.Errorf("ParseAddress(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	})
	t.Run("everything else is refused", func(t *testing.T) {
		for _, in := range []string{
			"", "@", "ada", "ada@", "@contoso.example", "ada@contoso", "ada@@contoso.example",
			"ada@evil@contoso.example", `"a> SIZE=1 <b"@contoso.example`, `"ada"@contoso.example`,
			"ada@contoso.example,eve@evil.example", "ada@contoso.example;eve@evil.example",
			"ada@contoso.example eve@evil.example", "<ada@contoso.example>", "Ada <ada@contoso.example>",
			"ada@contoso.example\r\nBcc: eve@evil.example", "ada\n@contoso.example", "ada@contoso.example\n",
			"ada\x00@contoso.example", "ada@contoso.example\x00", " ada@contoso.example", "ada@contoso.example ",
			"ada(comment)@contoso.example", "ada@(comment)contoso.example", "ada@[127.0.0.1]", "ada@[IPv6:::1]",
			"ada@127.0.0.1", "ada@contoso.42", "ada@-contoso.example", "ada@contoso-.example", "ada@contoso..example",
			"ada@.contoso.example", "ada@contoso.example.", ".ada@contoso.example", "ada.@contoso.example", "a..da@contoso.example",
			"eve%evil.example@contoso.example", "evil.example!eve@contoso.example", "|sh@contoso.example", "a`id`@contoso.example",
			"ada@müller.example", "äda@contoso.example", "ada@contoso。example", "ada\u202e@contoso.example", "ada@ab--cd.example",
			strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b", 64) + ".example",
			"a@" + strings.Repeat("b.", 130) + "example", "@relay.example:ada@contoso.example",
		} {
			if got, err := mail.ParseAddress(in); err == nil {
				t.Errorf("ParseAddress(%q) = %q, want an error", in, got)
			}
		}
	})
}

// FuzzParseAddress holds the grammar against the standard library's reader: what
// we accept is exactly one bare address, without any character that means
// something to SMTP, and printing it changes nothing more.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"ada@contoso.example", `"a b"@c.example`, "a@b@c.example", "a@[::1]", "é@b.example", "a+b@XN--A.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mail.ParseAddress(s)
		if err != nil {
			if !a.IsZero() {
				t.Fatalf("an error came with the address %q", a)
			}
			return
		}
		text := a.String()
		if len(text) > 254 || strings.ContainsAny(text, " \t\r\n\x00<>\"(),:;\\[]%!|`") || strings.Count(text, "@") != 1 {
			t.Fatalf("accepted %q", text)
		}
		if !strings.EqualFold(text, s) {
			t.Fatalf("%q became %q", s, text)
		}
		again, err := mail.ParseAddress(text)
		if err != nil || again != a {
			t.Fatalf("%q does not read back: %v, %v", text, again, err)
		}
		list, err := netmail.ParseAddressList(text)
		if err != nil || len(list) != 1 || list[0].Name != "" || list[0].Address != text {
			t.Fatalf("the standard library reads %q as %v, %v", text, list, err)
		}
	})
}
