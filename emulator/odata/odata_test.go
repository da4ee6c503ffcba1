package odata_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/emulator/odata"
)

var (
	role = &odata.Type{Name: "microsoft.graph.unifiedRoleDefinition", Properties: map[string]odata.Kind{"id": odata.Text, "displayName": odata.Text}}
	user = &odata.Type{
		Name: "microsoft.graph.user", Directory: true,
		Properties: map[string]odata.Kind{
			"id": odata.Text, "displayName": odata.Text, "mail": odata.Text, "accountEnabled": odata.Bool, "createdDateTime": odata.Time,
			"servicePrincipalNames": odata.Texts, "licenses": odata.Objects, "customer": odata.Complex, "logins": odata.Number,
		},
		Default: []string{"id", "displayName"},
		Links:   map[string]*odata.Type{"role": role, "members": role},
	}
	free = &odata.Type{Name: "free", Properties: user.Properties, Links: user.Links}
	noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
)

func people() []odata.Entity {
	return []odata.Entity{
		{
			"id": "1", "displayName": "Anna Berg", "mail": "anna@contoso.example", "accountEnabled": true, "createdDateTime": noon, "logins": 3,
			"servicePrincipalNames": []string{"https://a", "b"}, "licenses": []odata.Entity{{"skuId": "x", "on": true}}, "customer": odata.Entity{"tenantId": "t1"},
			"role": odata.Entity{"id": "r", "displayName": "Reader"},
		},
		{
			"id": "2", "displayName": "Bo O'Neil", "mail": nil, "accountEnabled": false, "createdDateTime": noon.Add(time.Hour), "logins": 5,
			"servicePrincipalNames": []string{"c"}, "licenses": []odata.Entity(nil), "customer": nil,
		},
		{"id": "3", "displayName": "anna zorn", "mail": "zorn@contoso.example", "accountEnabled": true, "createdDateTime": noon.Add(2 * time.Hour), "logins": 4},
	}
}

func TestFilterMatches(t *testing.T) {
	for _, test := range []struct{ filter, want string }{
		{"displayName eq 'ANNA BERG'", "1"},
		{"DisplayName EQ 'anna berg'", "1"},
		{"displayName ne 'Anna Berg'", "23"},
		{"displayName eq 'Bo O''Neil'", "2"},
		{"startswith(displayName,'anna')", "13"},
		{"startsWith(displayName, 'anna') and accountEnabled eq true", "13"},
		{"startswith(displayName,'anna') eq false", "2"},
		{"endswith(mail,'@contoso.example')", "13"},
		{"contains(tolower(displayName),'berg')", "1"},
		{"tolower(displayName) eq 'anna berg'", "1"},
		{"not(startswith(displayName,'anna'))", "2"},
		{"not startswith(displayName,'anna') or id eq '1'", "12"},
		{"mail eq null", "2"},
		{"mail ne null", "13"},
		{"id in ('1','3')", "13"},
		{"servicePrincipalNames/any(c:c eq 'HTTPS://A')", "1"},
		{"servicePrincipalNames/any()", "12"},
		{"servicePrincipalNames/any(x:startswith(x,'https'))", "1"},
		{"servicePrincipalNames/all(x:x eq 'c')", "23"},
		{"licenses/any(l:l/skuId eq 'x' and l/on eq true)", "1"},
		{"customer/tenantId eq 't1'", "1"},
		{"createdDateTime gt 2026-11-02T12:00:00Z", "23"},
		{"createdDateTime le 2026-11-02T13:00:00Z", "12"},
		{"createdDateTime ge 2026-11-02", "123"},
		{"createdDateTime eq '2026-11-02T12:00:00Z'", "1"},
		{"logins lt 5", "13"},
		{"accountEnabled", "13"},
		{"not accountEnabled", "2"},
		{"(id eq '1' or id eq '2') and accountEnabled eq false", "2"},
		{"id eq '1' or id eq '2' and accountEnabled eq false", "12"},
	} {
		f, err := odata.ParseFilter(test.filter, free)
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		matching := slices.DeleteFunc(people(), func(e odata.Entity) bool { return !f.Matches(e) })
		if got := ids(odata.Page{Items: matching}); got != test.want {
			t.Errorf("%s: got %s, want %s", test.filter, got, test.want)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	for _, filter := range []string{
		"displayName", "displayName eq", "eq 'x'", "displayName eq 'x", "displayName eq x", "nobody eq 'x'", "displayName eq 'x' and", "displayName eq 'x' x",
		"accountEnabled eq 'x'", "displayName eq true)", "((displayName eq 'x')", "startswith(displayName)", "startswith(displayName,1)", "startswith(accountEnabled,'x')",
		"id in ()", "id in ('1'", "id in 1", "displayName/any(c:c eq 'x')", "servicePrincipalNames/any(c c eq 'x')", "servicePrincipalNames/any(c:d eq 'x')",
		"servicePrincipalNames/some(c:c eq 'x')", "servicePrincipalNames eq null", "not", ":", "tolower(accountEnabled) eq 'x'", "tolower(tolower(tolower(displayName))) eq 'x'",
		strings.Repeat("(", 1000) + "id eq '1'" + strings.Repeat(")", 1000), strings.Repeat("not ", 1000) + "id eq '1'", strings.Repeat("x", 9000),
	} {
		_, err := odata.ParseFilter(filter, free)
		if r, ok := errors.AsType[*odata.Refusal](err); !ok || r.Code != "BadRequest" {
			t.Errorf("%.60s: got %v", filter, err)
		}
	}
}

func ask(t *testing.T, on *odata.Type, consistency string, pairs ...string) (*odata.Query, error) {
	t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return odata.Parse(values, consistency, on)
}

func ids(p odata.Page) string {
	var b strings.Builder
	for _, e := range p.Items {
		id, _ := e["id"].(string)
		b.WriteString(id)
	}
	return b.String()
}

func TestDirectoryDemandsAdvancedQueries(t *testing.T) {
	for _, pairs := range [][]string{
		{"$filter", "mail ne null"},
		{"$filter", "not(id eq '1')"},
		{"$filter", "endswith(mail,'x')"},
		{"$search", `"displayName:anna"`},
		{"$filter", "accountEnabled eq true", "$orderby", "displayName"},
	} {
		_, err := ask(t, user, "", pairs...)
		if r, ok := errors.AsType[*odata.Refusal](err); !ok || r.Code != "Request_UnsupportedQuery" {
			t.Errorf("%v: got %v", pairs, err)
		}
		if _, err := ask(t, user, "eventual", append(pairs, "$count", "true")...); err != nil {
			t.Errorf("%v as an advanced query: %v", pairs, err)
		}
		if _, err := ask(t, free, "", pairs...); err != nil {
			t.Errorf("%v outside of the directory: %v", pairs, err)
		}
	}
	if q, err := ask(t, user, "", "$count", "true"); err != nil || q.Count {
		t.Errorf("a count without the header is left out: %v", err)
	}
}

func TestPagesCoverEverythingOnce(t *testing.T) {
	var all []odata.Entity
	for i := range 25 {
		all = append(all, odata.Entity{"id": strconv.Itoa(i), "displayName": "n"})
	}
	values, seen := url.Values{"$top": {"4"}}, 0
	for range 10 {
		q, err := odata.Parse(values, "", free)
		if err != nil {
			t.Fatal(err)
		}
		page := q.Run(all, odata.Limits{Default: 10, Most: 20})
		for _, e := range page.Items {
			if e["id"] != strconv.Itoa(seen) {
				t.Fatalf("%v where %d was to come", e["id"], seen)
			}
			seen++
		}
		if page.Next == "" {
			break
		}
		next := odata.Next("https://x/y", values, page.Next)
		u, err := url.Parse(next)
		if err != nil || !strings.HasPrefix(next, "https://x/y?$skiptoken=") || u.Query().Get("$top") != "4" {
			t.Fatalf("%s: %v", next, err)
		}
		values = u.Query()
	}
	if seen != 25 {
		t.Errorf("%d were seen", seen)
	}
	q, err := odata.Parse(url.Values{"$skip": {"20"}, "$top": {"900"}, "$count": {"true"}}, "", free)
	if err != nil {
		t.Fatal(err)
	}
	if page := q.Run(all, odata.Limits{Default: 10, Most: 3}); len(page.Items) != 3 || page.Count != 25 || page.Items[0]["id"] != "20" {
		t.Errorf("%+v", page)
	}
}

func TestPageGoesOnBehindWhatWasShown(t *testing.T) {
	all := people()
	q, _ := odata.Parse(url.Values{"$top": {"2"}}, "", free)
	token := q.Run(all, odata.Limits{Default: 10, Most: 10}).Next
	q, err := odata.Parse(url.Values{"$skiptoken": {token}}, "", free)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(q.Run(slices.Concat([]odata.Entity{{"id": "0"}}, all), odata.Limits{Default: 10, Most: 10})); got != "3" {
		t.Errorf("with one more in front: %s", got)
	}
	if _, err := odata.Parse(url.Values{"$skiptoken": {"?"}}, "", free); err == nil {
		t.Error("a broken token is taken")
	}
}

func TestSelectExpandOrderSearch(t *testing.T) {
	limits := odata.Limits{Default: 10, Most: 10}
	shape := func(e odata.Entity, pairs ...string) string {
		q, err := ask(t, user, "", pairs...)
		if err != nil {
			return err.Error()
		}
		raw, err := json.Marshal(q.Shape(e))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	anna := people()[0]
	if got := shape(anna); got != `{"displayName":"Anna Berg","id":"1"}` {
		t.Errorf("by default: %s", got)
	}
	if got := shape(anna, "$select", "MAIL, accountEnabled"); got != `{"accountEnabled":true,"mail":"anna@contoso.example"}` {
		t.Errorf("selected: %s", got)
	}
	if got := shape(anna, "$select", "id", "$expand", "role($select=displayName)"); got != `{"id":"1","role":{"displayName":"Reader"}}` {
		t.Errorf("expanded: %s", got)
	}
	for _, pairs := range [][]string{
		{"$select", "nobody"},
		{"$expand", "nobody"},
		{"$expand", "role($select=nobody)"},
		{"$expand", "role($filter=id eq 'x')"},
		{"$expand", "role($expand=nobody)"},
		{"$expand", "role,members"},
		{"$orderby", "nobody"},
		{"$orderby", "displayName sideways"},
		{"$top", "0"},
		{"$top", "-1"},
		{"$top", "x"},
		{"$count", "maybe"},
		{"$search", "anna"},
		{"$search", `"anna"`},
		{"$search", `"nobody:anna"`},
	} {
		if _, err := ask(t, user, "eventual", pairs...); err == nil {
			t.Errorf("%v is taken", pairs)
		}
	}
	for _, test := range []struct{ option, value, want string }{
		{"$orderby", "displayName desc", "231"},
		{"$orderby", "accountEnabled desc,displayName", "132"},
		{"$orderby", "mail", "213"},
		{"$search", `"displayName:anna"`, "13"},
		{"$search", `"displayName:anna" AND "mail:zo"`, "3"},
		{"$search", `"displayName:bo" OR "mail:zo"`, "23"},
	} {
		q, err := ask(t, user, "eventual", test.option, test.value, "$count", "true")
		if err != nil {
			t.Errorf("%s: %v", test.value, err)
			continue
		}
		if got := ids(q.Run(people(), limits)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.value, got, test.want)
		}
	}
}

func TestDurations(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"P730D": 730 * day, "P2Y": 730 * day, "PT2H": 2 * time.Hour, "P1DT30M": day + 30*time.Minute, "P4W2D": 30 * day, "pt90s": 90 * time.Second,
		"PT0S": 0, "P0D": 0, "PT0.5H": 30 * time.Minute, "P1M": 30 * day,
	} {
		if got, err := odata.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "2H", "P2H", "PT2D", "P-1D", "PD", "PT1M2H", "P1D1D", "P1DT", "P999999999Y", "P1e3D", "PNAND"} {
		if got, err := odata.ParseDuration(text); err == nil {
			t.Errorf("%s is taken for %v", text, got)
		}
	}
	for want, d := range map[string]time.Duration{"P730D": 730 * day, "PT0S": 0, "PT2H": 2 * time.Hour, "PT25H30M1.5S": 25*time.Hour + 30*time.Minute + 1500*time.Millisecond} {
		got := odata.FormatDuration(d)
		if back, err := odata.ParseDuration(got); got != want || err != nil || back != d {
			t.Errorf("%v: got %s, which is %v again, %v", d, got, back, err)
		}
	}
}

// FuzzQuery: no query makes a panic, and what is refused is refused in Graph's way.
func FuzzQuery(f *testing.F) {
	f.Add("startswith(displayName,'a') and not(mail eq null)", `"displayName:a"`, "id,displayName", "role($select=id)", "displayName desc", "e30")
	f.Add("servicePrincipalNames/any(c:c eq 'x') or id in ('1','2')", "", "*", "members", "id asc", "")
	f.Add("customer/tenantId eq 't' and createdDateTime ge 2026-11-02T00:00:00Z", `"mail:a" OR "mail:b"`, "", "", "", "")
	f.Add("licenses/any(l:l/skuId eq 00000003-0000-0000-c000-000000000000)", "", "", "", "", "")
	f.Add("(((", `"`, ",,", "((;", ",", "?")
	f.Fuzz(func(t *testing.T, filter, search, choice, expand, order, token string) {
		values := url.Values{"$filter": {filter}, "$search": {search}, "$select": {choice}, "$expand": {expand}, "$orderby": {order}, "$skiptoken": {token}, "$count": {"true"}}
		q, err := odata.Parse(values, "eventual", free)
		if err != nil {
			if r, ok := errors.AsType[*odata.Refusal](err); !ok || r.Code == "" || r.Message == "" {
				t.Errorf("refused with %v", err)
			}
			return
		}
		page := q.Run(people(), odata.Limits{Default: 2, Most: 2})
		if len(page.Items) > 2 {
			t.Error("a page is too large")
		}
		for _, e := range page.Items {
			q.Shape(e)
		}
	})
}
