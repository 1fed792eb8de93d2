// Package examples_test holds what all examples have in common.
package examples_test

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

const stage = `"github.com/botgo-contrib/richmedia/examples/internal/stage"`

// commands are the folders with a main, and the file that has it.
func commands(t *testing.T) map[string]*ast.File {
	t.Helper()
	files, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	found := map[string]*ast.File{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" && f.Recv == nil {
				found[filepath.Dir(name)] = file
			}
		}
	}
	require.GreaterOrEqual(t, len(found), 11)
	return found
}

// row is a line of the table: folder, what it shows, the file to begin with, its lines, the command, needs, -live.
var row = regexp.MustCompile("(?m)^\\| \\[([\\w-]+)\\]\\(([\\w-]+)\\) \\| ([^|]+) \\| \\[([\\w.]+)\\]\\(([\\w./-]+)\\) \\| (\\d+) \\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$")

func TestEveryExampleHasARowThatIsTrue(t *testing.T) {
	mains := commands(t)
	for readme, words := range map[string]struct{ yes, no string }{"README.md": {"yes", "no"}, "README.zh-CN.md": {"支持", "不支持"}} {
		text, err := os.ReadFile(readme)
		require.NoError(t, err)
		rows := map[string]bool{}
		for _, cells := range row.FindAllStringSubmatch(string(text), -1) {
			folder, file := cells[1], cells[5]
			assert.Equal(t, folder, cells[2], readme)
			assert.Equal(t, folder+"/"+cells[4], file, readme)
			assert.False(t, rows[folder], "%s: two rows of %s", readme, folder)
			rows[folder] = true

			main := mains[folder]
			if !assert.NotNil(t, main, "%s: %s has no main", readme, folder) {
				continue
			}
			code, err := os.ReadFile(file)
			require.NoError(t, err)
			lines := strings.Count(string(code), "\n")
			assert.Equal(t, fmt.Sprint(lines), cells[6], "%s: lines of %s", readme, file)
			assert.Less(t, lines, 100, "%s: what a reader copies fits on a page or two", file)
			assert.NotContains(t, string(code), stage, "%s: what a reader copies stands without the stage", file)

			command := "go run ./examples/" + folder
			if _, err := os.Stat(folder + "/go.mod"); err == nil {
				command = "cd examples/" + folder + " && go run ."
			}
			assert.Equal(t, command, cells[7], readme)
			assert.Contains(t, main.Doc.Text(), "\n\t"+command+"\n", "%s: the comment of its main says how to run it", folder)

			live := words.no
			if hasLive(t, folder) {
				live = words.yes
			}
			assert.Equal(t, live, regexp.MustCompile(`^[^,，]+`).FindString(cells[9]), "%s: -live of %s", readme, folder)
		}
		for folder := range mains {
			assert.True(t, rows[folder], "%s has no row of %s", readme, folder)
		}
	}
}

func TestEveryExampleIsTested(t *testing.T) {
	for folder := range commands(t) {
		tests, err := filepath.Glob(folder + "/*_test.go")
		require.NoError(t, err)
		assert.NotEmpty(t, tests, folder)
	}
}

// hasLive looks for an Example with a Live.
func hasLive(t *testing.T, folder string) bool {
	t.Helper()
	code, err := os.ReadFile(folder + "/main.go")
	require.NoError(t, err)
	return regexp.MustCompile(`\bLive:`).Match(code)
}
