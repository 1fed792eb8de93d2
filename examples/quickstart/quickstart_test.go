//go:build !race

// botgo's websocket client shares its session and its connection between goroutines without a lock, so the race
// detector stops whatever runs over it. The same handlers can be tested under -race over the webhook.

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

func TestTheOfflineRunShowsEveryKindInEveryChat(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	hello := "Hello! " + help
	assert.Equal(t, `group "cats"
  alice added the bot
  bot: [image image/png, 16113 bytes] `+hello+`  (url, msg_seq 1001, by event_id)
  alice: cat
  bot: [image image/png, 16113 bytes] meow  (inline, msg_seq 1001, by msg_id)
  bob: cat
  bot: [image image/png, 16113 bytes, reused] meow  (msg_seq 1001, by msg_id)
  bob: clip
  bot: Two seconds of nodding:  (msg_seq 1001, by msg_id)
  bot: [video video/mp4, 34680 bytes]  (inline, msg_seq 1002, by msg_id)
  alice: hello
  bot: [voice audio/mpeg, 15069 bytes]  (inline, msg_seq 1001, by msg_id)
  alice: report
  bot: [file report.pdf application/pdf, 745 bytes]  (inline, msg_seq 1001, by msg_id)
  bob pressed "purr"  (acknowledged with 0)
  bot: [image image/png, 16113 bytes, reused] You pressed, I purr.  (msg_seq 1001, by event_id)
c2c "carol"
  carol added the bot
  bot: [image image/png, 16113 bytes] `+hello+`  (url, msg_seq 1001, by event_id)
  carol: cat
  bot: [image image/png, 16113 bytes] meow  (inline, msg_seq 1001, by msg_id)
  carol: clip
  bot: Two seconds of nodding:  (msg_seq 1001, by msg_id)
  bot: [video video/mp4, 34680 bytes]  (inline, msg_seq 1002, by msg_id)
  carol: hello
  bot: [voice audio/mpeg, 15069 bytes]  (inline, msg_seq 1001, by msg_id)
  carol: report
  bot: [file report.pdf application/pdf, 745 bytes]  (inline, msg_seq 1001, by msg_id)
  carol: note buy milk
  bot: [file note.txt text/plain; charset=utf-8, 9 bytes]  (inline, msg_seq 1001, by msg_id)
  carol pressed "purr"  (acknowledged with 0)
  bot: [image image/png, 16113 bytes, reused] You pressed, I purr.  (msg_seq 1001, by event_id)
16 answers, 11 uploaded, 3 reused
`, out.String())
}

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		require.NoError(t, p.WaitReady(ctx))
		carol := p.C2C("carol")
		carol.AddBot("carol")
		carol.Say("carol", "what?")
		answers, err := carol.WaitAnswers(ctx, 2)
		require.NoError(t, err)
		assert.Equal(t, richmediatest.RouteInline, answers[0].Media.Upload.Route, "only what the bot has with it")
		assert.Equal(t, help, answers[1].Text)
	})
}
