package richmedia

import (
	"strings"
	"testing"
)

// FuzzText feeds what users type, which comes with its escapes, and content of any form to the reader of texts.
func FuzzText(f *testing.F) {
	f.Add(`<faceType=1,faceId="14",ext="eyJ0ZXh0Ijoi5b6u56yRIn0=">`)
	f.Add(`&lt;b&gt; <qqbot-cmd-enter text="%2Fcat" />`)
	f.Add(`<faceType=101 faceName=微笑><qqbot-cmd-input text='50%'></qqbot-cmd-input>`)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	f.Fuzz(func(t *testing.T, typed string) {
		if got := readable(escape.Replace(typed)); got != typed {
			t.Errorf("%q is read as %q", typed, got)
		}
		before := strings.NewReplacer("<", "", "&", "").Replace(typed)
		if got := readable(before + typed); !strings.HasPrefix(got, before) { // a tag of any form
			t.Errorf("%q in front of %q is read as %q", before, typed, got)
		}
	})
}
