package richmedia_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// This file holds that a field of an event that has another type than the documents say costs that field at most.

// message is the d of every sort of message, and where it belongs.
type message struct {
	scope  richmedia.Scope
	chat   string
	user   string
	d      map[string]any
	listen func(*richmedia.Plugin, richmedia.Handler)
}

// messages are the sorts of messages, new ones on every call.
func messages() map[dto.EventType]message {
	with := func(author, more map[string]any) map[string]any {
		d := map[string]any{
			"id": "M", "content": "hi", "timestamp": "2026-11-28T12:00:00+08:00", "author": author, "message_type": 0,
			"attachments": []any{map[string]any{
				"content_type": "image/png", "filename": "cat.png", "url": "https://multimedia.example.com/cat", "size": 53851, "width": 640, "height": 480,
			}},
			"mentions": []any{}, "message_scene": map[string]any{"source": "default"},
		}
		for k, v := range more {
			d[k] = v
		}
		return d
	}
	guild := func(more map[string]any) map[string]any {
		d := with(map[string]any{"id": "U", "username": "ann", "bot": false, "avatar": "https://example.com/ann"}, map[string]any{
			"channel_id": "7", "guild_id": "8", "seq": 1, "seq_in_channel": "1", "member": map[string]any{"joined_at": "2026-01-01T00:00:00+08:00", "roles": []any{"1"}},
		})
		for k, v := range more {
			d[k] = v
		}
		return d
	}
	register := func(adapter func(*richmedia.Plugin, richmedia.Handler) any) func(*richmedia.Plugin, richmedia.Handler) {
		return func(p *richmedia.Plugin, h richmedia.Handler) { event.RegisterHandlers(adapter(p, h)) }
	}
	on := func(typ dto.EventType) func(*richmedia.Plugin, richmedia.Handler) {
		return func(p *richmedia.Plugin, h richmedia.Handler) { p.On(typ, h) }
	}
	group := with(map[string]any{"id": "U", "member_openid": "U"}, map[string]any{"group_id": "G", "group_openid": "G"})
	every := with(map[string]any{"id": "U", "member_openid": "U"}, map[string]any{"group_id": "G", "group_openid": "G"})
	single := with(map[string]any{"id": "U", "user_openid": "U"}, nil)
	return map[dto.EventType]message{
		dto.EventC2CMessageCreate: {
			richmedia.ScopeC2C, "U", "U", single,
			register(func(p *richmedia.Plugin, h richmedia.Handler) any { return p.C2CMessage(h) }),
		},
		dto.EventGroupAtMessageCreate: {
			richmedia.ScopeGroup, "G", "U", group,
			register(func(p *richmedia.Plugin, h richmedia.Handler) any { return p.GroupATMessage(h) }),
		},
		richmedia.EventGroupMessageCreate: {richmedia.ScopeGroup, "G", "U", every, on(richmedia.EventGroupMessageCreate)},
		dto.EventAtMessageCreate: {
			richmedia.ScopeChannel, "7", "U", guild(nil),
			register(func(p *richmedia.Plugin, h richmedia.Handler) any { return p.ATMessage(h) }),
		},
		dto.EventMessageCreate: {
			richmedia.ScopeChannel, "7", "U", guild(nil),
			register(func(p *richmedia.Plugin, h richmedia.Handler) any { return p.Message(h) }),
		},
		dto.EventDirectMessageCreate: {
			richmedia.ScopeDM, "8", "U", guild(map[string]any{"direct_message": true, "src_guild_id": "9"}),
			register(func(p *richmedia.Plugin, h richmedia.Handler) any { return p.DirectMessage(h) }),
		},
	}
}

// oddities change a field of d to a type that the documents do not have. The text and the attachment are as before.
var oddities = map[string]func(d map[string]any){
	"a number for a timestamp":       func(d map[string]any) { d["timestamp"] = 1764302400 },
	"an object for a timestamp":      func(d map[string]any) { d["timestamp"] = map[string]any{"seconds": 1} },
	"a string for a size":            func(d map[string]any) { attachment(d)["size"] = "53851" },
	"strings for width and height":   func(d map[string]any) { attachment(d)["width"], attachment(d)["height"] = "640", "480" },
	"a fraction for a size":          func(d map[string]any) { attachment(d)["size"] = 53851.0 },
	"an array for message_scene":     func(d map[string]any) { d["message_scene"] = []any{"default"} },
	"a string for message_scene":     func(d map[string]any) { d["message_scene"] = "default" },
	"an object for mentions":         func(d map[string]any) { d["mentions"] = map[string]any{"id": "x"} },
	"a string in mentions":           func(d map[string]any) { d["mentions"] = []any{"x", 7, nil} },
	"a string for message_type":      func(d map[string]any) { d["message_type"] = "0" },
	"a string for a bool":            func(d map[string]any) { d["mention_everyone"] = "false" },
	"a number for seq_in_channel":    func(d map[string]any) { d["seq_in_channel"] = 17 },
	"a string for seq":               func(d map[string]any) { d["seq"] = "17" },
	"an array for member":            func(d map[string]any) { d["member"] = []any{} },
	"a number for a member's date":   func(d map[string]any) { d["member"] = map[string]any{"joined_at": 1, "roles": "1"} },
	"a number for bot":               func(d map[string]any) { author(d)["bot"] = 0 },
	"an object for an avatar":        func(d map[string]any) { author(d)["avatar"] = map[string]any{"url": "x"} },
	"a number for a file name":       func(d map[string]any) { attachment(d)["asr_refer_text"] = 5 },
	"an object for message_ref":      func(d map[string]any) { d["message_reference"] = "M0" },
	"an object for embeds and ark":   func(d map[string]any) { d["embeds"], d["ark"] = map[string]any{}, []any{} },
	"a negative and a string number": func(d map[string]any) { d["ttl"], d["file_info"] = -1, map[string]any{} },
	"null for what is optional":      func(d map[string]any) { d["mentions"], d["member"], d["message_scene"] = nil, nil, nil },
	"fields that nobody knows":       func(d map[string]any) { d["new"], d["newer"] = []any{map[string]any{"a": []any{}}}, 1e300 },
}

func attachment(d map[string]any) map[string]any {
	return d["attachments"].([]any)[0].(map[string]any) //nolint:forcetypeassert // made above
}

func author(d map[string]any) map[string]any {
	return d["author"].(map[string]any) //nolint:forcetypeassert // made above
}

// push passes an event to b's webhook, and returns the answer's body.
func push(t *testing.T, b *bed, typ dto.EventType, id string, d any) string {
	t.Helper()
	data, err := json.Marshal(d)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	body := fmt.Appendf(nil, `{"op":0,"s":1,"t":%q,"id":%q,"d":%s}`, typ, id, data)
	richmedia.WebhookHandler(b.Credentials()).ServeHTTP(w, b.SignedRequest(body))
	return strings.TrimSpace(w.Body.String())
}

func TestAFieldOfAnotherTypeCostsNoMessage(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	got := make(chan *richmedia.Context, 1)
	for _, m := range messages() {
		m.listen(b.media, func(_ context.Context, c *richmedia.Context) error { got <- c; return nil })
	}
	n := 0
	for name, change := range oddities {
		for typ, m := range messages() {
			n++
			m.d["id"] = fmt.Sprintf("M%d", n)
			change(m.d)
			where := fmt.Sprintf("%s, %s", typ, name)
			require.JSONEq(t, `{"op":12,"d":0}`, push(t, b, typ, fmt.Sprintf("%s:%d", typ, n), m.d), where)
			c := <-got
			assert.Equal(t, m.scope, c.Scope(), where)
			assert.Equal(t, m.chat, c.ChatID(), where)
			assert.Equal(t, m.user, c.UserID(), where)
			assert.Equal(t, "hi", c.Text(), where)
			assert.Equal(t, m.d["id"], c.Message().ID, where)
			require.Len(t, c.Attachments(), 1, where)
			a := c.Attachments()[0]
			assert.Equal(t, []any{"cat.png", 53851, 640, 480}, []any{a.FileName, a.Size, a.Width, a.Height}, where)
			require.Len(t, c.Message().Attachments, 1, where)
			assert.Equal(t, a.MessageAttachment, *c.Message().Attachments[0], where)
		}
	}
	assert.Empty(t, b.log.text())
}

// TestAFieldOfAnotherTypeCostsNoButton nor its acknowledgement.
func TestAFieldOfAnotherTypeCostsNoButton(t *testing.T) {
	data := func(d map[string]any) map[string]any { return d["data"].(map[string]any) } //nolint:forcetypeassert // made below
	resolved := func(d map[string]any) map[string]any { return data(d)["resolved"].(map[string]any) }
	guild := func(d map[string]any) {
		delete(d, "group_openid")
		delete(d, "group_member_openid")
		d["guild_id"], d["channel_id"] = "8", "7"
	}
	for name, change := range map[string]func(d map[string]any){
		"as documented":              func(map[string]any) {},
		"a string for a type":        func(d map[string]any) { d["type"], data(d)["type"] = "11", "11" },
		"a number for an id":         func(d map[string]any) { d["id"] = 42 },
		"a string for a version":     func(d map[string]any) { d["version"] = "1" },
		"a string for a chat_type":   func(d map[string]any) { d["chat_type"] = "1" },
		"no chat_type":               func(d map[string]any) { delete(d, "chat_type") },
		"a number for button_data":   func(d map[string]any) { resolved(d)["button_data"] = 42 },
		"a number for a button's id": func(d map[string]any) { resolved(d)["button_id"] = 1 },
		"a guild":                    func(d map[string]any) { d["chat_type"] = 0; guild(d) },
		"a guild, chat_type string":  func(d map[string]any) { d["chat_type"] = "0"; guild(d) },
		"a guild, no chat_type":      func(d map[string]any) { delete(d, "chat_type"); guild(d) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.PushTo(nil)
			acked := make(chan string, 1)
			b.Intercept(richmediatest.OpAck, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				acked <- r.URL.Path
				_, _ = io.WriteString(w, "{}")
			})
			got := make(chan *richmedia.Context, 1)
			b.onButton(func(_ context.Context, c *richmedia.Context) error { got <- c; return nil })
			d := map[string]any{
				"id": "42", "type": 11, "chat_type": 1, "version": 1, "group_openid": "G", "group_member_openid": "U",
				"data": map[string]any{"type": 11, "resolved": map[string]any{"button_data": "42", "button_id": "1"}},
			}
			change(d)
			require.JSONEq(t, `{"op":12,"d":0}`, push(t, b, dto.EventInteractionCreate, "INTERACTION_CREATE:1", d))
			c := <-got
			want := []any{richmedia.ScopeGroup, "G", "42"}
			if d["channel_id"] != nil {
				want = []any{richmedia.ScopeChannel, "7", "42"}
			}
			assert.Equal(t, want, []any{c.Scope(), c.ChatID(), c.ButtonData()})
			require.NoError(t, b.media.Shutdown(soon(t)))
			require.Len(t, acked, 1)
			assert.Equal(t, "/interactions/42", <-acked)
		})
	}
}

func TestAFieldOfAnotherTypeCostsNoMessageOfBotgosOwnHandlers(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	for _, m := range messages() { // the plugin has the types, and the bot takes them back below
		m.listen(b.media, func(context.Context, *richmedia.Context) error { t.Error("replaced"); return nil })
	}
	got := make(chan *dto.Message, 1)
	take := func(m *dto.Message) error { got <- m; return nil }
	event.RegisterHandlers(
		event.C2CMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSC2CMessageData) error { return take((*dto.Message)(d)) }),
		event.GroupATMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSGroupATMessageData) error { return take((*dto.Message)(d)) }),
		event.ATMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSATMessageData) error { return take((*dto.Message)(d)) }),
		event.MessageEventHandler(func(_ *dto.WSPayload, d *dto.WSMessageData) error { return take((*dto.Message)(d)) }),
		event.DirectMessageEventHandler(func(_ *dto.WSPayload, d *dto.WSDirectMessageData) error { return take((*dto.Message)(d)) }),
	)
	n := 0
	for name, change := range oddities {
		for typ, m := range messages() {
			if typ == richmedia.EventGroupMessageCreate { // botgo has no handler for it
				continue
			}
			n++
			change(m.d)
			where := fmt.Sprintf("%s, %s", typ, name)
			require.JSONEq(t, `{"op":12,"d":0}`, push(t, b, typ, fmt.Sprintf("%s:%d", typ, n), m.d), where)
			read := <-got
			assert.Equal(t, "M", read.ID, where)
			assert.Equal(t, "hi", read.Content, where)
			require.NotNil(t, read.Author, where)
			assert.Equal(t, "U", read.Author.ID, where)
			require.Len(t, read.Attachments, 1, where)
			assert.Equal(t, "cat.png", read.Attachments[0].FileName, where)
		}
	}
}

func TestNumbersAndTextsOfAnAttachmentMayBeEachOther(t *testing.T) {
	for in, want := range map[string]richmedia.Attachment{
		`{"size":"53851","width":"640","height":"480"}`:           {MessageAttachment: dto.MessageAttachment{Size: 53851, Width: 640, Height: 480}},
		`{"size":5.0,"width":null,"height":true}`:                 {MessageAttachment: dto.MessageAttachment{Size: 5}},
		`{"size":-1,"width":"wide","height":[1]}`:                 {},
		`{"size":"","filename":7,"content_type":["image/png"]}`:   {MessageAttachment: dto.MessageAttachment{FileName: "7"}},
		`{"url":{"a":1},"asr_refer_text":12,"voice_wav_url":"x"}`: {VoiceText: "12", VoiceWAVURL: "x"},
		`null`: {},
		`"x"`:  {},
		`[]`:   {},
	} {
		var got richmedia.Attachment
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.Equal(t, want, got, in)
	}
	full := richmedia.Attachment{MessageAttachment: dto.MessageAttachment{
		URL: "https://example.com/a?b=c", FileName: "a \"b\"\n.png", Height: 1, Size: 2, Width: 3, ContentType: "voice",
	}, VoiceWAVURL: "https://example.com/a.wav", VoiceText: "嗯"}
	b, err := json.Marshal(full)
	require.NoError(t, err)
	var again richmedia.Attachment
	require.NoError(t, json.Unmarshal(b, &again))
	assert.Equal(t, full, again, "as from a job queue")
	require.Error(t, again.UnmarshalJSON([]byte("{")))
}

func TestANewMemberIsAnsweredByTheEventsID(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	b.media.On("GROUP_MEMBER_ADD", func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, "welcome "+c.UserID())
		return err
	})
	ev := club.AddMember("carol")
	got := answers(t, club, 1)
	assert.Equal(t, ev.ID(), got[0].ReplyTo)
	var payload struct {
		D struct {
			Member string `json:"member_openid"`
		} `json:"d"`
	}
	require.NoError(t, json.Unmarshal(ev.Body(), &payload))
	require.NotEmpty(t, payload.D.Member)
	assert.Equal(t, "welcome "+payload.D.Member, got[0].Text)
}

func TestEveryEventTypeIsTriedUnlessItIsDocumentedAsNotAnswerable(t *testing.T) {
	b := newBed(t, richmedia.WithRetries(0))
	b.PushTo(nil)
	for typ, refused := range map[dto.EventType]bool{
		"SUBSCRIBE_MESSAGE_STATUS": false, "GROUP_MEMBER_REMOVE": false, "GROUP_JOIN_REQUEST": false, "ENTER_AIO": false, "INVENTED_2027": false,
		richmedia.EventGroupDelRobot: true, richmedia.EventGroupMsgReject: true, richmedia.EventC2CMsgReject: true, dto.EventC2CFriendDel: true,
	} {
		sends := b.Count(richmediatest.OpSend)
		c, err := b.media.Context(payload(typ, string(typ)+":1", `{"group_openid":"`+b.Group("club").OpenID()+`","openid":"U"}`))
		if refused {
			require.ErrorIs(t, err, richmedia.ErrUnsupported, typ)
			continue
		}
		require.NoError(t, err, typ)
		_, err = c.ReplyText(t.Context(), "hi")
		require.Error(t, err, typ) // the platform knows no such event
		assert.Greater(t, b.Count(richmediatest.OpSend), sends, typ)
	}
}
