package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
)

// schema is the part of JSON Schema that openapi.json uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	OneOf      []*schema          `json:"oneOf"`
	Enum       []string           `json:"enum"`
}

type operation struct {
	Parameters []struct{ Name string }
	Body       struct {
		Content map[string]struct{ Schema *schema }
	} `json:"requestBody"`
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct{ Schema *schema }
	}
}

type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

func described(t *testing.T) (doc document) {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &doc))
	return doc
}

// check returns what of v the schema does not allow.
func (doc *document) check(s *schema, v any, at string) (bad []string) {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		if doc.Components.Schemas[name] == nil {
			return []string{at + ": no schema " + name}
		}
		return doc.check(doc.Components.Schemas[name], v, at)
	}
	if len(s.OneOf) > 0 {
		for _, one := range s.OneOf {
			if len(doc.check(one, v, at)) == 0 {
				return nil
			}
		}
		return []string{at + ": none of oneOf"}
	}
	if kinds := types(s.Type); len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return is(kind, v) }) {
		return []string{fmt.Sprintf("%s: %v is no %v", at, v, kinds)}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				bad = append(bad, at+": "+name+" is missing")
			}
		}
		for name, field := range v {
			bad = append(bad, doc.field(s, name, field, at+"."+name)...)
		}
	case []any:
		for i, item := range v {
			bad = append(bad, doc.check(s.Items, item, at+"["+strconv.Itoa(i)+"]")...)
		}
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			bad = append(bad, at+": "+v+" is none of "+strings.Join(s.Enum, ", "))
		}
	}
	return bad
}

func (doc *document) field(s *schema, name string, v any, at string) []string {
	if one := s.Properties[name]; one != nil {
		return doc.check(one, v, at)
	}
	var rest schema
	switch {
	case string(s.Additional) == "false":
		return []string{at + " is not described"}
	case len(s.Additional) > 0 && json.Unmarshal(s.Additional, &rest) == nil:
		return doc.check(&rest, v, at)
	}
	return nil
}

func types(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			out = append(out, fmt.Sprint(one))
		}
	}
	return out
}

func is(kind string, v any) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

func TestEveryCallIsDescribedAndNoOther(t *testing.T) {
	doc := described(t)
	var all []string
	for path, methods := range doc.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(all)
	assert.Equal(t, newBed(t).server.Patterns(), all)
}

// TestEveryFieldThatAHandlerReadsIsDescribedAndNoOther looks for the names in the package's source.
func TestEveryFieldThatAHandlerReadsIsDescribedAndNoOther(t *testing.T) {
	read := map[string]bool{}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			fn, _ := call.Fun.(*ast.SelectorExpr)
			arg, _ := call.Args[0].(*ast.BasicLit)
			if fn == nil || arg == nil || arg.Kind != token.STRING {
				return true
			}
			query := strings.Contains(source(fn.X), "Query")
			if fn.Sel.Name == "FormValue" || fn.Sel.Name == "PathValue" || query && (fn.Sel.Name == "Get" || fn.Sel.Name == "Has") {
				value, err := strconv.Unquote(arg.Value)
				require.NoError(t, err)
				read[value] = true
			}
			return true
		})
	}
	read["file"] = true  // of a multipart form
	delete(read, "name") // of an asset, and described by faults and media
	told := map[string]bool{}
	for _, methods := range described(t).Paths {
		for _, op := range methods {
			for _, p := range op.Parameters {
				told[p.Name] = true
			}
			for _, content := range op.Body.Content {
				for name := range content.Schema.Properties {
					told[name] = true
				}
			}
		}
	}
	delete(told, "name")
	assert.Equal(t, slices.Sorted(maps.Keys(read)), slices.Sorted(maps.Keys(told)))
}

// source returns the names in an expression.
func source(e ast.Expr) string {
	var out strings.Builder
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			out.WriteString(id.Name + " ")
		}
		return true
	})
	return out.String()
}

func TestTheNamesOfFaultsAndScenesAreDescribed(t *testing.T) {
	doc := described(t)
	op := doc.Paths["/api/faults"]["post"]
	for _, content := range op.Body.Content {
		assert.ElementsMatch(t, web.Faults(), content.Schema.Properties["name"].Enum)
	}
	raw, err := os.ReadFile("../../../../docs/playground.md")
	require.NoError(t, err)
	for _, name := range web.Faults() {
		assert.Contains(t, string(raw), "`"+name+"`", "docs/playground.md")
	}
	for path := range doc.Paths {
		assert.Contains(t, string(raw), path, "docs/playground.md")
	}
}

// TestAnswersAreAsDescribed makes every call, after all that leaves something to answer with.
func TestAnswersAreAsDescribed(t *testing.T) {
	doc := described(t)
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		switch c.Text() {
		case "big":
			_, err := c.ReplyFile(ctx, richmedia.FromBytes("big.bin", make([]byte, 6<<20)))
			return err
		case "fail":
			_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/gone.gif"))
			return err
		}
		_, err := c.ReplyImage(ctx, richmedia.FromBytes("a.gif", []byte(gif)), richmedia.WithCaption("meow"))
		return err
	})
	group := b.platform.Group("cats")
	tried := map[string]bool{}
	holds := func(method, path string, body []byte) {
		t.Helper()
		tried[strings.ToUpper(method)+" "+path] = true
		var v any
		require.NoError(t, json.Unmarshal(body, &v), "%s", body)
		described := doc.Paths[path][method].Responses["200"].Content["application/json"].Schema
		require.NotNil(t, described, path)
		assert.Empty(t, doc.check(described, v, path))
	}
	post := func(path string, pairs ...string) {
		t.Helper()
		holds("post", path, b.ok(b.post(path, pairs...)).Body.Bytes())
	}
	get := func(path, query string) {
		t.Helper()
		holds("get", path, b.ok(b.get(path+query)).Body.Bytes())
	}
	get("/api/messages", "?chat=group/cats")
	post("/api/chat", "chat", "c2c/zoe")
	for i, word := range []string{"cat", "big"} {
		post("/api/say", "chat", "group/cats", "user", "ann", "text", word)
		b.wait(group, i+1)
	}
	post("/api/say", "chat", "group/cats", "user", "ann", "text", "fail")
	holds("post", "/api/say", b.ok(b.upload("group/cats", "look", "a.gif", gif)).Body.Bytes())
	b.wait(group, 3)
	post("/api/press", "chat", "group/cats", "user", "ann", "data", "x")
	b.wait(group, 4)
	for _, do := range []string{"remove", "add", "reject", "allow", "mute", "unmute"} {
		post("/api/bot", "chat", "group/cats", "user", "ann", "do", do)
	}
	for _, name := range web.Faults() {
		post("/api/faults", "name", name, "on", "true")
	}
	post("/api/clock", "ms", "1000")
	post("/api/demo", "on", "true")
	for _, m := range b.messages("group/cats") {
		if m.Event == "NOTE" { // it names the event that it belongs to
			continue
		}
		get("/api/inspect", "?id="+url.QueryEscape(m.ID))
	}
	post("/api/webhook", "url", "http://127.0.0.1:1/")
	post("/api/say", "chat", "group/cats", "user", "ann", "text", "lost")
	last, _ := b.last("group/cats")
	get("/api/inspect", "?id="+url.QueryEscape(last.ID))
	post("/api/webhook", "url", "")
	get("/api/messages", "?chat=group/cats")
	get("/api/state", "")
	get("/api/openapi.json", "")
	for path, methods := range doc.Paths {
		for method := range methods {
			if path != "/api/stream" && path != "/media/{id}" {
				assert.True(t, tried[strings.ToUpper(method)+" "+path], path)
			}
		}
	}
}

func TestAnIDOfNoButtonIsRefusedAndOneOfAnOldMessageIsPressed(t *testing.T) {
	b := newBed(t)
	assert.Equal(t, http.StatusBadRequest, b.post("/api/press", "chat", "group/cats", "user", "ann", "id", "yes").Code)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		if c.ButtonData() != "" {
			return nil
		}
		_, err := c.ReplyMessage(ctx, keyboard("yes"))
		return err
	})
	b.say("group/cats", "buttons")
	b.wait(b.platform.Group("cats"), 1)
	b.platform.Forget()
	var pressed struct{ ID string }
	decode(t, b.ok(b.post("/api/press", "chat", "group/cats", "user", "ann", "id", "yes")), &pressed)
	assert.Regexp(t, regexp.MustCompile(`"button_id": "yes"`), b.inspect(pressed.ID).Event.Payload)
}
