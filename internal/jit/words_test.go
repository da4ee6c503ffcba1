package jit_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/csp"
	"latchkey/internal/jit"
	"latchkey/internal/jit/jittest"
)

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"  plain  words ":                    "plain words",
		"two\r\nlines\tand a tab":            "two lines and a tab",
		"turn \u202egnihtyreve\u202c around": "turn gnihtyreve around",
		"hid\u200bden and\u2066 iso\u2069":   "hidden and iso",
		"null\x00 and bell\x07":              "null and bell",
		"broken \xff\xfe bytes":              "broken bytes",
		"Größe, naïve, 日本":                   "Größe, naïve, 日本",
		"\u00a0\u2003":                       "",
	} {
		if got := jit.CleanText(in); got != want {
			t.Errorf("CleanText(%q) = %q, want %q", in, got, want)
		}
		if got := jit.CleanText(jit.CleanText(in)); got != jit.CleanText(in) {
			t.Errorf("CleanText(%q) is not settled after once: %q", in, got)
		}
	}
}

func TestSpell(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Hour: "2 hours", time.Hour: "1 hour", 90 * time.Minute: "1 hour 30 minutes",
		25 * time.Hour: "1 day 1 hour", 61 * time.Second: "1 minute 1 second", 0: "no time", -time.Hour: "no time",
	} {
		if got := jit.Spell(d); got != want {
			t.Errorf("Spell(%v) = %q, want %q", d, got, want)
		}
	}
}

var (
	episodeID = csp.MustParseID[jit.Episode]("77777777-0000-4000-8000-000000000001")
	ends      = time.Date(2026, 11, 3, 11, 30, 0, 0, time.UTC)
)

func TestMarker(t *testing.T) {
	m := jit.Marker{Instance: jittest.Instance, Episode: episodeID, Ends: ends}
	const text = "latchkey/1 instance=0b8f3c1e-5d2a-4c77-9f10-2f6a4e9d7c01 episode=77777777-0000-4000-8000-000000000001 ends=2026-11-03T11:30:00Z"
	if got := m.String(); got != text {
		t.Errorf("String() = %q, want %q", got, text)
	}
	if got, ok := jit.ParseMarker(text); !ok || got != m {
		t.Errorf("ParseMarker = %+v, %v", got, ok)
	}
	t.Run("a fraction of a second never makes it end earlier", func(t *testing.T) {
		fine := m
		fine.Ends = ends.Add(time.Millisecond)
		got, ok := jit.ParseMarker(fine.String())
		if !ok || got.Ends.Before(fine.Ends) || got.Ends.After(fine.Ends.Add(time.Second)) {
			t.Errorf("read back %v for %v", got.Ends, fine.Ends)
		}
	})
	for name, s := range map[string]string{
		"nothing":               "",
		"words around it":       text + " or so",
		"words before it":       "see " + text,
		"another version":       strings.Replace(text, "latchkey/1", "latchkey/2", 1),
		"upper case":            strings.ToUpper(text),
		"no instance":           strings.Replace(text, "0b8f3c1e-5d2a-4c77-9f10-2f6a4e9d7c01", "", 1),
		"a zero episode":        strings.Replace(text, "77777777-0000-4000-8000-000000000001", "00000000-0000-0000-0000-000000000000", 1),
		"no time":               strings.Replace(text, "2026-11-03T11:30:00Z", "soon", 1),
		"a time not in UTC":     strings.Replace(text, "11:30:00Z", "11:30:00+01:00", 1),
		"two spaces":            strings.Replace(text, " episode", "  episode", 1),
		"fields in other order": "latchkey/1 episode=77777777-0000-4000-8000-000000000001 instance=0b8f3c1e-5d2a-4c77-9f10-2f6a4e9d7c01 ends=2026-11-03T11:30:00Z",
	} {
		t.Run(name+" is none", func(t *testing.T) {
			if m, ok := jit.ParseMarker(s); ok {
				t.Errorf("%q passes for %+v", s, m)
			}
		})
	}
}

func FuzzParseMarker(f *testing.F) {
	f.Add(jit.Marker{Instance: jittest.Instance, Episode: episodeID, Ends: ends}.String())
	f.Add("latchkey/1 instance= episode= ends=")
	f.Fuzz(func(t *testing.T, s string) {
		if m, ok := jit.ParseMarker(s); ok && m.String() != s {
			t.Errorf("%q was read as %q", s, m)
		}
	})
}

func TestObjectName(t *testing.T) {
	target := jit.Target{
		Service: jit.Azure, Tenant: jittest.Contoso.ID, Scope: jittest.Desktops, Role: jittest.Reader.ID,
		Principal: csp.MustParseID[csp.Principal]("00000000-0000-4000-8000-000000000a02"), PrincipalType: csp.User,
	}
	name := jit.ObjectName(jittest.Instance, target, episodeID)
	if name[6]>>4 != 5 || name[8]>>6 != 2 {
		t.Errorf("%s is no UUID of version 5", name)
	}
	if again := jit.ObjectName(jittest.Instance, target, episodeID); again != name {
		t.Error("the name differs the second time")
	}
	t.Run("the scope's case makes no difference", func(t *testing.T) {
		shouting := target
		shouting.Scope = csp.MustParseScope("/SUBSCRIPTIONS/22222222-BBBB-4BBB-8BBB-00000000AAAA/resourcegroups/DESKTOPS")
		if jit.ObjectName(jittest.Instance, shouting, episodeID) != name {
			t.Error("it does")
		}
	})
	for what, change := range map[string]func(instance *csp.TenantID, t *jit.Target, e *jit.EpisodeID){
		"instance":  func(i *csp.TenantID, _ *jit.Target, _ *jit.EpisodeID) { i[0]++ },
		"service":   func(_ *csp.TenantID, t *jit.Target, _ *jit.EpisodeID) { t.Service = "directory" },
		"tenant":    func(_ *csp.TenantID, t *jit.Target, _ *jit.EpisodeID) { t.Tenant[0]++ },
		"scope":     func(_ *csp.TenantID, t *jit.Target, _ *jit.EpisodeID) { t.Scope = jittest.Shop },
		"role":      func(_ *csp.TenantID, t *jit.Target, _ *jit.EpisodeID) { t.Role[0]++ },
		"principal": func(_ *csp.TenantID, t *jit.Target, _ *jit.EpisodeID) { t.Principal[0]++ },
		"episode":   func(_ *csp.TenantID, _ *jit.Target, e *jit.EpisodeID) { e[0]++ },
	} {
		t.Run("another "+what+" is another name", func(t *testing.T) {
			i, target, e := jittest.Instance, target, episodeID
			change(&i, &target, &e)
			if jit.ObjectName(i, target, e) == name {
				t.Error("it is the same")
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	n, other := jit.NewNumbers([32]byte{1}), jit.NewNumbers([32]byte{2})
	const link = jit.LinkID("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	number := n.For(link)
	if len(number) != 6 || strings.Trim(number, "0123456789") != "" {
		t.Fatalf("For = %q, want six digits", number)
	}
	if n.For(link) != number || other.For(link) == number || n.For("BBCDEFGHIJKLMNOPQRSTUVWXYZ") == number {
		t.Error("the number does not follow from key and link")
	}
	for _, typed := range []string{number, number[:3] + " " + number[3:], " " + number, number[:3] + "-" + number[3:]} {
		if !n.Match(link, typed) {
			t.Errorf("%q is not taken for %q", typed, number)
		}
	}
	for _, typed := range []string{"", number[:5], number + "0", "000000"[:6-1] + "x", other.For(link)} {
		if n.Match(link, typed) {
			t.Errorf("%q is taken for %q", typed, number)
		}
	}
}

func TestParseTextID(t *testing.T) {
	if _, err := jit.ParseTextID[jit.LinkID]("ABCDEFGHIJKLMNOPQRSTUVWXYZ"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"", "abc", "ABCDEFGHIJKLMNOPQRSTUVWXY1", "ABCDEFGHIJKLMNOPQRSTUVWXYZA", "' or 1=1 --ABCDEFGHIJKLMNO"} {
		if _, err := jit.ParseTextID[jit.LinkID](s); err == nil {
			t.Errorf("%q passes", s)
		}
	}
}
