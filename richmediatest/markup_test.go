package richmediatest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestWhatUsersTypeIsEscapedAndMarkupIsNot(t *testing.T) {
	p := richmediatest.New()
	for _, c := range []*richmediatest.Chat{p.Group("g"), p.C2C("ann"), p.Channel("news"), p.DM("ann")} {
		t.Run(c.Scene(), func(t *testing.T) {
			content := func(ev *richmediatest.Event) string {
				s, _ := d(t, ev)["content"].(string)
				if c.Scene() == "channel" && ev.Type() == "AT_MESSAGE_CREATE" {
					_, s, _ = strings.Cut(s, "> ")
				}
				return strings.TrimPrefix(s, " ")
			}
			typed := `1 < 2 && "x" > &lt;`
			assert.Equal(t, `1 &lt; 2 &amp;&amp; "x" &gt; &amp;lt;`, content(c.Say("ann", typed)))
			assert.Equal(t, typed, c.Messages()[0].Text)
			face := richmediatest.Face(14, "微笑")
			assert.Equal(t, "hi "+face, content(c.SayMarkup("ann", "hi "+face)))
			if c.Scene() == "group" || c.Scene() == "channel" {
				assert.Equal(t, "&lt;b&gt;", content(c.SayUnmentioned("ann", "<b>")))
			}
			if c.Scene() == "group" || c.Scene() == "c2c" {
				quoted := c.Quote("ann", "<i>", richmediatest.Quotation{MsgID: c.Messages()[0].ID})
				assert.Equal(t, "&lt;i&gt;", content(quoted))
				assert.Equal(t, `1 &lt; 2 &amp;&amp; "x" &gt; &amp;lt;`, elements(d(t, quoted))[0]["content"])
				again := c.Quote("ann", "", richmediatest.Quotation{MsgID: c.Messages()[1].ID})
				assert.Equal(t, "hi "+face, elements(d(t, again))[0]["content"])
			}
		})
	}
	assert.Equal(t, `<faceType=1,faceId="14",ext="eyJ0ZXh0Ijoi5b6u56yRIn0=">`, richmediatest.Face(14, "微笑"))
}
