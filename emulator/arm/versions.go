package arm

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/emulator/wire"
)

// family is a set of types with the same api-versions, and with the same way of
// saying that one is unknown.
type family struct {
	versions string
	refuse   func(c *call, asked, supported string) *failure
}

// The families. Each lists the versions that the service has or had and that some
// client in use sends.
var (
	core = family{"2014-04-01 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-03-01 2017-05-10 2017-06-01 2017-08-01 2018-01-01 2018-02-01 " +
		"2018-05-01 2018-07-01 2018-08-01 2018-09-01 2018-11-01 2019-03-01 2019-05-01 2019-05-10 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-10-01 2019-11-01 " +
		"2020-01-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-09-01 2020-10-01 2021-01-01 2021-04-01 2022-01-01 2022-05-01 2022-06-01 2022-09-01 2022-12-01 " +
		"2023-07-01 2024-03-01 2024-07-01 2024-11-01 2025-03-01 2025-04-01", refuseCore}
	roles = family{"2014-07-01-preview 2014-10-01-preview 2015-05-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-09-01 2017-10-01-preview 2018-01-01-preview 2018-07-01 " +
		"2018-09-01-preview 2018-12-01-preview 2019-04-01-preview 2020-03-01-preview 2020-04-01-preview 2020-08-01-preview 2020-10-01-preview 2021-04-01-preview " +
		"2022-01-01-preview 2022-04-01 2022-05-01-preview 2026-08-01 2026-09-01", refuseExtension}
	activation      = family{"2020-10-01-preview 2020-10-01 2022-04-01-preview 2024-02-01-preview 2024-09-01-preview", refuseExtension}
	classic         = family{"2014-06-01 2014-07-01-preview 2014-10-01-preview 2015-05-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-05-01", refuseExtension}
	locking         = family{"2015-01-01 2015-05-01-preview 2015-06-01 2016-09-01 2017-04-01 2020-05-01", refuseExtension}
	policing        = family{"2015-10-01-preview 2015-11-01 2016-04-01 2016-12-01 2017-06-01-preview 2018-03-01 2018-05-01 2019-01-01 2019-06-01 2019-09-01 2020-03-01 2020-08-01 2020-09-01 2021-06-01 2022-06-01 2023-04-01 2024-04-01 2024-05-01 2025-01-01 2025-03-01", refuseExtension}
	management      = family{"2017-11-01-preview 2018-01-01-preview 2018-03-01-preview 2019-11-01 2020-02-01 2020-05-01 2020-10-01 2021-04-01 2023-04-01", refuseExtension}
	managedServices = family{"2018-06-01-preview 2019-04-01-preview 2019-06-01 2019-09-01 2020-02-01-preview 2022-01-01-preview 2022-10-01", refuseExtension}
	compute         = family{"2019-03-01 2019-07-01 2019-12-01 2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 2021-11-01 2022-03-01 2022-08-01 2022-11-01 2023-03-01 2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01 2025-04-01", refuseResource}
	storage         = family{"2019-06-01 2020-08-01-preview 2021-01-01 2021-02-01 2021-04-01 2021-06-01 2021-08-01 2021-09-01 2022-05-01 2022-09-01 2023-01-01 2023-04-01 2023-05-01 2024-01-01 2025-01-01 2025-06-01", refuseResource}
	keyVault        = family{"2016-10-01 2018-02-14 2019-09-01 2020-04-01-preview 2021-04-01-preview 2021-06-01-preview 2021-10-01 2021-11-01-preview 2022-07-01 2023-02-01 2023-07-01 2024-11-01", refuseResource}
	// anything takes what looks like a version: for resources of types that are
	// only kept and not played.
	anything = family{"", nil}
)

func (f family) check(c *call) *failure {
	asked := c.query.Get("api-version")
	switch {
	case asked == "":
		return badRequest("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	case f.refuse == nil && looksLikeVersion(asked):
		return nil
	case f.refuse == nil:
		return refuseCore(c, asked, "yyyy-mm-dd")
	case strings.Contains(asked, " ") || !contains(f.versions, asked):
		return f.refuse(c, asked, strings.ReplaceAll(f.versions, " ", ","))
	}
	return nil
}

// contains looks for a version in a list without allocating.
func contains(versions, asked string) bool {
	for v := range strings.SplitSeq(versions, " ") {
		if strings.EqualFold(v, asked) {
			return true
		}
	}
	return false
}

func looksLikeVersion(s string) bool {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	return len(s) == 10 || strings.HasPrefix(s[10:], "-") && len(s) < 40 && !strings.ContainsAny(s, " '\"<")
}

func refuseCore(_ *call, asked, supported string) *failure {
	return badRequest("InvalidApiVersionParameter", "The api-version '"+wire.Clip(asked)+"' is invalid. The supported versions are '"+supported+"'.")
}

func refuseExtension(c *call, asked, supported string) *failure {
	namespace, kind := c.route.typed()
	return notFound("InvalidResourceType", "The resource type '"+wire.Clip(kind)+"' could not be found in the namespace '"+wire.Clip(namespace)+"' for api version '"+wire.Clip(asked)+"'. The supported api-versions are '"+supported+"'.")
}

func refuseResource(c *call, asked, supported string) *failure {
	_, kind := c.route.typed()
	return badRequest("NoRegisteredProviderFound", "No registered resource provider found for location '' and API version '"+wire.Clip(asked)+"' for type '"+wire.Clip(kind)+"'. The supported api-versions are '"+supported+"'. The supported locations are 'westeurope, northeurope'.")
}

// typed splits the type of what is asked for.
func (r route) typed() (namespace, kind string) {
	namespace, kind, _ = strings.Cut(r.actions, "/")
	return namespace, kind
}

// readQuery decodes a query as Azure does: a plus or %20 for a space, names in
// either case, $filter or %24filter.
func readQuery(raw string) (url.Values, *failure) {
	parsed, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("BadRequest", "The query string could not be read.")
	}
	q := make(url.Values, len(parsed))
	for name, values := range parsed {
		q[strings.ToLower(name)] = values
	}
	return q, nil
}

func methodNotAllowed(method string) *failure {
	return &failure{status: http.StatusMethodNotAllowed, code: "HttpMethodNotSupported", message: "The http method '" + wire.Clip(method) + "' is not supported for a resource of this type on this emulator."}
}
