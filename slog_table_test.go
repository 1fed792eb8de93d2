package richmedia

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/errs"
)

// What the arguments of botgo's log calls are, beside those that the table names.
var (
	// Numbers, durations and errors, which pass in every call.
	botgoPlainArgs = []string{
		"apInfo.Shards", "ctx.Err()", "err", "len(body)", "rand", "refreshMilliSec", "retrieveRsp.Code", "shard", "startInterval",
		"version", // of the API, a number
	}
	// Credentials, content, and values that may hold one of them.
	botgoContentArgs = []string{
		"body", "data", "e", "l", "message", "payload", "payload.Data", "payload.RawMessage", "r.Header", "req", "resp", "rsp.Result()",
		"string(body)", "string(data)", "string(m)", "string(message)", "string(resp.Body())", "tk",
	}
)

// logCall is a call of botgo's package log in botgo's source.
type logCall struct {
	at     string
	format string   // or the first argument of a plain call, if it is a literal
	args   []string // without the format
}

func TestTheLogTableFitsBotgosSource(t *testing.T) {
	calls := botgoLogCalls(t)
	require.Greater(t, len(calls), 70, "the search finds botgo's calls")
	named := map[string]map[int]string{}
	for _, call := range calls {
		for i, arg := range call.args {
			want, passes := botgoArgs[call.format][i]
			switch {
			case passes:
				assert.Equal(t, want, arg, "%s: the argument %d of %q passes because it is another one", call.at, i, call.format)
				if named[call.format] == nil {
					named[call.format] = map[int]string{}
				}
				named[call.format][i] = arg
			case slices.Contains(botgoPlainArgs, arg), slices.Contains(botgoContentArgs, arg), arg == "msg": // Errorf(msg), without arguments
			default:
				t.Errorf("%s: nobody has decided whether %s of %q may pass", call.at, arg, call.format)
			}
		}
	}
	assert.Equal(t, named, botgoArgs, "the table names calls that botgo does not make")
	for format, args := range botgoArgs {
		for _, arg := range args {
			assert.NotContains(t, botgoContentArgs, arg, format)
		}
	}
}

// FuzzSlog logs a secret in every way in which Go can hold one, with any format and among any other arguments: it passes in
// none, unless botgo's table names the place or the format has it itself.
func FuzzSlog(f *testing.F) {
	f.Add("", "", uint8(0), 1)
	f.Add("%s", "", uint8(1), 2)
	f.Add("%v %+v %#v %T %q %x %d", "x", uint8(2), 3)
	f.Add("%!s %[2]*.[1]*f %z", "%s", uint8(3), 4)
	f.Add("100%", "{\"a\":", uint8(4), 5)
	f.Add("%s receive %s message, %s", "Dispatch", uint8(5), 6)
	f.Add("http callback body: %s,len:%d", "https://example.com?a=", uint8(6), 7)
	const secret = "S3CRET"
	type holder struct{ Token string }
	f.Fuzz(func(t *testing.T, format, text string, which uint8, n int) {
		_, known := botgoArgs[format]
		if known || strings.Contains(format, secret) || strings.HasPrefix(format, "richmedia: ") {
			return
		}
		forms := []any{
			secret, []byte(secret),
			holder{secret},
			&holder{secret},
			map[string]string{secret: secret},
			[]any{secret},
			named(secret),
			json.RawMessage(`"` + secret + `"`), stringer(secret),
			struct{ error }{},
			fmt.Errorf("%w", errs.New(500, secret)),
			&url.Error{Op: "Get", URL: "https://example.com/?k=" + secret, Err: io.EOF}, errors.New("QQBot " + secret), errors.New(`{"a":"` + secret + `"}`),
		}
		arg := forms[int(which)%len(forms)]
		var b strings.Builder
		l := Slog(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
		l.Debugf(format, arg, text, n)
		l.Infof(format, text, n, arg)
		l.Warn(arg, text, n)
		if !strings.HasPrefix(text, "[OPENAPI]") && botgoArgs[text] == nil {
			l.Error(text, n, arg)
		}
		if strings.Contains(b.String(), secret) {
			t.Fatalf("%q with %T: %s", format, arg, b.String())
		}
		if strings.Count(b.String(), "\n") < 3 {
			t.Fatalf("a line is missing: %s", b.String())
		}
	})
}

type named string

type stringer string

func (s stringer) String() string { return string(s) }

// botgoLogCalls finds the calls in the source of the botgo that this module is built with.
func botgoLogCalls(t *testing.T) (calls []logCall) {
	t.Helper()
	const module = "github.com/tencent-connect/botgo"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	require.NoError(t, err)
	dir := strings.TrimSpace(string(out))
	require.NotEmpty(t, dir)
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == strconv.Quote(module+"/log") && i.Name == nil }) {
			return nil
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if fn := types.ExprString(call.Fun); strings.HasPrefix(fn, "log.") && fn != "log.Sync" {
					calls = append(calls, readLogCall(files.Position(call.Pos()).String(), strings.HasSuffix(fn, "f"), call.Args))
				}
			}
			return true
		})
		return nil
	}))
	return calls
}

func readLogCall(at string, formatted bool, args []ast.Expr) logCall {
	call := logCall{at: at}
	if literal, ok := args[0].(*ast.BasicLit); ok {
		call.format, _ = strconv.Unquote(literal.Value)
		if formatted {
			args = args[1:]
		}
	}
	for _, arg := range args {
		call.args = append(call.args, types.ExprString(arg))
	}
	return call
}
