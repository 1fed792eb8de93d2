package richmediatest_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/message"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestGuildPayloadsAreThoseOfTheDocuments(t *testing.T) {
	b := newBot(t)
	c, dm := b.p.Channel("cats"), b.p.DM("ann")
	assert.Equal(t, []string{"channel", "dm"}, []string{c.Scene(), dm.Scene()})
	me, err := b.do("GET", "/users/@me", "")
	require.NoError(t, err)

	ev := c.Say("ann", "/cat")
	in := d(t, ev)
	assert.EqualValues(t, "AT_MESSAGE_CREATE", ev.Type())
	assert.ElementsMatch(t, []string{
		"author", "channel_id", "guild_id", "content", "id", "member", "mentions", "timestamp", "seq", "seq_in_channel",
	}, keys(in))
	assert.Equal(t, c.OpenID(), in["channel_id"])
	assert.Equal(t, c.GuildID(), in["guild_id"])
	assert.Equal(t, ev.MsgID(), in["id"])
	assert.Equal(t, "<@!"+me.text("id")+"> /cat", in["content"])
	assert.Regexp(t, `\+08:00$`, in["timestamp"])
	assert.EqualValues(t, 1, in["seq"])
	assert.Equal(t, "1", in["seq_in_channel"])
	author, _ := in["author"].(map[string]any)
	assert.ElementsMatch(t, []string{"avatar", "bot", "id", "username"}, keys(author))
	assert.Equal(t, c.UserOpenID("ann"), author["id"])
	member, _ := in["member"].(map[string]any)
	assert.ElementsMatch(t, []string{"joined_at", "nick", "roles"}, keys(member))
	mentions, _ := in["mentions"].([]any)
	require.Len(t, mentions, 1)
	mentioned, _ := mentions[0].(map[string]any)
	assert.Equal(t, me.text("id"), mentioned["id"])
	assert.Equal(t, true, mentioned["bot"])
	assert.Equal(t, "ann: /cat", c.Messages()[0].String())

	ev = c.SayUnmentioned("ann", "hi")
	in = d(t, ev)
	assert.EqualValues(t, "MESSAGE_CREATE", ev.Type())
	assert.Equal(t, "hi", in["content"])
	assert.NotContains(t, in, "mentions")
	assert.EqualValues(t, 2, in["seq"])

	ev = dm.Say("", "psst")
	in = d(t, ev)
	assert.EqualValues(t, "DIRECT_MESSAGE_CREATE", ev.Type())
	assert.Equal(t, true, in["direct_message"])
	assert.Equal(t, dm.OpenID(), in["guild_id"])
	assert.Equal(t, dm.OpenID(), dm.GuildID())
	assert.Equal(t, c.GuildID(), in["src_guild_id"])
	assert.NotContains(t, []any{nil, "", dm.OpenID(), c.OpenID()}, in["channel_id"])
	assert.Equal(t, "psst", in["content"])
	assert.Equal(t, "ann: psst", dm.Messages()[0].String())
}

func TestGuildIDsAreNumbersAndTheSameForOneAppID(t *testing.T) {
	p := richmediatest.New()
	again := richmediatest.New(richmediatest.WithCredentials(p.AppID(), "other"))
	c, dm := p.Channel("ann"), p.DM("ann")
	seen := map[string]bool{}
	for _, id := range []string{c.OpenID(), c.GuildID(), c.UserOpenID("ann"), p.Channel("b").OpenID(), dm.OpenID()} {
		assert.Regexp(t, `^[1-9][0-9]{18}$`, id)
		assert.False(t, seen[id], "another namespace")
		seen[id] = true
	}
	assert.Same(t, c, p.Channel("ann"))
	assert.Same(t, dm, p.DM("ann"))
	assert.Equal(t, c.OpenID(), again.Channel("ann").OpenID())
	assert.Equal(t, dm.OpenID(), again.DM("ann").OpenID())
	assert.Equal(t, c.GuildID(), p.Channel("b").GuildID(), "one guild")
	assert.Equal(t, c.UserOpenID("ann"), dm.UserOpenID(""), "one user")
	assert.NotEqual(t, c.OpenID(), richmediatest.New(richmediatest.WithCredentials("9", "s")).Channel("ann").OpenID())
	assert.Empty(t, p.Group("g").GuildID())
}

func TestBotgoUnderstandsGuildEvents(t *testing.T) {
	p := richmediatest.New()
	c, dm := p.Channel("cats"), p.DM("ann")
	var at *dto.WSATMessageData
	var plain *dto.WSMessageData
	var direct *dto.WSDirectMessageData
	var press *dto.WSInteractionData
	handlers := event.DefaultHandlers
	t.Cleanup(func() { event.DefaultHandlers = handlers })
	event.RegisterHandlers(
		event.ATMessageEventHandler(func(_ *dto.WSPayload, data *dto.WSATMessageData) error { at = data; return nil }),
		event.MessageEventHandler(func(_ *dto.WSPayload, data *dto.WSMessageData) error { plain = data; return nil }),
		event.DirectMessageEventHandler(func(_ *dto.WSPayload, data *dto.WSDirectMessageData) error { direct = data; return nil }),
		event.InteractionEventHandler(func(_ *dto.WSPayload, data *dto.WSInteractionData) error { press = data; return nil }),
	)
	said := c.Say("ann", "look", richmediatest.Attachment{FileName: "a.png", Data: png, Width: 3, Height: 4})
	for _, ev := range []*richmediatest.Event{said, c.SayUnmentioned("ann", "hi"), dm.Say("", "psst"), c.Press("ann", "again")} {
		require.NoError(t, event.ParseAndHandle(ev.Payload()))
	}

	require.NotNil(t, at)
	assert.Equal(t, said.MsgID(), at.ID)
	assert.Equal(t, "look", message.ETLInput(at.Content), "botgo finds the mention")
	assert.Equal(t, c.OpenID(), at.ChannelID)
	assert.Equal(t, "ann", at.Member.Nick)
	assert.True(t, at.Mentions[0].Bot)
	require.Len(t, at.Attachments, 1)
	assert.Regexp(t, `^gchat\.qpic\.cn/`, at.Attachments[0].URL, "no scheme")
	assert.Equal(t, dto.MessageAttachment{
		URL: at.Attachments[0].URL, FileName: "a.png", ContentType: "image/png", Size: len(png), Width: 3, Height: 4,
	}, *at.Attachments[0])
	atts, _ := d(t, said)["attachments"].([]any)
	first, _ := atts[0].(map[string]any)
	assert.NotEmpty(t, first["id"])
	require.NotNil(t, plain)
	assert.Equal(t, "hi", plain.Content)
	require.NotNil(t, direct)
	assert.True(t, direct.DirectMessage)
	assert.Equal(t, dm.GuildID(), direct.GuildID)
	require.NotNil(t, press)
	assert.Equal(t, c.OpenID(), press.ChannelID)
	assert.Equal(t, c.GuildID(), press.GuildID)
	assert.Zero(t, press.ChatType)
	assert.Equal(t, "guild", press.Scene)
	var resolved map[string]string
	require.NoError(t, json.Unmarshal(press.Data.Resolved, &resolved))
	assert.Equal(t, "again", resolved["button_data"])
	assert.Equal(t, c.UserOpenID("ann"), resolved["user_id"])
	assert.NotContains(t, resolved, "button_id", "the bot has sent no keyboard")
	assert.NotEmpty(t, resolved["message_id"])
}

func TestTheBytesOfAGuildsAttachmentAreOnTheWeb(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	in := d(t, c.Say("ann", "", richmediatest.Attachment{Data: png}, richmediatest.Attachment{URL: "https://example.com/a.png"}))
	atts, _ := in["attachments"].([]any)
	first, _ := atts[0].(map[string]any)
	second, _ := atts[1].(map[string]any)
	assert.Equal(t, "example.com/a.png", second["url"])
	url, _ := first["url"].(string)
	accepted(t, b.message(c, object("image", "https://"+url, "msg_id", c.Say("ann", "hi").MsgID())))
	assert.Equal(t, png, c.Answers()[0].Media.Upload.Data)
}

func TestAPressNamesTheBotsLastMessage(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("cats")
	r := b.message(c, object("content", "x", "msg_id", c.Say("ann", "hi").MsgID()))
	accepted(t, r)
	press := c.Press("ann", "again")
	data, _ := d(t, press)["data"].(map[string]any)
	resolved, _ := data["resolved"].(map[string]any)
	assert.Equal(t, r.text("id"), resolved["message_id"])
	ack, err := b.do("PUT", "/interactions/"+press.InteractionID(), `{"code":0}`)
	require.NoError(t, err)
	accepted(t, ack)
}

func TestGuildsHaveNoMembershipOfTheBot(t *testing.T) {
	p := richmediatest.New()
	for _, c := range []*richmediatest.Chat{p.Channel("c"), p.DM("ann")} {
		for name, f := range map[string]func(string) *richmediatest.Event{
			"AddBot": c.AddBot, "RemoveBot": c.RemoveBot, "AllowPushes": c.AllowPushes, "RejectPushes": c.RejectPushes,
		} {
			assert.PanicsWithValue(t, "richmediatest: "+name+" is for scenes group, c2c, not for "+c.Scene()+" "+c.Name(), func() { f("ann") })
		}
	}
	assert.Panics(t, func() { p.DM("ann").SayUnmentioned("ann", "hi") })
	assert.Panics(t, func() { p.DM("ann").Press("ann", "x") })
	assert.Empty(t, p.Channel("c").Messages())
}

func TestEveryGuildEventHasItsIntent(t *testing.T) {
	for want, intent := range map[string]dto.Intent{
		"AT_MESSAGE_CREATE": dto.IntentGuildAtMessage, "MESSAGE_CREATE": dto.IntentGuildMessages,
		"DIRECT_MESSAGE_CREATE": dto.IntentDirectMessages, "INTERACTION_CREATE": dto.IntentInteraction,
		"MESSAGE_AUDIT_PASS": dto.IntentAudit, "GROUP_AT_MESSAGE_CREATE": dto.IntentGroupMessages,
	} {
		t.Run(want, func(t *testing.T) {
			b := listening(t)
			s := b.dial()
			b.identify(s, intent)
			c := b.p.Channel("cats")
			b.p.Group("g").Say("ann", "hi")
			said := c.Say("ann", "hi")
			c.SayUnmentioned("ann", "hi")
			b.p.DM("ann").Say("", "hi")
			c.Press("ann", "x")
			c.Audit(true)
			b.p.PassAudit(audited(t, b.message(c, object("content", "x", "msg_id", said.MsgID())), 304024))
			b.p.DropGateway(4009) // the end, should nothing have come
			assert.Equal(t, want, s.read().Type)
			assert.Equal(t, 4009, s.closed())
		})
	}
}
