//go:build !race

// botgo's websocket client shares its session and its connection between goroutines without a lock, so the race
// detector stops whatever runs over it. The same handlers can be tested under -race over the webhook.

package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) {
	botgo.SetLogger(quiet{log.New(io.Discard, "", 0)})
	os.Exit(m.Run())
}

func TestTheOfflineRunShowsEveryKindInEveryChat(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runOffline(&out))
	for _, line := range []string{
		`group chat "cats"`,
		`1  alice added the bot`,
		`2 +bot  image  image/png +16113  url +1001  1 by event_id +Hello! .*`,
		`4 +bot  image  image/png +16113  inline +1001  3 by msg_id +meow`,
		`5  bob: cat`,
		`6 +bot  image  image/png +16113  reused +1001  5 by msg_id +meow`,
		`8 +bot  text +1001  7 by msg_id +Two seconds of nodding:`,
		`9 +bot  video  video/mp4 +34680  inline +1002  7 by msg_id`,
		`11 +bot  voice  audio/mpeg +15069  inline +1001  10 by msg_id`,
		`13 +bot  file   application/pdf +745  inline +1001  12 by msg_id +report.pdf`,
		`14  bob pressed "purr"`,
		`15 +bot  image  image/png +16113  reused +1001  14 by event_id +You pressed, I purr.`,

		`c2c chat "carol"`,
		`2 +bot  image  image/png +16113  url +1001  1 by event_id +Hello! .*`,
		`4 +bot  image  image/png +16113  inline +1001  3 by msg_id +meow`,
		`7 +bot  video  video/mp4 +34680  inline +1002  5 by msg_id`,
		`9 +bot  voice  audio/mpeg +15069  inline +1001  8 by msg_id`,
		`11 +bot  file   application/pdf +745  inline +1001  10 by msg_id +report.pdf`,
		`12  carol: note buy milk`,
		`13 +bot  file   text/plain +9  inline +1001  12 by msg_id +note.txt`,
		`15 +bot  image  image/png +16113  reused +1001  14 by event_id +You pressed, I purr.`,

		`16 answers, 11 uploads, 3 reused, 2 buttons acknowledged`,
		`On the real platform: .*`,
	} {
		assert.Regexp(t, `(?m)^ *`+line+`$`, out.String())
	}
}

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot interrupt itself there")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	platform := richmediatest.New() // stands in for the real one
	_, err := platform.Listen()
	require.NoError(t, err)
	defer platform.UseBotgo()() // puts back what the environment changes
	defer func() { require.NoError(t, platform.Close()) }()
	constant.APIDomain, constant.TokenDomain = "http://nowhere.invalid", "http://nowhere.invalid"
	t.Setenv("QQBOT_API_DOMAIN", platform.URL())
	t.Setenv("QQBOT_TOKEN_DOMAIN", platform.URL())
	t.Setenv("QQBOT_APPID", platform.Credentials().AppID)
	t.Setenv("QQBOT_SECRET", platform.Credentials().AppSecret)

	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- runLive(&out) }()
	require.NoError(t, platform.WaitReady(ctx))
	carol := platform.C2C("carol")
	carol.AddBot("carol")
	carol.Say("carol", "what?")
	answers, err := carol.WaitAnswers(ctx, 2)
	require.NoError(t, err)
	assert.Equal(t, richmediatest.RouteInline, answers[0].Media.Upload.Route, "only what the bot has with it")
	assert.Equal(t, help, answers[1].Text)

	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(os.Interrupt))
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-ctx.Done():
		t.Fatal("the interrupt did not end it")
	}
	assert.Contains(t, out.String(), "is online")
}

func TestTheLiveRunSaysWhatIsMissing(t *testing.T) {
	t.Setenv("QQBOT_APPID", "1")
	t.Setenv("QQBOT_SECRET", "")
	require.ErrorContains(t, runLive(io.Discard), "set QQBOT_APPID and QQBOT_SECRET")
}
