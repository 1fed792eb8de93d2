//go:build !race

// botgo's own websocket client races inside itself (version 0.2.1), so what runs over it stands apart from the
// race detector. The same flows run under it over the webhook in plugin_test.go.

package richmedia_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// botgo's session manager never returns: it dials again forever after the platform has gone.
func init() {
	tolerated = append(tolerated,
		goleak.IgnoreAnyFunction("github.com/tencent-connect/botgo/sessions/local.(*ChanManager).Start"),
		goleak.IgnoreAnyFunction("github.com/tencent-connect/botgo/sessions/local.(*ChanManager).newConnect"),
	)
}

func TestABotOnTheWebsocketAnswersEveryEvent(t *testing.T) {
	p := richmediatest.New()
	useBotgo(t, p)
	src := token.NewQQBotTokenSource(p.Credentials())
	b := newBareBed(t, p, src)
	p.PushTo(nil)

	kinds := map[string]int{"image": 0, "video": 1, "voice": 2, "file": 3}
	answer := func(ctx context.Context, c *richmedia.Context) error {
		s := samples[kinds[c.Text()]]
		_, err := s.reply(c, ctx, richmedia.FromFS(media, s.file))
		return err
	}
	intents := event.RegisterHandlers(b.media.GroupATMessage(answer), b.media.C2CMessage(answer),
		b.media.Interaction(answer), b.media.C2CFriend(answer))
	intents |= b.media.On("GROUP_ADD_ROBOT", answer)
	ap, err := botgo.NewOpenAPI(p.AppID(), src).WS(t.Context(), nil, "")
	require.NoError(t, err)
	go botgo.NewSessionManager().Start(ap, src, &intents) //nolint:errcheck // it never returns
	require.NoError(t, p.WaitReady(soon(t)))

	club, bob := p.Group("club"), p.C2C("bob")
	for kind := range kinds {
		club.Say("alice", kind)
		bob.Say("", kind)
	}
	press, added, friend := club.Press("alice", "again"), club.AddBot("alice"), bob.AddBot("")
	answered := map[string]bool{}
	formats := map[string]int{}
	for _, m := range append(answers(t, club, 6), answers(t, bob, 5)...) {
		answered[m.ReplyTo] = true
		formats[m.Media.Format]++
	}
	assert.Equal(t, map[string]int{"image/png": 5, "video/mp4": 2, "audio/mpeg": 2, "application/pdf": 2}, formats)
	for _, ev := range []*richmediatest.Event{press, added, friend} {
		assert.True(t, answered[ev.ID()], ev.Type())
	}
	require.NoError(t, b.media.Shutdown(soon(t)))
}

func TestTwoBotsOnTheirWebsocketsAnswerTheirOwnEvents(t *testing.T) {
	for name, register := range registrations {
		t.Run(name, func(t *testing.T) {
			var bots []*bed
			for range 2 {
				p := richmediatest.New()
				useBotgo(t, p)
				src := p.TokenSource()
				b := newBedFrom(t, p, src)
				p.PushTo(nil)
				register(b.media, says(p.AppID()))
				ap, err := botgo.NewOpenAPI(p.AppID(), src).WS(t.Context(), nil, "")
				require.NoError(t, err)
				intents := dto.IntentGroupMessages
				go botgo.NewSessionManager().Start(ap, src, &intents) //nolint:errcheck // it never returns
				require.NoError(t, p.WaitReady(soon(t)))
				bots = append(bots, b)
			}
			for n := range 3 {
				for _, b := range bots {
					b.Group("club").Say("alice", "hi")
					assert.Equal(t, b.AppID(), answers(t, b.Group("club"), n+1)[n].Text)
				}
			}
			for _, b := range bots {
				assert.Equal(t, 3, b.Count(richmediatest.OpSend))
			}
		})
	}
}
