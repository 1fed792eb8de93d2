package main

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestPushesAreCheckedAndAnsweredAlsoWhenTheBotStops(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `* the console checks the address: the bot signs, and so knows the secret
* somebody pushes an event without a signature: 401 Unauthorized
group "cats"
  alice: cat
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
c2c "carol"
  carol: cat
* the bot is stopped, and answers what it has taken
c2c "carol"
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
2 answers, 2 uploaded, 0 reused
`, out.String())
}

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	*addr = free.Addr().String()
	require.NoError(t, free.Close())
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		require.Eventually(t, func() bool {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", *addr)
			return err == nil && conn.Close() == nil
		}, 10*time.Second, 10*time.Millisecond, "the bot begins to listen when it likes")
		p.PushToURL("http://" + *addr + "/qqbot")
		p.C2C("carol").Say("carol", "cat")
		_, err := p.C2C("carol").WaitAnswers(ctx, 1)
		require.NoError(t, err)
	})
}
