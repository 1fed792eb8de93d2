package richmediatest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMessageThatTheBotQuotesIsKnownByItsReference(t *testing.T) {
	b := newBot(t)
	group := b.p.Group("cats")
	ev := group.Say("ann", "first")
	scene, _ := d(t, ev)["message_scene"].(map[string]any)
	ext, _ := scene["ext"].([]any)
	ref := strings.TrimPrefix(ext[0].(string), "msg_idx=")
	quote := func(seq int, ref string) string {
		r := b.message(group, object("msg_type", 0, "content", "as you said", "msg_id", ev.MsgID(), "msg_seq", seq, "message_reference", map[string]any{"message_id": ref}))
		accepted(t, r)
		said, _ := r.json["ext_info"].(map[string]any)
		return said["ref_idx"].(string)
	}
	own := quote(1, ref)
	quote(2, own)
	quote(3, "REFIDX_unknown")
	answers := group.Answers()
	assert.Equal(t, ev.MsgID(), answers[0].Quotes)
	assert.Equal(t, answers[0].ID, answers[1].Quotes, "a message of its own, by the ref_idx that it was answered with")
	assert.Empty(t, answers[2].Quotes)

	channel := b.p.Channel("news")
	said := channel.Say("ann", "first")
	r, err := b.do("POST", "/channels/"+channel.OpenID()+"/messages", object("content", "hi", "msg_id", said.MsgID(), "message_reference", map[string]any{"message_id": said.MsgID()}))
	assert.NoError(t, err)
	assert.Equal(t, 200, r.status, "%s", r.raw)
	for _, m := range channel.Answers() {
		assert.Equal(t, said.MsgID(), m.Quotes)
	}
}
