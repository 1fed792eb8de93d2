package platform

import (
	"regexp"
	"strings"
	"unicode"
)

// maxText bounds a cleaned text, in characters.
const maxText = 200

// Clean returns a foreign text in a form that can stand in an error or a log line: bounded, one line, printable, and
// without what looks like a credential. Values that are known to be secret are replaced before, by secrets.
func Clean(s string) string {
	s = oneLine(s)
	if strings.Contains(s, "/") {
		s = address.ReplaceAllStringFunc(s, plainAddress)
	}
	for _, p := range credentials {
		if strings.ContainsAny(s, p.needs) {
			s = p.pattern.ReplaceAllString(s, p.with)
		}
	}
	s = longRun.ReplaceAllStringFunc(s, unlikePath)
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText]) + "..."
	}
	return s
}

// oneLine drops what cannot be printed, and folds white space.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar: // direction marks and zero-width characters among them
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

var address = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:\\?/\\?/\S+`)

// plainAddress returns a without user, password, query and fragment.
func plainAddress(a string) string {
	scheme, rest, _ := strings.Cut(a, "/") // the slashes may be escaped
	rest = strings.TrimLeft(rest, `/\`)
	for address.MatchString(rest) && address.FindStringIndex(rest)[0] == 0 { // a scheme before another: "https://https://user:pass@host"
		_, rest, _ = strings.Cut(rest, "/")
		rest = strings.TrimLeft(rest, `/\`)
	}
	host, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 && (at < len(host) || !hasPort(host)) {
		rest = rest[at+1:]
	}
	if cut := strings.IndexAny(rest, "?#"); cut >= 0 {
		rest = rest[:cut+1] + "..."
	}
	return strings.TrimSuffix(scheme, `\`) + "//" + rest
}

// hasPort reports whether host is free of a password, which may hold a slash: "user:pass/word@host".
func hasPort(host string) bool {
	_, port, ok := strings.Cut(host, ":")
	return !ok || strings.Trim(port, "0123456789") == ""
}

// credentials are the forms in which one is known to be written. A text without one of the characters that a pattern needs has none
// of it, and is spared the search.
var credentials = []struct {
	pattern *regexp.Regexp
	with    string
	needs   string
}{
	// A query without its address: a blank or a quote may have separated them.
	{regexp.MustCompile(`\?[^\s?=]*=\S*`), "?...", "?"},
	{regexp.MustCompile(`(?i)(QQBot|Bearer|Basic)\s+[^\s"',;]{10,}`), "$1 ...", "qQbB"},
	// A field of JSON, which may be escaped, or a parameter.
	{regexp.MustCompile(`(?i)(file_data|file_info|access_?token|(?:app|client)_?secret|secret|token|password|passwd|sign|signature|rkey)(\\?["']\s*:\s*\\?["']|=\\?["']?)[^\s"'\\,;&]+`), "$1$2...", "=:"},
}

// longRun may be base64, of content or of a token; or a path.
var longRun = regexp.MustCompile(`[A-Za-z0-9+/=_-]{48,}`)

// unlikePath returns run unless it is longer between its slashes than the names of a path are.
func unlikePath(run string) string {
	if len(run)/(strings.Count(run, "/")+1) < 24 {
		return run
	}
	return "..."
}
