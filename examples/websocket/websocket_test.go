//go:build !race

// botgo's websocket client races inside itself, so what runs over it stands apart from the race detector.

package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestWhatIsSaidWhileTheConnectionIsAwayIsAnswered(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `* connected
group "cats"
  alice: cat
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
* the platform ends the connection; somebody writes before botgo is back
c2c "carol"
  carol: cat
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
2 answers, 2 uploaded, 0 reused
`, out.String())
}

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		answers := stagetest.Websocket(ctx, t, p, "cat", 1)
		require.Equal(t, "meow", answers[0].Text)
	})
}
