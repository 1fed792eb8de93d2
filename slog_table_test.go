package richmedia

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
