package richmedia_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheContextHasTheFieldsOfItsEvent(t *testing.T) {
	b := newBed(t)
	got := make(chan *richmedia.Context, 1)
	take := func(_ context.Context, c *richmedia.Context) error { got <- c; return nil }
	event.RegisterHandlers(b.media.GroupATMessage(take), b.media.Interaction(take), b.media.C2CFriend(take))
	group := b.Group("club")

	ev := group.Say("alice", "  show me  ", richmediatest.Attachment{
		ContentType: "voice", FileName: "a.amr", URL: "multimedia.example.com/a?rkey=1", VoiceWAVURL: "//multimedia.example.com/a.wav", VoiceText: "hello",
	})
	c := <-got
	assert.Equal(t, richmedia.ScopeGroup, c.Target().Scope)
	assert.Equal(t, group.OpenID(), c.Target().ChatID)
	assert.Equal(t, ev.MsgID(), c.Target().MsgID)
	assert.Empty(t, c.Target().EventID)
	assert.Equal(t, "show me", c.Text())
	assert.NotEmpty(t, c.UserID())
	assert.Equal(t, group.OpenID(), c.Message().GroupID, "botgo leaves it empty: it knows group_id only")
	assert.Equal(t, c.UserID(), c.Message().Author.ID)
	assert.Nil(t, c.Interaction())
	assert.Empty(t, c.ButtonData())
	assert.Equal(t, ev.ID(), c.Payload().EventID)
	require.Len(t, c.Attachments(), 1)
	a := c.Attachments()[0]
	assert.Equal(t, "https://multimedia.example.com/a?rkey=1", a.URL)
	assert.Equal(t, "https://multimedia.example.com/a.wav", a.VoiceWAVURL)
	assert.Equal(t, "hello", a.VoiceText)
	n, until := c.RepliesLeft()
	assert.Equal(t, 5, n)
	assert.WithinDuration(t, time.Now().Add(5*time.Minute), until, 20*time.Second)

	press := group.Press("alice", "again")
	c = <-got
	assert.Nil(t, c.Message())
	assert.Equal(t, press.ID(), c.Target().EventID)
	assert.Equal(t, "again", c.ButtonData())

	b.C2C("bob").RemoveBot("")
	c = <-got
	assert.Equal(t, dto.EventC2CFriendDel, c.Payload().Type)
	assert.NotEmpty(t, c.UserID())
	n, _ = c.RepliesLeft()
	assert.Zero(t, n)
	_, err := c.ReplyText(t.Context(), "bye")
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	require.ErrorContains(t, err, "FRIEND_DEL cannot be answered")
	assert.Zero(t, b.Count(richmediatest.OpSend))
}

func TestAGroupIsKnownByItsOlderIDToo(t *testing.T) {
	b := newBed(t)
	for typ, d := range map[dto.EventType]string{
		"GROUP_AT_MESSAGE_CREATE": `{"id":"M","group_id":"G","author":{"id":"U"}}`,
		"GROUP_MESSAGE_CREATE":    `{"id":"M","group_id":"other","group_openid":"G","author":{"id":"U"}}`,
		"GROUP_ADD_ROBOT":         `{"group_id":"G","op_member_openid":"U"}`,
		"INTERACTION_CREATE":      `{"id":"I","chat_type":1,"type":11,"group_id":"G","group_member_openid":"U"}`,
	} {
		c, err := b.media.Context(payload(typ, string(typ)+":1", d))
		require.NoError(t, err, typ)
		assert.Equal(t, richmedia.ScopeGroup, c.Target().Scope, typ)
		assert.Equal(t, "G", c.Target().ChatID, typ)
		assert.Equal(t, "U", c.UserID(), typ)
	}
}

func TestEventsThatBotgoDoesNotKnowHaveTheirIntent(t *testing.T) {
	b := newBed(t)
	none := func(context.Context, *richmedia.Context) error { return nil }
	for typ, want := range map[dto.EventType]dto.Intent{
		"GROUP_MEMBER_ADD": 1 << 24, "GROUP_MEMBER_REMOVE": 1 << 24, "GROUP_MESSAGE_CREATE": dto.IntentGroupMessages,
		"GROUP_DEL_ROBOT": dto.IntentGroupMessages, dto.EventGuildCreate: dto.IntentGuilds,
	} {
		assert.Equal(t, want, b.media.On(typ, none), typ)
	}
}

func TestAMentionOfTheBotIsNotText(t *testing.T) {
	b := newBed(t)
	got := make(chan string, 1)
	b.media.On("GROUP_MESSAGE_CREATE", func(_ context.Context, c *richmedia.Context) error { got <- c.Text(); return nil })
	for content, want := range map[string]string{
		"<@BOT> cat": "cat", "cat <@!BOT>": "cat", " <@OTHER> cat ": "<@OTHER> cat", "\u00a0cat": "cat",
	} {
		d, err := json.Marshal(map[string]any{
			"id": "M" + want + content, "content": content, "group_openid": "G", "author": map[string]any{"member_openid": "U"},
			"mentions": []map[string]any{{"id": "BOT", "is_you": true}, {"id": "OTHER"}},
		})
		require.NoError(t, err)
		require.NoError(t, event.ParseAndHandle(payload("GROUP_MESSAGE_CREATE", "", string(d))))
		assert.Equal(t, want, <-got)
	}
}

// payload is what botgo hands to a handler.
func payload(typ dto.EventType, id, d string) *dto.WSPayload {
	p := &dto.WSPayload{RawMessage: fmt.Appendf(nil, `{"op":0,"t":%q,"id":%q,"d":%s}`, typ, id, d)}
	p.Type, p.EventID = typ, id
	return p
}
