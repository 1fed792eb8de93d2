//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// memory is a queue that keeps jobs as River's databases do.
type memory []string

func (m *memory) Insert(_ context.Context, args river.JobArgs, _ *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	raw, err := json.Marshal(args)
	*m = append(*m, string(raw))
	return nil, err
}

// instanceOf is an instance of the platform's bot.
func instanceOf(t *testing.T, p *richmediatest.Platform) *richmedia.Plugin {
	t.Helper()
	media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, media.Close()) })
	return media
}

func TestTwoInstancesThatGetOneEventEnqueueTheSameReply(t *testing.T) {
	p := richmediatest.New()
	ann := p.C2C("ann")
	ev := ann.Say("ann", "cat")
	jobs := &memory{}
	for range 2 {
		c, err := instanceOf(t, p).Context(ev.Payload())
		require.NoError(t, err)
		require.NoError(t, onMessage(jobs)(t.Context(), c))
	}
	require.Len(t, *jobs, 2)
	for _, raw := range *jobs { // each on an instance of its own
		var a Answer
		require.NoError(t, json.Unmarshal([]byte(raw), &a))
		assert.NotZero(t, a.To.Seq)
		require.NoError(t, (&worker{media: instanceOf(t, p)}).Work(t.Context(), &river.Job[Answer]{Args: a}))
	}
	n, _, err := (&user{chat: ann, clip: "cat"}).videos()
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestAJobThatIsTooLateIsCancelledAndNotRunAgain(t *testing.T) {
	p := richmediatest.New()
	ev := p.Group("cats").Say("ann", "cat")
	to := richmedia.Target{
		Scope: richmedia.ScopeGroup, ChatID: p.Group("cats").OpenID(), MsgID: ev.MsgID(), Time: time.Now().Add(-6 * time.Minute),
	}
	err := (&worker{media: instanceOf(t, p)}).Work(t.Context(), &river.Job[Answer]{Args: Answer{To: to}})
	require.ErrorIs(t, err, richmedia.ErrReplyWindow)
	var cancelled *rivertype.JobCancelError
	require.ErrorAs(t, err, &cancelled)
}

func TestAJobThatAnotherRunMayRepairRunsAgainInTheReplyWindow(t *testing.T) {
	p := richmediatest.New()
	ev := p.Group("cats").Say("ann", "cat")
	p.Fail(richmediatest.OpPrepare, -1, 500, 850012, "")
	media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p), richmedia.WithInlineLimit(0), richmedia.WithRetries(0))
	require.NoError(t, err)
	defer func() { require.NoError(t, media.Close()) }()
	w := &worker{media: media}
	to := richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: p.Group("cats").OpenID(), MsgID: ev.MsgID(), Time: time.Now()}
	err = w.Work(t.Context(), &river.Job[Answer]{Args: Answer{To: to}})
	require.Error(t, err)
	var cancelled *rivertype.JobCancelError
	require.NotErrorAs(t, err, &cancelled)
	assert.WithinDuration(t, time.Now(), w.NextRetry(nil), 10*time.Second)
	assert.Less(t, workerConfig(w).RescueStuckJobsAfter, time.Minute)
}

func TestTheTableFailsUnlessEachUserHasExactlyOneVideo(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		videos []string
		want   string
	}{
		"one":            {"one moment", []string{"cat"}, ""},
		"none":           {"one moment", nil, "0 videos"},
		"two":            {"one moment", []string{"cat", "cat"}, "2 videos"},
		"of another job": {"one moment", []string{"dog"}, "not the video that was asked for"},
		"no text":        {"", []string{"cat"}, "0 texts"},
	} {
		t.Run(name, func(t *testing.T) {
			p := richmediatest.New()
			u := &user{chat: p.Group("cats"), clip: "cat"}
			bot, err := instanceOf(t, p).Context(u.chat.Say("ann", "cat").Payload())
			require.NoError(t, err)
			if c.text != "" {
				_, err = bot.ReplyText(t.Context(), c.text)
				require.NoError(t, err)
			}
			for i, clip := range c.videos {
				_, err = bot.ReplyVideo(t.Context(), richmedia.FromBytes(fmt.Sprint(i, ".mp4"), render(clip)))
				require.NoError(t, err)
			}
			d := death{moment{stepSend, after}, []job{{"1", u.chat.OpenID()}}}
			text, err := table([]*lane{{world: &world{platform: p}, users: []*user{u}, deaths: []death{d}}}, time.Second)
			if c.want == "" {
				require.NoError(t, err)
				assert.Regexp(t, `send the message +1 +1 +1 *\n`, text)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
