package signin

import (
	"net/url"
	"strings"
)

// localPath checks a page to return to: a path of this portal with its query,
// made only of characters that no browser reads as the start of another host.
// Empty means the first page, and so does everything under /sign-in, which would
// lead in a circle.
func localPath(s string) (string, bool) {
	const longest = 512
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-_.~?=&%+,:"
	if s == "" {
		return "/", true
	}
	if len(s) > longest || s[0] != '/' || strings.HasPrefix(s, "//") || !onlyOf(s, allowed) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(u.Path, "//") ||
		strings.Contains(u.Path, "\\") || hasDotSegment(u.Path) || hasControl(u.Path) {
		return "", false
	}
	if u.Path == "/sign-in" || strings.HasPrefix(u.Path, "/sign-in/") || u.Path == "/sign-out" {
		return "/", true
	}
	return s, true
}

func onlyOf(s, allowed string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(allowed, r) }) < 0
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}
