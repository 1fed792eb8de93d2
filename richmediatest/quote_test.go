package richmediatest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// ext returns message_scene.ext of a message event.
func ext(t *testing.T, ev *richmediatest.Event) []string {
	t.Helper()
	scene, _ := d(t, ev)["message_scene"].(map[string]any)
	list, _ := scene["ext"].([]any)
	var out []string
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

// elements returns msg_elements of an event or of one of its elements.
func elements(m map[string]any) []map[string]any {
	list, _ := m["msg_elements"].([]any)
	var out []map[string]any
	for _, v := range list {
		e, _ := v.(map[string]any)
		out = append(out, e)
	}
	return out
}

func TestAMessageThatTheBotQuotesIsKnownByItsReference(t *testing.T) {
	b := newBot(t)
	group := b.p.Group("cats")
	ev := group.Say("ann", "first")
	theirs := group.Messages()[0].Ref
	assert.Contains(t, ext(t, ev), "msg_idx="+theirs)
	quote := func(seq int, ref any) reply {
		return b.message(group, object("msg_type", 0, "content", "as you said", "msg_id", ev.MsgID(), "msg_seq", seq, "message_reference", map[string]any{"message_id": ref}))
	}
	own := func(r reply) string {
		accepted(t, r)
		said, _ := r.json["ext_info"].(map[string]any)
		ref, _ := said["ref_idx"].(string)
		return ref
	}
	first := own(quote(1, theirs))
	assert.Regexp(t, "^REFIDX_", first)
	own(quote(2, first))
	warnings := func() []string {
		calls := b.p.Calls()
		return calls[len(calls)-1].Warnings
	}
	assert.Empty(t, warnings())
	for seq, ref := range []string{"REFIDX_unknown", ev.MsgID(), b.p.Group("dogs").Say("bob", "x").MsgID()} {
		own(quote(3+seq, ref))
		assert.Equal(t, []string{"message_reference.message_id is not the REFIDX of a message of this chat: nothing is quoted"}, warnings())
	}
	refused(t, quote(1, 7), 400, 40011000, 40011000)
	answers := group.Answers()
	require.Len(t, answers, 5)
	assert.Equal(t, ev.MsgID(), answers[0].Quotes)
	assert.Equal(t, first, answers[0].Ref)
	assert.Equal(t, answers[0].ID, answers[1].Quotes, "the bot's own message, by the ref_idx of its answer")
	for _, m := range answers[2:] {
		assert.Empty(t, m.Quotes)
	}

	channel := b.p.Channel("news")
	said := channel.Say("ann", "first")
	accepted(t, b.message(channel, object("content", "hi", "msg_id", said.MsgID(), "message_reference", map[string]any{"message_id": said.MsgID()})))
	assert.Equal(t, said.MsgID(), channel.Answers()[0].Quotes, "in guilds by the id")
}

func TestAUserQuotesAMessage(t *testing.T) {
	b := newBot(t)
	for _, c := range []*richmediatest.Chat{b.p.Group("g"), b.p.C2C("ann")} {
		t.Run(c.Scene(), func(t *testing.T) {
			first := c.Say("ann", "look", richmediatest.Attachment{FileName: "cat.png", Data: png})
			firstRef := c.Messages()[0].Ref
			ev := c.Quote("bob", "what is this?", richmediatest.Quotation{MsgID: first.MsgID(), Repeats: 2})
			in := d(t, ev)
			assert.EqualValues(t, 103, in["message_type"])
			assert.NotContains(t, in, "attachments")
			ownRef := c.Messages()[1].Ref
			assert.NotEqual(t, firstRef, ownRef)
			assert.Contains(t, ext(t, ev), "msg_idx="+ownRef)
			assert.Contains(t, ext(t, ev), "ref_msg_idx="+firstRef)
			assert.Equal(t, first.MsgID(), c.Messages()[1].Quotes)

			quoted := elements(in)
			require.Len(t, quoted, 1)
			assert.Equal(t, firstRef, quoted[0]["msg_idx"])
			assert.Equal(t, "look", quoted[0]["content"])
			assert.EqualValues(t, 0, quoted[0]["message_type"])
			atts, _ := quoted[0]["attachments"].([]any)
			require.Len(t, atts, 3)
			var urls []string
			for _, a := range atts {
				m, _ := a.(map[string]any)
				assert.Equal(t, "cat.png", m["filename"])
				url, _ := m["url"].(string)
				assert.Equal(t, png, fetch(t, b.client, "GET", url, "").body)
				urls = append(urls, url)
			}
			slices.Sort(urls)
			assert.Len(t, slices.Compact(urls), 3, "each at an address of its own")

			again := c.Quote("ann", "and this?", richmediatest.Quotation{MsgID: ev.MsgID(), Unmentioned: true}, richmediatest.Attachment{Data: png})
			in = d(t, again)
			assert.Contains(t, in, "attachments")
			outer := elements(in)
			require.Len(t, outer, 1)
			assert.EqualValues(t, 103, outer[0]["message_type"])
			assert.NotContains(t, outer[0], "attachments", "they belong to the message inside")
			inner := elements(outer[0])
			require.Len(t, inner, 1)
			assert.Equal(t, "look", inner[0]["content"])
			if c.Scene() == "group" {
				assert.EqualValues(t, "GROUP_MESSAGE_CREATE", again.Type())
			}

			bare := elements(d(t, c.Quote("ann", "", richmediatest.Quotation{MsgID: first.MsgID(), WithoutMedia: true})))
			assert.NotContains(t, bare[0], "attachments")

			accepted(t, b.message(c, object("msg_type", 7, "msg_id", first.MsgID(), "media", media(b.fileInfo(c, 1, png)))))
			mine := c.Answers()[0]
			bots := elements(d(t, c.Quote("ann", "yours", richmediatest.Quotation{MsgID: mine.ID})))
			assert.Equal(t, mine.Ref, bots[0]["msg_idx"])
			assert.Len(t, bots[0]["attachments"], 1, "the bot's picture")
			accepted(t, b.message(c, object("msg_type", 0, "content", "ok", "msg_id", ev.MsgID(), "message_reference", map[string]any{"message_id": ownRef})))
			assert.Panics(t, func() { c.Quote("ann", "x", richmediatest.Quotation{MsgID: "none"}) })
		})
	}
	assert.Panics(t, func() { b.p.Channel("c").Quote("ann", "x", richmediatest.Quotation{}) })
}

func TestAMessageCanBeQuotedAfterForget(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	first := g.Say("ann", "look", richmediatest.Attachment{FileName: "cat.png", Data: png})
	ref, url := g.Messages()[0].Ref, g.Messages()[0].Attachments[0].URL
	accepted(t, b.message(g, object("msg_type", 7, "msg_id", first.MsgID(), "media", media(b.fileInfo(g, 1, png)))))
	mine := g.Answers()[0].ID
	b.p.Forget()
	quoted := elements(d(t, g.Quote("bob", "this", richmediatest.Quotation{MsgID: first.MsgID()})))
	require.Len(t, quoted, 1)
	assert.Equal(t, ref, quoted[0]["msg_idx"])
	assert.Equal(t, "look", quoted[0]["content"])
	atts, _ := quoted[0]["attachments"].([]any)
	require.Len(t, atts, 1)
	picture, _ := atts[0].(map[string]any)
	assert.Equal(t, url, picture["url"], "its first address")
	assert.Equal(t, png, fetch(t, b.client, "GET", url, "").body)
	assert.Len(t, elements(d(t, g.Quote("bob", "that", richmediatest.Quotation{MsgID: mine})))[0]["attachments"], 1)
	b.p.Advance(time.Hour)
	b.p.Forget()
	assert.Panics(t, func() { g.Quote("bob", "this", richmediatest.Quotation{MsgID: first.MsgID()}) })
}

func TestQuotesOfQuotesEnd(t *testing.T) {
	p := richmediatest.New()
	g := p.Group("g")
	id := g.Say("ann", "0").MsgID()
	var last *richmediatest.Event
	for range 6 {
		last = g.Quote("ann", "again", richmediatest.Quotation{MsgID: id})
		id = last.MsgID()
	}
	depth := 0
	for e := elements(d(t, last)); len(e) > 0; e = elements(e[0]) {
		depth++
	}
	assert.Equal(t, 3, depth)
}
