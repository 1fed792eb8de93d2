package richmedia_test

import (
	"context"
	"errors"
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

// sample is one of each kind, with what the platform sniffs in it.
var samples = []struct {
	kind         richmedia.Kind
	file, format string
	reply        func(*richmedia.Context, context.Context, richmedia.Source, ...richmedia.ReplyOption) (*dto.Message, error)
}{
	{richmedia.KindImage, "cat.png", "image/png", (*richmedia.Context).ReplyImage},
	{richmedia.KindVideo, "clip.mp4", "video/mp4", (*richmedia.Context).ReplyVideo},
	{richmedia.KindVoice, "hello.mp3", "audio/mpeg", (*richmedia.Context).ReplyVoice},
	{richmedia.KindFile, "report.pdf", "application/pdf", (*richmedia.Context).ReplyFile},
}

// TestEveryEventIsAnsweredWithEveryKind is the whole way: a signed push, botgo's webhook and event code, the
// plugin, the wire, the chat.
func TestEveryEventIsAnsweredWithEveryKind(t *testing.T) {
	for shape, opts := range map[string][]richmediatest.Option{
		"payloads as pushed":  nil,
		"documented payloads": {richmediatest.WithDocumentedPayloads()},
		"opaque file_info":    {richmediatest.WithOpaqueFileInfo()},
	} {
		for _, s := range samples {
			t.Run(fmt.Sprintf("%s/%s", shape, s.kind), func(t *testing.T) {
				b := newBedOn(t, richmediatest.New(opts...))
				answer := func(ctx context.Context, c *richmedia.Context) error {
					msg, err := s.reply(c, ctx, richmedia.FromFS(media, s.file))
					if err == nil && msg.ID == "" {
						err = errors.New("a message without an id")
					}
					return err
				}
				event.RegisterHandlers(b.media.GroupATMessage(answer), b.media.C2CMessage(answer),
					b.media.Interaction(answer), b.media.C2CFriend(answer))
				for _, typ := range []dto.EventType{"GROUP_MESSAGE_CREATE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE", "C2C_MSG_RECEIVE"} {
					assert.Equal(t, dto.IntentGroupMessages, b.media.On(typ, answer))
				}
				group, c2c := b.Group("club"), b.C2C("bob")
				for name, ev := range map[string]*richmediatest.Event{
					"group mention": group.Say("alice", "cat?"), "group message": group.SayUnmentioned("alice", "cat?"),
					"group button": group.Press("alice", "cat"), "added to the group": group.AddBot("alice"),
					"pushes allowed in the group": group.AllowPushes("alice"),
				} {
					check(t, name, s.file, s.format, ev, group)
				}
				for name, ev := range map[string]*richmediatest.Event{
					"single chat": c2c.Say("", "cat?"), "single chat button": c2c.Press("", "cat"),
					"friend": c2c.AddBot(""), "pushes allowed": c2c.AllowPushes(""),
				} {
					check(t, name, s.file, s.format, ev, c2c)
				}
				assert.Len(t, b.Uploads(), 2, "one for all groups and one for all single chats")
				for _, call := range b.Calls() {
					if call.Op == richmediatest.OpUpload {
						assert.Contains(t, string(call.Body), `"srv_send_msg":false`)
					}
				}
				require.Eventually(t, func() bool { return len(b.Acks()) == 2 }, 20*time.Second, time.Millisecond,
					"each button is acknowledged, beside the answer")
			})
		}
	}
}

// check finds the answer to ev in its chat.
func check(t *testing.T, name, file, format string, ev *richmediatest.Event, chat *richmediatest.Chat) {
	t.Helper()
	id := ev.MsgID()
	if id == "" {
		id = ev.ID()
	}
	var found *richmediatest.Message
	require.Eventually(t, func() bool { // the handler runs on its own after the push was acknowledged
		for _, m := range chat.Answers() {
			if m.ReplyTo == id {
				found = &m
			}
		}
		return found != nil
	}, 20*time.Second, time.Millisecond, name)
	require.NotNil(t, found.Media, name)
	assert.Equal(t, format, found.Media.Format, name)
	assert.Equal(t, readMedia(t, file), found.Media.Upload.Data, name)
	assert.EqualValues(t, 1001, found.Seq, name)
	if found.Media.Kind == int(richmedia.KindFile) {
		assert.Equal(t, file, found.Media.Name, name)
	}
}

func TestContextWorksInABotsOwnHandler(t *testing.T) {
	b := newBed(t)
	var failed error
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(p *dto.WSPayload, _ *dto.WSGroupATMessageData) error {
		c, err := b.media.Context(p)
		if err == nil {
			_, err = c.ReplyImage(context.Background(), richmedia.FromFS(media, "cat.png"), richmedia.WithCaption("meow"))
		}
		failed = err
		return err
	}))
	club := b.Group("club")
	club.Say("alice", "cat")
	require.NoError(t, failed)
	assert.Equal(t, "meow", club.Answers()[0].Text)
}
