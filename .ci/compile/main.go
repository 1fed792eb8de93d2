// Command compile builds the Go code of the guides. It runs in the root of the repository.
//
//	compile              the READMEs, CONTRIBUTING.md and docs/*.md
//	compile FILE...      these files
//
// A block that is fenced as go is a whole program, declarations, or the statements of a handler. What statements and
// declarations take for granted, such as c or media, and the imports are added. The error names the guide and the line.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, guides []string) error {
	if len(guides) == 0 {
		docs, err := filepath.Glob("docs/*.md")
		if err != nil {
			return err
		}
		guides = append([]string{"README.md", "README.zh-CN.md", "CONTRIBUTING.md"}, docs...)
	}
	byModule := map[string][]snippet{}
	for _, guide := range guides {
		text, err := os.ReadFile(guide) //nolint:gosec // a file that the caller names
		if err != nil {
			return err
		}
		path, err := filepath.Abs(guide)
		if err != nil {
			return err
		}
		found := snippetsOf(guide, path, string(text))
		fmt.Fprintf(w, "%s: %d snippets\n", guide, len(found)) //nolint:errcheck // a report
		for _, s := range found {
			byModule[s.module()] = append(byModule[s.module()], s)
		}
	}
	if len(byModule) == 0 {
		return errors.New("the guides show no Go code")
	}
	for _, module := range slices.Sorted(maps.Keys(byModule)) {
		if err := compile(module, byModule[module]); err != nil {
			return err
		}
	}
	return nil
}

// names is what snippets take for granted. Each name is declared only in the snippets that mention it.
var names = map[string]string{
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
	"behindProxy": "http.RoundTripper",
	"quoting":     "*dto.Message",
	"resp":        "*http.Response",
}

// imports is the import path of each package name that snippets use.
var imports = map[string]string{
	"context": "context", "log": "log", "net": "net", "http": "net/http", "tls": "crypto/tls", "x509": "crypto/x509", "os": "os", "signal": "os/signal", "syscall": "syscall", "time": "time",
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

// snippet is a block of Go code in a guide.
type snippet struct {
	path string // of the guide, absolute
	line int    // of the code's beginning, from 1
	name string // of the package that it is compiled as
	code string
}

var fence = regexp.MustCompile("(?ms)^[ \t]*```go\n(.*?)^[ \t]*```")

func snippetsOf(guide, path, text string) []snippet {
	var all []snippet
	for i, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, snippet{
			path: path,
			line: 1 + strings.Count(text[:at[2]], "\n"),
			name: fmt.Sprintf("snippet_%s_%d", regexp.MustCompile(`\W`).ReplaceAllString(guide, "_"), i),
			code: text[at[2]:at[3]],
		})
	}
	return all
}

// lined returns the code below a directive by which the compiler counts the guide's lines.
func (s snippet) lined() string { return fmt.Sprintf("//line %s:%d\n%s", s.path, s.line, s.code) }

// module returns the folder of a module that has everything that s imports.
func (s snippet) module() string {
	if strings.Contains(s.code, "redis") {
		return "examples/scaleout"
	}
	return "."
}

var identifier = regexp.MustCompile(`\b[a-zA-Z]\w*\b`)

// program returns the file that s is compiled as.
func (s snippet) program() (string, error) {
	if strings.HasPrefix(s.code, "package ") {
		rest := "\nvar _ = main\n"
		if !strings.Contains(s.code, "func main(") { // a test of the bot that the guide shows elsewhere
			rest = "\nvar cat richmedia.Handler\n"
		}
		return regexp.MustCompile(`(?m)^package \w+`).ReplaceAllString(s.lined(), "package "+s.name) + rest, nil
	}
	body := s.lined()
	if words := strings.Fields(s.code); len(words) == 0 {
		return "", fmt.Errorf("%s:%d: the snippet is empty", s.path, s.line)
	} else if words[0] != "func" && words[0] != "var" {
		defined, err := s.defined()
		if err != nil {
			return "", err
		}
		body = "func _() error {\n" + body
		for _, name := range defined {
			body += "\n_ = " + name
		}
		body += "\nreturn nil\n}\n"
	}
	var declared strings.Builder
	if strings.Contains(s.code, "*bot)") {
		declared.WriteString("type bot struct{ api openapi.OpenAPI; media *richmedia.Plugin; photo richmedia.Source }\n")
	}
	mentioned := identifier.FindAllString(s.code, -1)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(mentioned, name) && !strings.HasPrefix(s.code, "func "+name) {
			fmt.Fprintf(&declared, "var %s %s\nvar _ = %s\n", name, names[name], name)
		}
	}
	var imported strings.Builder
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(body + declared.String()) {
			fmt.Fprintf(&imported, "%s %q\n", name, imports[name])
		}
	}
	return "package " + s.name + "\nimport (\n" + imported.String() + ")\n" + declared.String() + body, nil
}

// defined returns the variables that the statements of s define and that Go wants to see used.
func (s snippet) defined() ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+s.lined()+"\n}", 0)
	if err != nil {
		return nil, err
	}
	var defined []string
	for _, statement := range file.Decls[0].(*ast.FuncDecl).Body.List { //nolint:forcetypeassert // the function around s.code
		if assign, ok := statement.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE {
			for _, left := range assign.Lhs {
				if id, ok := left.(*ast.Ident); ok && id.Name != "_" {
					defined = append(defined, id.Name)
				}
			}
		}
	}
	return defined, nil
}

// compile builds snippets as packages of a module. The files exist for the compiler only.
func compile(module string, snippets []snippet) error {
	root, err := filepath.Abs(module)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "snippets")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	replace := map[string]string{}
	overlay := filepath.Join(dir, "overlay.json")
	args := []string{"build", "-overlay", overlay}
	for _, s := range snippets {
		program, err := s.program()
		if err != nil {
			return err
		}
		file := filepath.Join(dir, s.name+".go")
		if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
			return err
		}
		replace[filepath.Join(root, s.name, "snippet.go")] = file
		args = append(args, "./"+s.name)
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // the arguments are made here
	cmd.Dir = module
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("module %s: %w\n%s", module, err, bytes.TrimSpace(out))
}
