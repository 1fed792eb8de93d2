package richmediatest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// audited checks the answer of a send that waits for audit, and returns its audit_id.
func audited(t *testing.T, r reply, code int) string {
	t.Helper()
	require.Equal(t, 202, r.status, "%s", r.raw)
	assert.EqualValues(t, code, r.json["code"])
	assert.Equal(t, "push message is waiting for audit now", r.text("message"))
	assert.NotContains(t, r.json, "err_code")
	data, _ := r.json["data"].(map[string]any)
	inner, _ := data["message_audit"].(map[string]any)
	id, _ := inner["audit_id"].(string)
	require.NotEmpty(t, id)
	return id
}

func TestAnAuditedMessageIsShownOnceItPasses(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	for _, c := range guilds(b) {
		asked := c.Say("ann", "/cat")
		c.Audit(true)
		first := audited(t, b.form(c, png, "content", "meow", "msg_id", asked.MsgID()), 304024)
		second := audited(t, b.message(c, object("content", "news")), 304023)
		assert.Empty(t, c.Answers(), "not yet")
		waiting := c.Audits()
		require.Len(t, waiting, 2)
		assert.Equal(t, []string{first, second}, []string{waiting[0].ID, waiting[1].ID})
		assert.Equal(t, "bot: [image image/png, 24 bytes] meow", waiting[0].Message.String())
		assert.Empty(t, waiting[0].Message.ID)

		pass := b.p.PassAudit(first)
		assert.EqualValues(t, "MESSAGE_AUDIT_PASS", pass.Type())
		in := d(t, pass)
		assert.ElementsMatch(t, []string{
			"audit_id", "audit_time", "create_time", "channel_id", "guild_id", "message_id", "seq_in_channel",
		}, keys(in))
		assert.Equal(t, first, in["audit_id"])
		assert.Equal(t, c.GuildID(), in["guild_id"])
		require.Len(t, c.Answers(), 1)
		assert.Equal(t, in["message_id"], c.Answers()[0].ID)
		assert.Equal(t, png, c.Answers()[0].Media.Upload.Data)
		assert.Equal(t, asked.MsgID(), c.Answers()[0].ReplyTo)
		_, err := time.Parse(time.RFC3339, in["audit_time"].(string))
		require.NoError(t, err)

		in = d(t, b.p.RejectAudit(second))
		assert.ElementsMatch(t, []string{"audit_id", "audit_time", "create_time", "channel_id", "guild_id"}, keys(in))
		assert.Len(t, c.Answers(), 1)
		assert.Empty(t, c.Audits())
		assert.Panics(t, func() { b.p.PassAudit(first) }, "it is over")

		c.Audit(false)
		accepted(t, b.message(c, object("content", "x", "msg_id", asked.MsgID())))
		refused(t, b.message(c, object("content", "x", "event_id", pass.ID())), 400, 40034027, 40034027)
	}
	assert.Panics(t, func() { b.p.Group("g").Audit(true) })
}

func TestRefusalsComeBeforeTheAudit(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	c.Audit(true)
	refused(t, b.message(c, object("content", "news")), 400, 22009, 0)
	refused(t, b.message(c, object("content", "x", "msg_id", "08ab")), 400, 304026, 304026)
	assert.Empty(t, c.Audits())
}

func TestBotgoUnderstandsAudits(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	c.Audit(true)
	id := audited(t, b.message(c, object("content", "x", "msg_id", c.Say("ann", "hi").MsgID())), 304024)
	handlers := event.DefaultHandlers
	t.Cleanup(func() { event.DefaultHandlers = handlers })
	var got *dto.WSMessageAuditData
	event.RegisterHandlers(event.MessageAuditEventHandler(func(_ *dto.WSPayload, data *dto.WSMessageAuditData) error {
		got = data
		return nil
	}))
	require.NoError(t, event.ParseAndHandle(b.p.PassAudit(id).Payload()))
	require.NotNil(t, got)
	assert.Equal(t, id, got.AuditID)
	assert.Equal(t, c.Answers()[0].ID, got.MessageID)
	assert.Equal(t, c.OpenID(), got.ChannelID)
}
