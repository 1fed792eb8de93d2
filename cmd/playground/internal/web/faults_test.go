package web_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
)

const photoURL = "https://example.com/photo.gif"

// faultBot answers with the file that the word names.
func faultBot(ctx context.Context, c *richmedia.Context) (err error) {
	switch c.Text() {
	case "cat":
		_, err = c.ReplyImage(ctx, richmedia.FromBytes("cat.gif", []byte(gif)))
	case "photo":
		_, err = c.ReplyImage(ctx, richmedia.FromURL(photoURL), richmedia.WithFallbackText("no picture today"))
	case "big":
		_, err = c.ReplyFile(ctx, richmedia.FromBytes("big.bin", bytes.Repeat([]byte("0123456789abcdef"), 3<<16)))
	}
	return err
}

func TestTheBotRecoversFromEveryFaultAndThePageShowsHow(t *testing.T) {
	for _, c := range []struct {
		name, word string
		opts       []richmedia.Option
		holds      func(t *testing.T, m board.Message, in board.Inspection)
	}{
		{name: "slow", word: "cat", holds: func(t *testing.T, m board.Message, in board.Inspection) {
			t.Helper()
			assert.GreaterOrEqual(t, in.Calls[0].Took, 1500.0)
			assert.GreaterOrEqual(t, m.Sum.Took, 1500.0)
		}},
		{name: "slow", word: "big", opts: []richmedia.Option{richmedia.WithInlineLimit(0)}, holds: func(t *testing.T, _ board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, "parts", in.Answer.Route)
			require.NotNil(t, in.Upload)
			assert.Equal(t, board.Progress{Kind: "file", Name: "big.bin", Sent: 3 << 20, Total: 3 << 20, Part: 3, Parts: 3}, *in.Upload)
		}},
		{name: "lost", word: "cat", holds: func(t *testing.T, m board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, 1, m.Sum.Retries)
			last := in.Calls[len(in.Calls)-1]
			assert.Equal(t, 40054005, last.Code, "the platform says that it is there already")
			assert.True(t, last.Again)
			assert.Zero(t, in.Calls[len(in.Calls)-2].Status, "the connection was cut")
		}},
		{name: "5xx", word: "cat", holds: func(t *testing.T, m board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, 2, m.Sum.Retries, "the upload and the send")
			assert.Contains(t, in.Calls[0].Answer, "502 Bad Gateway")
		}},
		{name: "busy", word: "cat", holds: func(t *testing.T, m board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, 1, m.Sum.Retries)
			assert.Equal(t, 429, in.Calls[1].Status)
		}},
		{name: "unreachable", word: "photo", holds: func(t *testing.T, m board.Message, _ board.Inspection) {
			t.Helper()
			assert.Equal(t, "no picture today", m.Text)
		}},
		{name: "noinline", word: "cat", holds: func(t *testing.T, _ board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, "parts", in.Answer.Route)
			assert.Equal(t, 850012, in.Calls[0].Code)
		}},
		{name: "deadparts", word: "big", opts: []richmedia.Option{richmedia.WithInlineLimit(0), richmedia.WithPartConcurrency(1)}, holds: func(t *testing.T, m board.Message, in board.Inspection) {
			t.Helper()
			assert.Equal(t, "parts", in.Answer.Route)
			assert.Positive(t, m.Sum.Retries)
			assert.Equal(t, 403, in.Calls[1].Status)
			assert.Contains(t, in.Calls[1].Answer, "expired")
		}},
		{name: "twice", word: "cat", holds: func(*testing.T, board.Message, board.Inspection) {}},
	} {
		t.Run(c.name+" "+c.word, func(t *testing.T) {
			b := newBed(t)
			b.platform.Host(photoURL, []byte(gif))
			b.answers(faultBot, c.opts...)
			b.ok(b.post("/api/faults", "name", c.name, "on", "true"))
			b.say("group/cats", c.word)
			b.wait(b.platform.Group("cats"), 1)
			m, in := board.Message{}, board.Inspection{}
			require.Eventually(t, func() bool { // retries after the message is there
				m, in = b.last("group/cats")
				last := in.Calls[len(in.Calls)-1]
				return last.Code == 0 && last.Status == 200 || last.Code == 40054005
			}, 10*time.Second, 10*time.Millisecond)
			m, in = b.last("group/cats") // the message was read before what stands behind it
			c.holds(t, m, in)
			assert.Len(t, b.platform.Group("cats").Answers(), 1, "once, not twice")
			var state struct {
				Faults struct {
					On     map[string]bool
					Struck map[string]int
				}
			}
			decode(t, b.get("/api/state"), &state)
			assert.True(t, state.Faults.On[c.name])
			assert.Positive(t, state.Faults.Struck[c.name])
			b.ok(b.post("/api/faults", "name", "off"))
			decode(t, b.get("/api/state"), &state)
			for name, on := range state.Faults.On {
				assert.False(t, on, name)
			}
		})
	}
}

func TestAFileInfoThatAFaultEndedIsReplaced(t *testing.T) {
	b := newBed(t)
	b.answers(faultBot)
	group := b.platform.Group("cats")
	b.say("group/cats", "cat")
	b.wait(group, 1)
	b.say("group/cats", "cat")
	b.wait(group, 2)
	_, in := b.last("group/cats")
	assert.Equal(t, "cache", in.Answer.Route)
	require.Len(t, in.Calls, 1, "nothing was uploaded")

	b.ok(b.post("/api/faults", "name", "expire"))
	assert.LessOrEqual(t, b.inspect(in.ID).Answer.Expires, time.Now().UnixMilli())
	b.say("group/cats", "cat")
	b.wait(group, 3)
	m, in := b.last("group/cats")
	assert.True(t, in.Answer.Replaced)
	assert.Equal(t, "inline", in.Answer.Route)
	assert.Equal(t, 1, m.Sum.Retries)
	codes := []int{}
	for _, c := range in.Calls {
		codes = append(codes, c.Code)
	}
	assert.Equal(t, []int{304080, 0, 0}, codes, "refused, uploaded once more, sent")
}

func TestTheClockEndsWindowsAndTheBotIsTold(t *testing.T) {
	b := newBed(t)
	release := make(chan struct{})
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		<-release
		_, err := c.ReplyText(ctx, "late")
		return err
	})
	id := b.say("group/cats", "wait")
	assert.Equal(t, 5, b.inspect(id).Event.Left)
	b.ok(b.post("/api/clock", "ms", "301000"))
	assert.Zero(t, b.inspect(id).Event.Left)
	var state struct{ Now, Ahead int64 }
	decode(t, b.get("/api/state"), &state)
	assert.InDelta(t, 301_000, state.Ahead, 1000)
	assert.WithinDuration(t, time.Now().Add(301*time.Second), time.UnixMilli(state.Now), time.Minute)
	close(release)
	require.Eventually(t, func() bool { return len(b.messages("group/cats")) == 2 }, 20*time.Second, 5*time.Millisecond)
	assert.Contains(t, b.messages("group/cats")[1].Text, "40034005")
	in := b.inspect(id)
	require.Len(t, in.Calls, 1)
	assert.Equal(t, 40034005, in.Calls[0].Code)
	assert.Greater(t, in.Calls[0].Offset, 300_000.0)
	for _, ms := range []string{"", "0", "-1", "x", "99999999999999"} {
		assert.Equal(t, 400, b.post("/api/clock", "ms", ms).Code, ms)
	}
}

func TestChatsThatWantOneFileAtOnceJoinItsUpload(t *testing.T) {
	b := newBed(t)
	b.answers(faultBot)
	b.ok(b.post("/api/faults", "name", "slow", "on", "true"))
	b.say("group/cats", "cat")
	b.say("group/dogs", "cat")
	b.wait(b.platform.Group("cats"), 1)
	b.wait(b.platform.Group("dogs"), 1)
	_, cats := b.last("group/cats")
	_, dogs := b.last("group/dogs")
	assert.ElementsMatch(t, []string{"inline", "joined"}, []string{cats.Answer.Route, dogs.Answer.Route})
	assert.Len(t, cats.Calls, 2)
	assert.Len(t, dogs.Calls, 2, "the upload that it waited for is shown there too")
}

func TestWhatAnotherBotIsRefusedIsTold(t *testing.T) {
	b := newBed(t)
	b.demo.Wake(false)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, _ = c.ReplyImage(ctx, richmedia.FromURL("https://example.com/gone.gif"), richmedia.WithFallbackText("none"))
		return nil
	})
	id := b.say("group/cats", "photo")
	b.wait(b.platform.Group("cats"), 1)
	b.ok(b.post("/api/bot", "chat", "group/cats", "user", "ann", "do", "mute"))
	muted := b.say("group/cats", "photo")
	require.Eventually(t, func() bool { return len(b.inspect(muted).Notes) == 1 }, 20*time.Second, 5*time.Millisecond)
	assert.Equal(t, []string{"upload: HTTP 400, 40034001 富媒体文件下载失败: the host does not answer"}, b.inspect(id).Notes, "once, however often it was tried")
	assert.Equal(t, []string{"upload: HTTP 400, 850018 群被禁言或者机器人被禁言"}, b.inspect(muted).Notes)
}

func TestAnAnswerThatFailedIsToldBesideItsEvent(t *testing.T) {
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/gone.gif"))
		return err
	})
	id := b.say("group/cats", "photo")
	require.Eventually(t, func() bool { return len(b.messages("group/cats")) == 2 }, 20*time.Second, 5*time.Millisecond)
	note := b.messages("group/cats")[1]
	assert.Equal(t, "NOTE", note.Event)
	assert.Contains(t, note.Text, "40034001")
	in := b.inspect(id)
	require.Len(t, in.Calls, 2, "the upload that failed, and again")
	assert.True(t, in.Calls[1].Again)
	assert.Equal(t, 40034001, in.Calls[1].Code)
	assert.Equal(t, []string{note.Text}, in.Notes)
}

func TestAFreshEventIDIsRefusedWhileTheFaultIsOn(t *testing.T) {
	b := newBed(t)
	b.answers(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, "pressed")
		return err
	})
	struck := func() int {
		var state struct {
			Faults struct {
				Struck map[string]int
			}
		}
		decode(t, b.get("/api/state"), &state)
		return state.Faults.Struck["fresh"]
	}
	press := func() { b.ok(b.post("/api/press", "chat", "group/cats", "user", "ann", "data", "x")) }
	press()
	b.wait(b.platform.Group("cats"), 1)
	assert.Zero(t, struck())
	b.ok(b.post("/api/faults", "name", "fresh", "on", "true"))
	press()
	require.Eventually(t, func() bool { return struck() > 0 }, 20*time.Second, 5*time.Millisecond, "the send is refused")
	b.ok(b.post("/api/faults", "name", "fresh", "on", "false"))
	press()
	b.wait(b.platform.Group("cats"), 2)
}
