package richmedia

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// optionTables are the documents with a table of all options, one in each language.
var optionTables = []string{"docs/options.md", "docs/options.zh-CN.md"}

// optionTypes returns the type of each exported function of this package that returns an option, by its name.
func optionTypes(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "With") || fn.Type.Results == nil {
				continue
			}
			if id, ok := fn.Type.Results.List[0].Type.(*ast.Ident); ok && strings.HasSuffix(id.Name, "Option") {
				found[fn.Name.Name] = id.Name
			}
		}
	}
	return found
}

func TestTheGuidesListEveryOptionWithItsDefault(t *testing.T) {
	all := optionTypes(t)
	require.Greater(t, len(all), 20)
	defaults := map[string]string{
		"WithStore":           fmt.Sprintf("`NewMemoryStore(%d)`", defaultStoreSize),
		"WithWorkers":         fmt.Sprint(defaultWorkers),
		"WithQueue":           fmt.Sprint(defaultQueue),
		"WithRetries":         fmt.Sprint(defaultRetries),
		"WithInlineLimit":     fmt.Sprintf("%d MiB", defaultInlineLimit>>20),
		"WithPartConcurrency": fmt.Sprint(defaultConcurrency),
		"WithDownloads":       fmt.Sprintf("%d MiB", defaultDownload>>20),
		"WithRefreshAhead":    fmt.Sprint(defaultConfig().refreshAhead),
	}
	for _, document := range optionTables {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for name, typ := range all {
			row := regexp.MustCompile("(?m)^\\| `" + name + `\([^)]*\)` + "` \\| ([^|]*) \\|").FindStringSubmatch(string(text))
			if !assert.NotNil(t, row, "%s has no row for %s", document, name) || typ != "Option" {
				continue
			}
			if want, ok := defaults[name]; ok {
				assert.Equal(t, want, row[1], "%s: the default of %s", document, name)
			}
		}
		limits := defaultConfig().limits
		for _, n := range []int{limits[ScopeGroup].replies, limits[ScopeC2C].replies, int(limits[ScopeC2C].window.Minutes())} {
			assert.Regexp(t, "WithReplyLimits.*"+fmt.Sprint(n), string(text), document)
		}
	}
}
