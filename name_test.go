package richmedia

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestANameIsSafeToShowAndToSave(t *testing.T) {
	for name, want := range map[string]string{
		"cat.png":             "cat.png",
		"a b.png":             "a b.png",
		"报告 终稿.pdf":           "报告 终稿.pdf",
		"😀.gif":               "😀.gif",
		"❤️.gif":              "❤️.gif",
		".profile":            ".profile",
		"archive.tar.gz":      "archive.tar.gz",
		"console.txt":         "console.txt",
		"com10.txt":           "com10.txt",
		"dir/cat.png":         "cat.png",
		`C:\Users\me\cat.png`: "cat.png",
		"../../etc/passwd":    "passwd",
		"dir/":                "dir",
		"":                    "",
		".":                   "",
		"..":                  "",
		"...":                 "",
		". . .":               "",
		"/":                   "",
		"a/..":                "a",
		"a/. .":               "a",

		"cat.png.":            "cat.png",
		"cat.png . .":         "cat.png",
		"  cat.png\t":         "cat.png",
		"\u3000cat.png\u00a0": "cat.png",
		"cat.png\u2800":       "cat.png",

		"cat\u202egnp.exe":       "catgnp.exe",
		"\u2066cat\u2069.png":    "cat.png",
		"\u200e\u200f\u061ccat":  "cat",
		"c\u200ba\u2060t\ufeff":  "cat",
		"c\u00ada\u034ft\u3164":  "cat",
		"line\u2028break\u2029":  "linebreak",
		"cat\r\nX-Header: 1.png": "catX-Header: 1.png",
		"cat\x00.png":            "cat.png",
		"cat\xff.png":            "cat.png",
		"\u200b.\u200b.\u200b":   "",
		"\u06005.txt":            "\u06005.txt",

		"con":           "_con",
		"NUL.tar.gz":    "_NUL.tar.gz",
		"Com1.png":      "_Com1.png",
		"lpt9":          "_lpt9",
		"COM¹.txt":      "_COM¹.txt",
		"aux .txt":      "_aux .txt",
		"CONOUT$":       "_CONOUT$",
		"dir/prn.":      "_prn",
		"c\u200bon.txt": "_con.txt",
	} {
		assert.Equal(t, want, sanitize(name), "%q", name)
	}
}

func TestALongNameKeepsItsExtension(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("a", 300) + ".png", strings.Repeat("猫", 100) + ".png", strings.Repeat("a", 249) + "  .png",
		strings.Repeat("a", 249) + " . b.png",
	} {
		got := sanitize(name)
		assert.LessOrEqual(t, len(got), maxName)
		assert.True(t, strings.HasSuffix(got, ".png"), got)
		assert.True(t, utf8.ValidString(got), got)
	}
	for _, name := range []string{"con" + strings.Repeat(" ", 300) + "x", "con" + strings.Repeat(" ", 300) + "x.png", "con." + strings.Repeat("b", 300)} {
		got := sanitize(name)
		assert.True(t, strings.HasPrefix(got, "_con"), got)
		assert.LessOrEqual(t, len(got), maxName)
		assert.Equal(t, got, sanitize(got))
	}
	assert.Len(t, sanitize("a."+strings.Repeat("b", 300)), maxName)
	assert.Len(t, sanitize(strings.Repeat("a", maxName)), maxName)
}

// FuzzNames sanitizes any text: the result is one element of a path, shows as it is, and stays the same if it is sanitized again.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"a/b", `a\b`, "con.txt", "x\u202e.png", " . ", strings.Repeat("é", 200) + ".jpeg", "a/. .", "_con"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := sanitize(name)
		if got == "" {
			return
		}
		switch {
		case !utf8.ValidString(got), len(got) > maxName, strings.ContainsAny(got, "/\\"), !filepath.IsLocal(got), strings.ContainsFunc(got, hidden):
			t.Fatalf("%q becomes %q", name, got)
		case strings.HasSuffix(got, "."), strings.TrimSpace(got) != got, reserved(got):
			t.Fatalf("%q becomes %q", name, got)
		case sanitize(got) != got:
			t.Fatalf("%q becomes %q, and that becomes %q", name, got, sanitize(got))
		}
	})
}
