package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain runs in the root of the repository, where the command runs.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	m.Run()
}

func guide(t *testing.T, blocks ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "guide.md")
	text := "# Guide\n"
	for _, code := range blocks {
		text += "\n```go\n" + code + "\n```\n"
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEveryFormOfASnippetIsCompiled(t *testing.T) {
	name := guide(t,
		"package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }",
		"func cat(ctx context.Context, c *richmedia.Context) error {\n\t_, err := c.ReplyText(ctx, \"meow\")\n\treturn err\n}",
		"msg, err := c.ReplyText(ctx, \"meow\")",
		"event.RegisterHandlers(media.GroupATMessage(cat))",
	)
	var out bytes.Buffer
	if err := run(&out, []string{name}); err != nil {
		t.Fatal(err)
	}
	if want := name + ": 4 snippets\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTheErrorOfASnippetNamesItsLine(t *testing.T) {
	const fine = `_, err = c.ReplyText(ctx, "meow")`
	for _, c := range []struct{ broken, want string }{
		{"c.ReplyCat(ctx)", "guide.md:8: c.ReplyCat undefined"},
		{"_, err = c.ReplyText(ctx)", "guide.md:8: not enough arguments"},
		{"if {", "guide.md:8: missing condition"},
		{"unknown.Call()", "guide.md:8: undefined: unknown"},
		{"package main\n\nfunc main() { return 1 }", "guide.md:10: too many return values"},
		{"func f() int {}", "guide.md:8: missing return"},
		{"", "guide.md:8: the snippet is empty"},
	} {
		err := run(&bytes.Buffer{}, []string{guide(t, fine, c.broken)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: the error is not %q: %v", c.broken, c.want, err)
		}
	}
}

func TestAGuideWithoutCodeIsAnError(t *testing.T) {
	if err := run(&bytes.Buffer{}, []string{guide(t)}); err == nil {
		t.Error("no error")
	}
}
