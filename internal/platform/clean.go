package platform

import (
	"regexp"
	"strings"
)

var query = regexp.MustCompile(`(?i)(https?://[^\s?"']*)\?[^\s"']*`)

// Clean returns a foreign text in a form that can stand in an error: bounded, one line, and without the queries of
// addresses, which may be credentials.
func Clean(s string) string {
	s = query.ReplaceAllString(strings.Join(strings.Fields(s), " "), "$1?...")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "..."
	}
	return s
}
