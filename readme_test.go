package richmedia

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guides are the texts that show code.
func guides(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	return append([]string{"README.md", "README.zh-CN.md", "CONTRIBUTING.md"}, docs...)
}

// known is what the snippets take for granted, each where it is used.
var known = map[string]string{
	"ctx":         "context.Context",
	"c":           "*richmedia.Context",
	"media":       "*richmedia.Plugin",
	"src":         "oauth2.TokenSource",
	"credentials": "*token.QQBotCredentials",
	"api":         "openapi.OpenAPI",
	"gateway":     "*dto.WebsocketAP",
	"intents":     "dto.Intent",
	"address":     "string",
	"err":         "error",
	"platform":    "*richmediatest.Platform",
	"cat":         "richmedia.Handler",
	"store":       "richmedia.Store",
	"server":      "*http.Server",
}

var packages = map[string]string{
	"context": "context", "log": "log", "http": "net/http", "os": "os", "signal": "os/signal", "syscall": "syscall", "time": "time",
	"errors": "errors", "fmt": "fmt", "testing": "testing", "io": "io", "slog": "log/slog",
	"oauth2": "golang.org/x/oauth2", "require": "github.com/stretchr/testify/require",
	"botgo": "github.com/tencent-connect/botgo", "dto": "github.com/tencent-connect/botgo/dto",
	"event": "github.com/tencent-connect/botgo/event", "openapi": "github.com/tencent-connect/botgo/openapi",
	"token": "github.com/tencent-connect/botgo/token", "constant": "github.com/tencent-connect/botgo/constant",
	"richmedia":     "github.com/botgo-contrib/richmedia",
	"richmediatest": "github.com/botgo-contrib/richmedia/richmediatest",
	"voice":         "github.com/botgo-contrib/richmedia/voice",
	"redisstore":    "github.com/botgo-contrib/richmedia/redisstore",
	"redis":         "github.com/redis/go-redis/v9",
}

var fence = regexp.MustCompile("(?ms)^```go\n(.*?)^```")

// TestEverySnippetOfTheGuidesCompiles puts each into a file that does not exist, but for the compiler.
func TestEverySnippetOfTheGuidesCompiles(t *testing.T) {
	dir := t.TempDir()
	overlays := map[string]map[string]string{} // by the folder of a module
	places := map[string]string{}
	for _, guide := range guides(t) {
		text, err := os.ReadFile(guide)
		require.NoError(t, err)
		for i, found := range fence.FindAllSubmatchIndex(text, -1) {
			snippet := string(text[found[2]:found[3]])
			name := fmt.Sprintf("snippet_%s_%d", strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(guide), i)
			file := filepath.Join(dir, name+".go")
			require.NoError(t, os.WriteFile(file, []byte(program(t, guide, name, snippet)), 0o600))
			module := "."
			if strings.Contains(snippet, "redis") {
				module = "examples/scaleout" // a module that has the store and the plugin
			}
			root, err := filepath.Abs(module)
			require.NoError(t, err)
			if overlays[module] == nil {
				overlays[module] = map[string]string{}
			}
			overlays[module][filepath.Join(root, name, "snippet.go")] = file
			places[name] = fmt.Sprintf("%s, line %d", guide, 1+strings.Count(string(text[:found[0]]), "\n"))
		}
	}
	require.Greater(t, len(places), 20)
	for module, replace := range overlays {
		overlay := filepath.Join(dir, "overlay.json")
		raw, err := json.Marshal(map[string]any{"Replace": replace})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(overlay, raw, 0o600))
		args := []string{"build", "-overlay", overlay}
		for file := range replace {
			args = append(args, "./"+filepath.Base(filepath.Dir(file)))
		}
		cmd := exec.CommandContext(context.Background(), "go", args...)
		cmd.Dir = module
		out, err := cmd.CombinedOutput()
		said := string(out)
		for name, place := range places {
			said = strings.ReplaceAll(said, name, place)
		}
		require.NoError(t, err, said)
	}
}

var mentions = regexp.MustCompile(`\b([a-zA-Z]\w*)\b`)

// program makes a file of a snippet: a whole one, declarations, or statements of a handler.
func program(t *testing.T, guide, name, snippet string) string {
	t.Helper()
	if strings.HasPrefix(snippet, "package ") {
		rest := "\nvar _ = main\n"
		if !strings.Contains(snippet, "func main(") { // the test of the bot that is shown elsewhere
			rest = "\nvar cat richmedia.Handler\n"
		}
		return strings.Replace(snippet, "package main", "package "+name, 1) + rest
	}
	body := snippet
	if first := strings.Fields(snippet)[0]; first != "func" && first != "var" {
		body = "func _() error {\n" + snippet + used(t, guide, snippet) + "\nreturn nil\n}\n"
	}
	var imports, vars strings.Builder
	if strings.Contains(snippet, "*bot)") {
		vars.WriteString("type bot struct{ api openapi.OpenAPI; media *richmedia.Plugin; photo richmedia.Source }\n")
	}
	needs := map[string]bool{}
	for _, m := range mentions.FindAllString(snippet, -1) {
		if typ, ok := known[m]; ok && !needs[m] && !strings.HasPrefix(snippet, "func "+m) {
			needs[m] = true
			fmt.Fprintf(&vars, "var %s %s\nvar _ = %s\n", m, typ, m)
		}
	}
	for pkg, path := range packages {
		if regexp.MustCompile(`\b` + pkg + `\.[A-Z]`).MatchString(body + vars.String()) {
			fmt.Fprintf(&imports, "%s %q\n", pkg, path)
		}
	}
	return "package " + name + "\nimport (\n" + imports.String() + ")\n" + vars.String() + body
}

// used takes the edge off what a snippet declares for what comes after it.
func used(t *testing.T, guide, snippet string) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), guide, "package p\nfunc _() {\n"+snippet+"\n}", 0)
	require.NoError(t, err, "%s:\n%s", guide, snippet)
	fn, ok := f.Decls[0].(*ast.FuncDecl)
	require.True(t, ok)
	var out strings.Builder
	for _, statement := range fn.Body.List {
		if a, ok := statement.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			for _, left := range a.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name != "_" {
					out.WriteString("\n_ = " + id.Name)
				}
			}
		}
	}
	return out.String()
}

// options are the exported functions of this package that make an option, by the sort of it.
func options(t *testing.T) map[string]string {
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
	all := options(t)
	require.Greater(t, len(all), 20)
	defaults := map[string]string{
		"WithStore":           fmt.Sprintf("`NewMemoryStore(%d)`", defaultStoreSize),
		"WithWorkers":         fmt.Sprint(defaultWorkers),
		"WithQueue":           fmt.Sprint(defaultQueue),
		"WithRetries":         fmt.Sprint(defaultRetries),
		"WithInlineLimit":     fmt.Sprintf("%d MiB", defaultInlineLimit>>20),
		"WithPartConcurrency": fmt.Sprint(defaultConcurrency),
		"WithRefreshAhead":    fmt.Sprint(defaultConfig().refreshAhead),
	}
	for _, readme := range []string{"docs/options.md", "docs/options.zh-CN.md"} {
		text, err := os.ReadFile(readme)
		require.NoError(t, err)
		for name, sort := range all {
			row := regexp.MustCompile("(?m)^\\| `" + name + `\([^)]*\)` + "` \\| ([^|]*) \\|").FindStringSubmatch(string(text))
			if !assert.NotNil(t, row, "%s has no row for %s", readme, name) || sort != "Option" {
				continue
			}
			if want, ok := defaults[name]; ok {
				assert.Equal(t, want, row[1], "%s: the default of %s", readme, name)
			}
		}
		limits := defaultConfig().limits
		for _, n := range []int{limits[ScopeGroup].replies, limits[ScopeC2C].replies, int(limits[ScopeC2C].window.Minutes())} {
			assert.Regexp(t, "WithReplyLimits.*"+fmt.Sprint(n), string(text), readme)
		}
	}
}
