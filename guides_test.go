package richmedia

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	mdLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	mdCode    = regexp.MustCompile("(?ms)^```.*?^```")
)

// anchors returns the fragments under which GitHub shows the headings of a document.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range mdHeading.FindAllStringSubmatch(mdCode.ReplaceAllString(text, ""), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		found[slug] = true
	}
	return found
}

func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "testdata/formats/*.md"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		documents = append(documents, names...)
	}
	require.Greater(t, len(documents), 15)
	linked := map[string]bool{}
	for _, name := range documents {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range mdLink.FindAllStringSubmatch(mdCode.ReplaceAllString(string(raw), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			linked[target] = linked[target] || target != name
			if _, err := os.Stat(target); !assert.NoError(t, err, "%s links to %s", name, m[1]) || anchor == "" {
				continue
			}
			text, err := os.ReadFile(target)
			require.NoError(t, err)
			assert.True(t, anchors(string(text))[anchor], "%s links to %s, and no heading of it has that anchor", name, m[1])
		}
	}
	for _, name := range documents {
		if strings.HasPrefix(name, "docs/") {
			assert.True(t, linked[name], "no document links to %s", name)
		}
	}
}

func TestTheReadmesStayShort(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(raw), 12_000, "%s: reference belongs into docs", name)
	}
}

func TestTheGuidesListEverySentinelError(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	require.NoError(t, err)
	var sentinels []string
	for _, d := range f.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names { //nolint:forcetypeassert // every spec of a var declaration is one
				if strings.HasPrefix(id.Name, "Err") {
					sentinels = append(sentinels, id.Name)
				}
			}
		}
	}
	require.Greater(t, len(sentinels), 8)
	for _, guide := range []string{"docs/errors.md", "docs/errors.zh-CN.md"} {
		text, err := os.ReadFile(guide)
		require.NoError(t, err)
		for _, name := range sentinels {
			assert.Contains(t, string(text), "| `"+name+"`", "%s has no row for %s", guide, name)
		}
	}
}
