package richmedia_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheTextIsWhatTheUserTyped(t *testing.T) {
	ext := func(text string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"text":"` + text + `"}`))
	}
	smile := richmediatest.Face(14, "微笑")
	b := newBed(t)
	b.PushTo(nil)
	for content, want := range map[string]string{
		"hi":                                 "hi",
		smile:                                "[微笑]", // a message that is a single face
		"/cat " + smile + " " + smile + "!":  "/cat [微笑] [微笑]!",
		"1 &lt; 2 &amp;&amp; 3 &gt; 2":       "1 < 2 && 3 > 2",
		"&amp;lt;b&amp;gt;":                  "&lt;b&gt;", // once
		"&quot;a&quot; &#39;b&#39; &copy; &": `"a" 'b' &copy; &`,
		`&lt;faceType=1,faceId="14",ext="` + ext("微笑") + `"&gt;`:                                `<faceType=1,faceId="14",ext="` + ext("微笑") + `">`, // typed
		`<faceType=4,faceId="",ext="` + ext("[满头问号]") + `">`:                                    "[满头问号]",
		`<faceType=1,faceId="1",ext="` + strings.TrimRight(ext("a&lt;b"), "=") + `"/>`:          "[a&lt;b]", // no escape of the content
		`<faceType=101 faceName=微笑>`:                                                            "[微笑]",
		`<faceType=1,faceId="9",ext="` + ext("") + `">`:                                         `<faceType=1,faceId="9",ext="` + ext("") + `">`,
		`<faceType=1,faceId="9",ext="!!!">`:                                                     `<faceType=1,faceId="9",ext="!!!">`,
		`<faceType=1,faceId="9",ext="` + base64.StdEncoding.EncodeToString([]byte("[]")) + `">`: `<faceType=1,faceId="9",ext="W10=">`,
		`<faceType=1`: `<faceType=1`,
		`<qqbot-cmd-input text="/cat" show="a cat" reference="false" />`:                                "/cat",
		`do <qqbot-cmd-enter text="%2Fcat%20%E5%96%B5&amp;amp;" />!`:                                    "do /cat 喵&amp;!",
		`<qqbot-cmd-input show="x" text='50% off'></qqbot-cmd-input>`:                                   "50% off",
		`<qqbot-cmd-enter show="x" />`:                                                                  `<qqbot-cmd-enter show="x" />`,
		"a &am" + smile + "p; b":                                                                        "a &am[微笑]p; b",
		"<@!7> <#8> <emoji:4> <b>":                                                                      "<@!7> <#8> <emoji:4> <b>",
		`<faceType=1,note="ext=",ext="` + ext("喵") + `"><faceType=1,faceId="1",ext="` + ext("汪") + `">`: "[喵][汪]",
	} {
		encoded, err := json.Marshal(content)
		assert.NoError(t, err)
		c := c2cEvent(t, b, `"content":`+string(encoded))
		assert.Equal(t, want, c.Text(), content)
		assert.Equal(t, content, c.Message().Content, "the raw content")
		q := c2cEvent(t, b, `"message_type":103,"msg_elements":[{"content":`+string(encoded)+`}]`).Quoted()
		assert.Equal(t, want, q.Text, "of a quoted message")
	}
}

func TestFacesAndEscapesAreReadInEveryChat(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("ann"), b.Channel("lounge"), b.DM("ann")} {
		assert.Equal(t, "a < b & c &lt;", b.of(t, chat.Say("ann", "a < b & c &lt;")).Text(), chat.Scene())
		assert.Equal(t, "[微笑]", b.of(t, chat.SayMarkup("ann", richmediatest.Face(14, "微笑"))).Text(), chat.Scene())
	}
	g := b.Group("club")
	c := b.of(t, g.SayUnmentioned("ann", "1 < 2"))
	assert.Equal(t, "1 < 2", c.Text())
	assert.Contains(t, c.Message().Content, "1 &lt; 2")
}
