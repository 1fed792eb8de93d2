package richmediatest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func guilds(b *bot) []*richmediatest.Chat {
	return []*richmediatest.Chat{b.p.Channel("cats"), b.p.DM("ann")}
}

func TestAGuildShowsAnImageByURLOrBytes(t *testing.T) {
	b := newBot(t)
	b.p.Host("https://example.com/cat.png", png)
	sum := sha256.Sum256(png)
	for _, c := range guilds(b) {
		id := c.Say("ann", "/cat").MsgID()
		r := b.message(c, object("image", "https://example.com/cat.png", "content", "meow", "msg_id", id))
		accepted(t, r)
		accepted(t, b.form(c, png, "content", "meow", "msg_id", id))
		require.Len(t, c.Answers(), 2)
		for i, m := range c.Answers() {
			assert.Equal(t, "bot: [image image/png, 24 bytes] meow", m.String())
			assert.Equal(t, id, m.ReplyTo)
			assert.Zero(t, m.Seq)
			assert.Equal(t, 1, m.Media.Kind)
			assert.Equal(t, png, m.Media.Upload.Data)
			assert.Equal(t, hex.EncodeToString(sum[:]), m.Media.Upload.SHA256)
			assert.Equal(t, c.Scene(), m.Media.Upload.Scene)
			assert.Equal(t, c.OpenID(), m.Media.Upload.Chat)
			assert.Equal(t, []string{richmediatest.RouteURL, richmediatest.RouteMultipart}[i], m.Media.Upload.Route)
		}
		assert.Equal(t, "https://example.com/cat.png", c.Answers()[0].Media.Upload.URL)
		assert.Equal(t, "cat.png", c.Answers()[1].Media.Upload.Name)

		assert.Equal(t, c.Answers()[0].ID, r.text("id"))
		assert.Equal(t, c.GuildID(), r.text("guild_id"))
		assert.NotEmpty(t, r.text("channel_id"))
		assert.Equal(t, "meow", r.text("content"))
		author, _ := r.json["author"].(map[string]any)
		assert.Equal(t, true, author["bot"])
		at, err := time.Parse(time.RFC3339, r.text("timestamp"))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, time.Minute)
	}
	assert.Empty(t, b.p.Uploads(), "nothing that could be sent again")
	assert.Equal(t, 4, b.p.Count(richmediatest.OpSend))
}

func TestWithoutDataGuildImagesKeepTheirDigestOnly(t *testing.T) {
	b := newBot(t, richmediatest.WithoutData())
	c := b.p.Channel("cats")
	accepted(t, b.form(c, png, "msg_id", c.Say("ann", "hi").MsgID()))
	assert.Nil(t, c.Answers()[0].Media.Upload.Data)
	assert.NotEmpty(t, c.Answers()[0].Media.Upload.SHA256)
	assert.EqualValues(t, len(png), c.Answers()[0].Media.Upload.Size)
}

func TestGuildFieldsAreStrict(t *testing.T) {
	b := newBot(t)
	b.p.Host("https://example.com/cat.png", png)
	b.p.Host("https://example.com/v.mp4", mp4)
	b.p.Host("https://example.com/big.png", append(png[:len(png):len(png)], make([]byte, 20<<20)...))
	b.p.Host("http://127.0.0.1/cat.png", png)
	c, other := b.p.Channel("cats"), b.p.Channel("dogs")
	id, oid := c.Say("ann", "hi").MsgID(), other.Say("ann", "hi").MsgID()
	for name, it := range map[string]struct {
		body string
		code int
	}{
		"no JSON":              {`x`, 40011000},
		"content a number":     {object("content", 1, "msg_id", id), 40011000},
		"image an object":      {object("image", map[string]any{}, "msg_id", id), 40011000},
		"embed a string":       {object("embed", "x", "msg_id", id), 40011000},
		"msg_type a string":    {object("content", "x", "msg_type", "0", "msg_id", id), 40011000},
		"file_info":            {object("content", "x", "file_info", "x", "msg_id", id), 40011000},
		"file_data":            {object("content", "x", "file_data", "x", "msg_id", id), 40011000},
		"media":                {object("content", "x", "media", media("x"), "msg_id", id), 22006},
		"msg_type 7":           {object("content", "x", "msg_type", 7, "msg_id", id), 22006},
		"nothing":              {object("msg_id", id), 304061},
		"text of spaces":       {object("content", " ", "msg_id", id), 304061},
		"keyboard alone":       {object("keyboard", map[string]any{}, "msg_id", id), 304061},
		"image not hosted":     {object("image", "https://example.com/no.png", "msg_id", id), 304010},
		"image private":        {object("image", "http://127.0.0.1/cat.png", "msg_id", id), 304010},
		"image without scheme": {object("image", "example.com/cat.png", "msg_id", id), 304010},
		"image over 20 MB":     {object("image", "https://example.com/big.png", "msg_id", id), 304020},
		"image a video":        {object("image", "https://example.com/v.mp4", "msg_id", id), 304021},
		"msg_id unknown":       {object("content", "x", "msg_id", "08ab"), 304026},
		"msg_id of another":    {object("content", "x", "msg_id", oid), 304026},
		"event_id unknown":     {object("content", "x", "event_id", "INTERACTION_CREATE:x"), 40034025},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, b.message(c, it.body), 400, it.code, it.code)
		})
	}
	refused(t, b.message(c, object("content", "x")), 400, 22009, 0)
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a/b; c"} {
		refused(t, b.typed(c, contentType, object("content", "x", "msg_id", id)), 400, 40011000, 40011000)
	}
	accepted(t, b.typed(c, "application/json; charset=utf-8", object("content", "x", "msg_id", id, "msg_type", 0)))
	require.Len(t, c.Answers(), 1)
	assert.Equal(t, 413, b.message(c, object("content", strings.Repeat("x", 1<<20))).status)

	stranger := richmediatest.New(richmediatest.WithCredentials("9", "s")).Channel("cats")
	refused(t, b.message(stranger, object("content", "x", "msg_id", id)), 500, 50055001, 50055001)
	refused(t, b.post("/dms/"+c.OpenID()+"/messages", object("content", "x", "msg_id", id)), 500, 50055001, 50055001)
	refused(t, b.post("/v2/groups/"+c.OpenID()+"/files", inline(1, png)), 500, 850012, 0)
	assert.Equal(t, 404, b.files(c, inline(1, png)).status, "guilds have no files")
}

func TestGuildFormsAreStrict(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	id := c.Say("ann", "hi").MsgID()
	for name, it := range map[string]struct {
		got  reply
		code int
	}{
		"image too":    {b.form(c, png, "image", "https://example.com/cat.png", "msg_id", id), 22006},
		"no image":     {b.form(c, mp4, "msg_id", id), 304021},
		"empty image":  {b.form(c, []byte{}, "msg_id", id), 304021},
		"nothing":      {b.form(c, nil, "msg_id", id), 304061},
		"media":        {b.form(c, png, "media", `{"file_info":"x"}`, "msg_id", id), 22006},
		"msg_type 7":   {b.form(c, png, "msg_type", "7", "msg_id", id), 22006},
		"file_data":    {b.form(c, png, "file_data", "x", "msg_id", id), 40011000},
		"embed no obj": {b.form(c, png, "embed", "x", "msg_id", id), 40011000},
		"ark a list":   {b.form(c, png, "ark", "[]", "msg_id", id), 40011000},
		"id twice":     {b.form(c, png, "msg_id", id, "msg_id", id), 40011000},
		"file as text": {b.form(c, nil, "file_image", string(png), "msg_id", id), 40011000},
		"cut off":      {b.typed(c, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nhi\r\n--x\r\n"), 40011000},
		"empty":        {b.typed(c, "multipart/form-data; boundary=x", ""), 40011000},
		"no name":      {b.typed(c, "multipart/form-data; boundary=x", "--x\r\n\r\nhi\r\n--x--\r\n"), 40011000},
		"another file": {b.typed(c, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhi\r\n--x--\r\n"), 40011000},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, it.got, 400, it.code, it.code)
		})
	}
	assert.Empty(t, c.Answers())
	big := b.form(c, append(png[:len(png):len(png)], make([]byte, 20<<20)...), "msg_id", id)
	assert.Equal(t, 413, big.status)
	assert.Contains(t, string(big.raw), "stgw")
	large := append(png[:len(png):len(png)], make([]byte, 19<<20)...)
	accepted(t, b.form(c, large, "msg_id", id, "embed", `{"title":"x"}`, "unknown", "x", "msg_seq", "x"))
	assert.Equal(t, large, c.Answers()[0].Media.Upload.Data)
	assert.JSONEq(t, `{"title":"x"}`, string(c.Answers()[0].Embed))
}

func TestGuildMessagesOfOtherKinds(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	id := c.Say("ann", "hi").MsgID()
	for _, kind := range []string{"embed", "ark", "markdown"} {
		accepted(t, b.message(c, object(kind, map[string]any{"content": "x"}, "keyboard", map[string]any{"id": "1"},
			"msg_id", id, "message_reference", map[string]any{"message_id": id})))
	}
	lines := ""
	for _, m := range c.Answers() {
		lines += m.String() + "\n"
	}
	assert.Equal(t, "bot: [embed] [keyboard]\nbot: [ark] [keyboard]\nbot: [markdown {\"content\":\"x\"}] [keyboard]\n", lines)
}

func TestAGuildShowsARepeatTwice(t *testing.T) {
	b := newBot(t)
	for _, c := range guilds(b) {
		id := c.Say("ann", "hi").MsgID()
		for range 9 { // more than any other scene takes
			accepted(t, b.message(c, object("content", "x", "msg_id", id, "msg_seq", 1)))
		}
		assert.Len(t, c.Answers(), 9)
	}
}

func TestGuildWindowsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		for _, c := range guilds(b) {
			id := c.Say("ann", "hi").MsgID()
			time.Sleep(5 * time.Minute)
			accepted(t, b.message(c, object("content", "x", "msg_id", id)))
			time.Sleep(time.Nanosecond)
			refused(t, b.message(c, object("content", "x", "msg_id", id)), 400, 304027, 304027)
			b.p.Forget()
			refused(t, b.message(c, object("content", "x", "msg_id", id)), 400, 304026, 304026)
		}
		press := b.p.Channel("cats").Press("ann", "x")
		time.Sleep(5*time.Minute + 1)
		refused(t, b.message(b.p.Channel("cats"), object("content", "x", "event_id", press.ID())), 400, 40034026, 40034026)
	})
}

func TestAPressInAChannelIsAnsweredByItsOuterID(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	press, said := c.Press("ann", "x"), c.Say("ann", "hi")
	accepted(t, b.message(c, object("content", "x", "event_id", press.ID())))
	assert.Equal(t, press.ID(), c.Answers()[0].ReplyTo)
	refused(t, b.message(c, object("content", "x", "event_id", said.ID())), 400, 40034027, 40034027)
	refused(t, b.message(c, object("content", "x", "event_id", press.InteractionID())), 400, 40034025, 40034025)
	refused(t, b.message(b.p.Channel("dogs"), object("content", "x", "event_id", press.ID())), 400, 40034025, 40034025)
}

func TestMutedAndProactiveInGuilds(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	for _, c := range guilds(b) {
		accepted(t, b.message(c, object("content", "news")))
		assert.Empty(t, c.Answers()[0].ReplyTo)
		c.Mute(true)
		refused(t, b.message(c, object("content", "news")), 400, 850018, 850018)
		c.Mute(false)
		accepted(t, b.form(c, png))
	}
}

func TestGuildMessagesCanBeRecalled(t *testing.T) {
	b := newBot(t)
	for _, c := range guilds(b) {
		r := b.message(c, object("content", "x", "msg_id", c.Say("ann", "hi").MsgID()))
		accepted(t, r)
		elsewhere, err := b.do(http.MethodDelete, base(b.p.Channel("dogs"))+"/messages/"+r.text("id"), "")
		require.NoError(t, err)
		refused(t, elsewhere, 400, 40061002, 40061002)
		gone, err := b.do(http.MethodDelete, base(c)+"/messages/"+r.text("id")+"?hidetip=true", "")
		require.NoError(t, err)
		accepted(t, gone)
		assert.Empty(t, c.Answers())
	}
	assert.Equal(t, 4, b.p.Count(richmediatest.OpRecall))
}

func TestAChannelTakesFiveMessagesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithRateLimits())
		for _, c := range guilds(b) {
			id := c.Say("ann", "hi").MsgID()
			send := func() reply { return b.message(c, object("content", "x", "msg_id", id)) }
			for range 5 {
				accepted(t, send())
			}
			r := send()
			assert.Equal(t, 429, r.status)
			assert.Equal(t, 40023001, r.code())
			time.Sleep(time.Second)
			accepted(t, send())
		}
		for range 6 {
			refused(t, b.post("/channels/0/messages", object("content", "x")), 500, 50055001, 50055001)
		}
	})
}

func TestFaultsStrikeGuildSendsToo(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	id := c.Say("ann", "hi").MsgID()
	b.p.Lose(richmediatest.OpSend, 1)
	_, err := b.do(http.MethodPost, base(c)+"/messages", object("content", "x", "msg_id", id))
	require.Error(t, err)
	assert.Len(t, c.Answers(), 1, "lost, and in the chat")
}
