//go:build !race

// botgo's own websocket client races inside itself (version 0.2.1).

package richmedia_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestABotOnTheWebsocketAtDebugLevelLogsNoSecretTokenOrBody(t *testing.T) {
	var w lockedBuffer
	useSlog(t, slogTo(&w))
	p := richmediatest.New()
	keepHandlers(t)
	useBotgo(t, p)
	src := token.NewQQBotTokenSource(p.Credentials())
	media, err := richmedia.New(src)
	require.NoError(t, err)
	intents := event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", readMedia(t, "cat.png")), richmedia.WithCaption(said))
		return err
	}))
	ap, err := botgo.NewOpenAPI(p.AppID(), src).WS(t.Context(), nil, "")
	require.NoError(t, err)
	go botgo.NewSessionManager().Start(ap, src, &intents) //nolint:errcheck // it never returns
	require.NoError(t, p.WaitReady(soon(t)))
	club := p.Group("club")
	club.Say("alice", heard)
	answers(t, club, 1)
	p.Reconnect() // a resume has the bare token
	require.NoError(t, p.WaitReady(soon(t)))
	club.Say("alice", heard)
	answers(t, club, 2)
	require.NoError(t, media.Shutdown(soon(t)))
	secrets := unlogged(t, p, src)
	require.NoError(t, p.Close())

	text := w.String()
	for what, secret := range secrets {
		require.NotEmpty(t, secret, what)
		assert.NotContains(t, text, secret, what)
	}
	for _, line := range []string{"write Identity message, (", "write Resume message, (", "receive Event message, (", "connected"} {
		assert.Contains(t, text, line)
	}
}
