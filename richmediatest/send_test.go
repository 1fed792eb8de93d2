package richmediatest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAnAnswerShowsInTheChat(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	ev := g.Say("ann", "/cat")
	r := b.message(g, object("msg_type", 7, "content", "meow", "msg_id", ev.MsgID(), "msg_seq", 7, "media", media(b.fileInfo(g, 1, png))))
	accepted(t, r)
	require.Len(t, g.Messages(), 2)
	m := g.Answers()[0]
	assert.Equal(t, r.text("id"), m.ID)
	assert.True(t, m.Bot)
	assert.Equal(t, "meow", m.Text)
	assert.Equal(t, ev.MsgID(), m.ReplyTo)
	assert.EqualValues(t, 7, m.Seq)
	assert.Equal(t, 1, m.Media.Kind)
	assert.Equal(t, "image/png", m.Media.Format)
	assert.Equal(t, png, m.Media.Upload.Data)
	assert.False(t, m.Media.Reused)
	at, err := time.Parse(time.RFC3339, r.text("timestamp"))
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(r.text("timestamp"), "+08:00"))
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	ext, _ := r.json["ext_info"].(map[string]any)
	assert.Contains(t, ext["ref_idx"], "REFIDX_")
	assert.Equal(t, "ann: /cat", g.Messages()[0].String())
	assert.Equal(t, "bot: [image image/png, 24 bytes] meow", m.String())
}

func TestIntegerTimestampsOnDemand(t *testing.T) {
	b := newBot(t, richmediatest.WithIntegerTimestamps())
	g := b.p.Group("g")
	r := b.message(g, object("content", "x", "msg_id", g.Say("ann", "hi").MsgID()))
	accepted(t, r)
	assert.IsType(t, float64(0), r.json["timestamp"])
}

func TestMessageFieldsAreStrict(t *testing.T) {
	b := newBot(t)
	g, u := b.p.Group("g"), b.p.C2C("ann")
	id, cid := g.Say("ann", "hi").MsgID(), u.Say("", "hi").MsgID()
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"no JSON":                 {`x`, 40011000},
		"msg_type a string":       {object("content", "x", "msg_id", id, "msg_type", "0"), 40011000},
		"msg_seq a string":        {object("content", "x", "msg_id", id, "msg_seq", "1"), 40011000},
		"msg_seq negative":        {object("content", "x", "msg_id", id, "msg_seq", -1), 40011000},
		"msg_seq over 32 bits":    {object("content", "x", "msg_id", id, "msg_seq", 1<<32), 40011000},
		"content a number":        {object("content", 1, "msg_id", id), 40011000},
		"msg_id a number":         {object("content", "x", "msg_id", 1), 40011000},
		"markdown a string":       {object("msg_type", 2, "msg_id", id, "markdown", "# hi"), 40011000},
		"media a string":          {object("msg_type", 7, "msg_id", id, "media", "x"), 40011000},
		"file_info a number":      {object("msg_type", 7, "msg_id", id, "media", map[string]any{"file_info": 1}), 40011000},
		"wake-up with msg_id":     {object("content", "x", "msg_id", id, "is_wakeup", true), 40011000},
		"msg_type 1":              {object("content", "x", "msg_id", id, "msg_type", 1), 340069},
		"msg_type 4":              {object("content", "x", "msg_id", id, "msg_type", 4), 340069},
		"msg_type 6 in a group":   {object("msg_type", 6, "msg_id", id, "input_notify", map[string]any{}), 340069},
		"text without content":    {object("msg_id", id), 22006},
		"text of spaces":          {object("content", " ", "msg_id", id), 22006},
		"markdown without":        {object("msg_type", 2, "msg_id", id), 22006},
		"markdown and content":    {object("msg_type", 2, "content", "x", "msg_id", id, "markdown", map[string]any{"content": "y"}), 22006},
		"ark without":             {object("msg_type", 3, "msg_id", id), 22006},
		"media without":           {object("msg_type", 7, "msg_id", id), 22006},
		"media without file_info": {object("msg_type", 7, "msg_id", id, "media", map[string]any{}), 22006},
		"unknown file_info":       {object("msg_type", 7, "msg_id", id, "media", media("AE86C5D3F0E14B238C656C0F6DD1D0479C")), 304080},
		"neither id":              {object("content", "x"), 40034105},
		"msg_id unknown":          {object("content", "x", "msg_id", "ROBOT1.0_x"), 40034024},
		"msg_id of another chat":  {object("content", "x", "msg_id", cid), 40034024},
		"event_id unknown":        {object("content", "x", "event_id", "GROUP_ADD_ROBOT:x"), 40034025},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, b.message(g, c.body), 400, c.code, c.code)
		})
	}
	assert.Empty(t, g.Answers())
	for range 5 { // the refusals above used up nothing
		r := b.message(g, object("content", "x", "msg_id", id, "msg_seq", len(g.Answers())+1))
		accepted(t, r)
	}
	refused(t, b.message(u, object("msg_type", 6, "msg_id", cid)), 400, 22006, 22006)
	accepted(t, b.message(u, object("msg_type", 6, "msg_id", cid, "input_notify", map[string]any{"input_type": 1})))
	for _, notice := range []map[string]any{{}, {"input_type": 2}, {"input_type": 1, "input_second": 61}} {
		refused(t, b.message(u, object("msg_type", 6, "msg_id", cid, "msg_seq", 9, "input_notify", notice)), 500, 50059, 50059)
	}
	refused(t, b.message(u, object("msg_type", 6, "msg_id", cid, "msg_seq", 9, "input_notify", map[string]any{"input_type": "1"})), 400, 40011000, 40011000)
	assert.Empty(t, u.Answers(), "typing is no message")
}

func TestMarkdownAndKeyboardAreKept(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	id := g.Say("ann", "hi").MsgID()
	accepted(t, b.message(g, object("msg_type", 2, "msg_id", id,
		"markdown", map[string]any{"content": "# hi"}, "keyboard", map[string]any{"id": "1"})))
	m := g.Answers()[0]
	assert.JSONEq(t, `{"content":"# hi"}`, string(m.Markdown))
	assert.JSONEq(t, `{"id":"1"}`, string(m.Keyboard))
	assert.Contains(t, m.String(), "[keyboard]")
	accepted(t, b.message(g, object("msg_type", 3, "msg_id", id, "msg_seq", 2, "ark", map[string]any{"template_id": 23})))
}

func TestCaptionsShowWithImagesOnly(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	id := g.Say("ann", "hi").MsgID()
	for kind, data := range map[int][]byte{1: png, 2: mp4, 3: silk, 4: []byte("x")} {
		accepted(t, b.message(g, object("msg_type", 7, "content", "caption", "msg_id", id, "msg_seq", kind, "media", media(b.fileInfo(g, kind, data)))))
		answers := g.Answers()
		got := answers[len(answers)-1]
		assert.Equal(t, kind == 1, got.Text == "caption", "kind %d", kind)
	}
}

func TestAFileInfoServesItsSceneWhileItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithTTL(time.Minute))
		g, g2, u := b.p.Group("g"), b.p.Group("g2"), b.p.C2C("ann")
		info := b.fileInfo(g, 1, png)
		send := func(c *richmediatest.Chat) reply {
			return b.message(c, object("msg_type", 7, "msg_id", c.Say("ann", "hi").MsgID(), "media", media(info)))
		}
		accepted(t, send(g))
		accepted(t, send(g2))
		assert.True(t, g2.Answers()[0].Media.Reused)
		assert.Contains(t, g2.Answers()[0].String(), "reused")
		refused(t, send(u), 400, 304080, 304080)
		time.Sleep(time.Minute)
		refused(t, send(g), 400, 304080, 304080)

		info = b.fileInfo(g, 1, png)
		b.p.ExpireUploads()
		refused(t, send(g), 400, 304080, 304080)
		info = b.fileInfo(g, 1, png)
		accepted(t, send(g))
	})
	b := newBot(t, richmediatest.WithTTL(0), richmediatest.WithFileInfoPerChat())
	g, g2 := b.p.Group("g"), b.p.Group("g2")
	info := b.fileInfo(g, 1, png)
	refused(t, b.message(g2, object("msg_type", 7, "msg_id", g2.Say("ann", "hi").MsgID(), "media", media(info))), 400, 304080, 304080)
	accepted(t, b.message(g, object("msg_type", 7, "msg_id", g.Say("ann", "hi").MsgID(), "media", media(info))))
}

func TestMsgSeqIsTakenOnceEvenWhenTheCountIsUsedUp(t *testing.T) {
	b := newBot(t)
	for chat, replies := range map[*richmediatest.Chat]int{b.p.Group("g"): 5, b.p.C2C("ann"): 4} {
		ev := chat.Say("ann", "hi")
		text := func(seq any) reply {
			return b.message(chat, object("content", "x", "msg_id", ev.MsgID(), "msg_seq", seq))
		}
		accepted(t, text(nil)) // absent is 1
		refused(t, text(1), 400, 40054005, 40054005)
		refused(t, text(0), 400, 40054005, 40054005)
		for seq := 2; seq <= replies; seq++ {
			accepted(t, text(seq*1000))
		}
		refused(t, text(9), 400, 40034128, 40034128)
		refused(t, text(2000), 400, 40054005, 40054005)
		assert.Len(t, chat.Answers(), replies)

		next := chat.Say("ann", "again")
		accepted(t, b.message(chat, object("content", "x", "msg_id", next.MsgID())))
	}
}

func TestReplyWindowsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		for chat, window := range map[*richmediatest.Chat]time.Duration{
			b.p.Group("g"): 5 * time.Minute, b.p.C2C("ann"): time.Hour,
		} {
			msg, add := chat.Say("ann", "hi"), chat.AddBot("ann")
			time.Sleep(window)
			accepted(t, b.message(chat, object("content", "x", "msg_id", msg.MsgID())))
			accepted(t, b.message(chat, object("content", "x", "event_id", add.ID())))
			time.Sleep(time.Nanosecond)
			refused(t, b.message(chat, object("content", "x", "msg_id", msg.MsgID(), "msg_seq", 2)), 400, 40034005, 40034005)
			refused(t, b.message(chat, object("content", "x", "event_id", add.ID(), "msg_seq", 2)), 400, 40034026, 40034026)
		}
	})
}

func TestEventIDIsTheOuterIDOfAnAnswerableEvent(t *testing.T) {
	b := newBot(t)
	for _, c := range []*richmediatest.Chat{b.p.Group("g"), b.p.C2C("ann")} {
		reply := func(eventID string, seq int) reply {
			return b.message(c, object("content", "x", "event_id", eventID, "msg_seq", seq))
		}
		for _, ev := range []*richmediatest.Event{c.Press("ann", "again"), c.AddBot("ann"), c.AllowPushes("ann")} {
			require.True(t, strings.HasPrefix(ev.ID(), string(ev.Type())+":"))
			bare := strings.TrimPrefix(ev.ID(), string(ev.Type())+":")
			refused(t, reply(bare, 1), 400, 40034025, 40034025)
			accepted(t, reply(ev.ID(), 1))
			refused(t, reply(ev.ID(), 1), 400, 40054005, 40054005)
			got := c.Answers()
			assert.Equal(t, ev.ID(), got[len(got)-1].ReplyTo)
		}
		press := c.Press("ann", "again")
		refused(t, reply(press.InteractionID(), 1), 400, 40034025, 40034025)
		refused(t, reply("INTERACTION_CREATE:"+press.InteractionID(), 1), 400, 40034025, 40034025)
		refused(t, reply(c.RejectPushes("ann").ID(), 1), 400, 40034027, 40034027)
		refused(t, reply(c.Say("ann", "hi").ID(), 1), 400, 40034027, 40034027)

		msg := c.Say("ann", "hi") // msg_id wins over event_id
		accepted(t, b.message(c, object("content", "x", "msg_id", msg.MsgID(), "event_id", "nonsense")))
	}
	other := b.p.Group("other").AddBot("bob")
	refused(t, b.message(b.p.Group("g"), object("content", "x", "event_id", other.ID())), 400, 40034025, 40034025)
}

func TestRemovedAndMutedBotsCannotSend(t *testing.T) {
	b := newBot(t)
	g, u := b.p.Group("g"), b.p.C2C("ann")
	gid, uid := g.Say("ann", "hi").MsgID(), u.Say("", "hi").MsgID()
	g.Mute(true)
	refused(t, b.message(g, object("content", "x", "msg_id", gid)), 400, 850018, 850018)
	g.Mute(false)
	del := g.RemoveBot("ann")
	refused(t, b.message(g, object("content", "x", "msg_id", gid)), 400, 40054003, 40054003)
	u.RemoveBot("")
	refused(t, b.message(u, object("content", "x", "msg_id", uid)), 400, 40054004, 40054004)
	g.AddBot("ann")
	accepted(t, b.message(g, object("content", "x", "msg_id", gid)))
	refused(t, b.message(g, object("content", "x", "event_id", del.ID())), 400, 40034027, 40034027)
}

func TestProactiveMessagesNeedPermission(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	g, u := b.p.Group("g"), b.p.C2C("ann")
	for _, c := range []*richmediatest.Chat{g, u} {
		accepted(t, b.message(c, `{"content":"news"}`))
		accepted(t, b.message(c, `{"content":"news"}`))
		assert.Empty(t, c.Answers()[0].ReplyTo)
	}
	g.RejectPushes("ann")
	refused(t, b.message(g, `{"content":"news"}`), 400, 40034105, 40034105)
	u.RejectPushes("")
	refused(t, b.message(u, `{"content":"news"}`), 400, 40054013, 40054013)
	u.AllowPushes("")
	accepted(t, b.message(u, `{"content":"news"}`))
}

func TestRecallWithinTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		g := b.p.Group("g")
		send := func(seq int) string {
			r := b.message(g, object("content", "x", "msg_id", g.Say("ann", "hi").MsgID(), "msg_seq", seq))
			accepted(t, r)
			return r.text("id")
		}
		recall := func(c *richmediatest.Chat, id string) reply {
			r, err := b.do(http.MethodDelete, base(c)+"/messages/"+id, "")
			require.NoError(t, err)
			return r
		}
		first, second := send(1), send(1)
		refused(t, recall(b.p.Group("other"), first), 400, 40061002, 40061002)
		accepted(t, recall(g, first))
		assert.Len(t, g.Answers(), 1)
		refused(t, recall(g, first), 400, 40061002, 40061002)
		time.Sleep(2*time.Minute + time.Second)
		refused(t, recall(g, second), 400, 40064004, 40064004)
	})
}

func TestInteractionsAreAcknowledgedOnceInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		g := b.p.Group("g")
		ack := func(id, body string) reply {
			r, err := b.do(http.MethodPut, "/interactions/"+id, body)
			require.NoError(t, err)
			return r
		}
		press := g.Press("ann", "again")
		for _, body := range []string{`{}`, `{"code":6}`, `{"code":-1}`, `{"code":"0"}`, ``} {
			refused(t, ack(press.InteractionID(), body), 400, 630001, 630001)
		}
		refused(t, ack(press.ID(), `{"code":0}`), 400, 630001, 630001)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
			"https://api.example.com/interactions/"+press.InteractionID(), strings.NewReader(`{"code":0}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "QQBot "+b.token)
		req.Header.Set("X-Callback-AppID", "999") // botgo sends its own
		r, err := b.send(req)
		require.NoError(t, err)
		refused(t, r, 400, 630003, 630003)
		accepted(t, ack(press.InteractionID(), `{"code":3}`))
		refused(t, ack(press.InteractionID(), `{"code":0}`), 400, 630001, 630001)
		assert.Equal(t, map[string]int{press.InteractionID(): 3}, b.p.Acks())

		late := g.Press("ann", "again")
		time.Sleep(3*time.Second + 1)
		refused(t, ack(late.InteractionID(), `{"code":0}`), 400, 630001, 630001)
		refused(t, ack(g.Interact("ann", 13, "feedback").InteractionID(), `{"code":0}`), 400, 630001, 630001)
		accepted(t, ack(g.Interact("ann", 12, "menu").InteractionID(), `{"code":0}`))
	})
}
