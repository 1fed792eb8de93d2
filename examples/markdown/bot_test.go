package main

import (
	"bytes"
	"image/png"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// address is that of a picture, which has a credential in it.
var address = regexp.MustCompile(`\((http\S+)\)`)

func TestTheReportShowsTwoChartsAndIsDrawnOnce(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	const report = `bot: # Week 47

**1810 messages**, most of them on Saturday.

![messages.png #454px #227px](...)

Answers took **1.0 s**.

![seconds.png #454px #227px](...) [Again] [Thanks]`
	assert.Equal(t, `group "team"
  alice: how was the week?
  `+report+`  (msg_seq 1001, by msg_id)
  bob pressed "again"  (acknowledged with 0)
  `+report+`  (msg_seq 1001, by event_id)
  alice pressed "thanks"  (acknowledged with 0)
  bot: You are **welcome**.  (msg_seq 1001, by event_id)
3 answers, 2 uploaded, 0 reused
`, address.ReplaceAllString(out.String(), "(...)"))
}

func TestEachAddressShowsItsChartInTheSizeOfTheText(t *testing.T) {
	p := richmediatest.New()
	media, _, err := newBot(p.TokenSource(), richmedia.WithPlatform(p))
	require.NoError(t, err)
	p.PushTo(richmedia.WebhookHandler(p.Credentials()))
	team := p.Group("team")
	team.Say("alice", "how was the week?")
	answers, err := team.WaitAnswers(t.Context(), 1)
	require.NoError(t, err)
	all := address.FindAllStringSubmatch(string(answers[0].Markdown), -1)
	require.Len(t, all, 2)
	for _, m := range all {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m[1], nil)
		require.NoError(t, err)
		resp, err := p.Client().Do(req)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		chart, err := png.DecodeConfig(bytes.NewReader(data))
		require.NoError(t, err)
		assert.Equal(t, []int{454, 227}, []int{chart.Width, chart.Height})
	}
	require.NoError(t, media.Shutdown(t.Context()))
}
