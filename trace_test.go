package richmedia_test

import (
	"context"
	"io/fs"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// recorder records the calls of a Trace.
type recorder struct {
	mu      sync.Mutex
	events  []richmedia.EventInfo
	uploads []richmedia.UploadInfo
	replies []richmedia.ReplyInfo
}

func (r *recorder) option() richmedia.Option {
	return richmedia.WithTrace(richmedia.Trace{
		Event:  func(i richmedia.EventInfo) { r.mu.Lock(); defer r.mu.Unlock(); r.events = append(r.events, i) },
		Upload: func(i richmedia.UploadInfo) { r.mu.Lock(); defer r.mu.Unlock(); r.uploads = append(r.uploads, i) },
		Reply:  func(i richmedia.ReplyInfo) { r.mu.Lock(); defer r.mu.Unlock(); r.replies = append(r.replies, i) },
	})
}

// takeEvents, takeUploads and takeReplies return the calls since the last time.
func (r *recorder) takeEvents() []richmedia.EventInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.events
	r.events = nil
	return got
}

func (r *recorder) takeUploads() []richmedia.UploadInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.uploads
	r.uploads = nil
	return got
}

func (r *recorder) takeReplies() []richmedia.ReplyInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.replies
	r.replies = nil
	return got
}

// theUpload and theReply return the only call since the last time.
func (r *recorder) theUpload(t testing.TB) richmedia.UploadInfo {
	t.Helper()
	got := r.takeUploads()
	require.Len(t, got, 1)
	return got[0]
}

func (r *recorder) theReply(t testing.TB) richmedia.ReplyInfo {
	t.Helper()
	got := r.takeReplies()
	require.Len(t, got, 1)
	return got[0]
}

func TestAReplyIsTracedFromTheEventToTheChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		club := b.Group("club")
		c := b.context(t, club)
		time.Sleep(10 * time.Second)
		b.Delay(richmediatest.OpUpload, 1, 3*time.Second)
		b.Delay(richmediatest.OpSend, 1, 2*time.Second)
		msg, err := c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, richmedia.ReplyInfo{
			Target: chatOf(c), Kind: richmedia.KindImage, Seq: 1001, ID: msg.ID, Attempts: 1,
			Waited: 10 * time.Second, Upload: 3 * time.Second, Send: 2 * time.Second,
		}, rec.theReply(t))

		_, err = c.ReplyText(t.Context(), "hi", richmedia.WithSeq(7))
		require.NoError(t, err)
		got := rec.theReply(t)
		assert.Zero(t, got.Kind)
		assert.EqualValues(t, 7, got.Seq)
		assert.Zero(t, got.Upload)

		b.Lose(richmediatest.OpSend, 2)
		_, err = c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		got = rec.theReply(t)
		assert.Equal(t, 3, got.Attempts)
		assert.True(t, got.Duplicate)
		assert.Empty(t, got.ID)
		assert.EqualValues(t, 1002, got.Seq)
		assert.Zero(t, got.Upload, "the store knew it")
		assert.Positive(t, got.Send, "the pauses between the attempts")

		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(media, "nothing.png"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		got = rec.theReply(t)
		assert.Equal(t, err, got.Err)
		assert.Zero(t, got.Attempts)
		assert.Zero(t, got.Send)

		b.Fail(richmediatest.OpSend, 1, 400, 40034006, "rude")
		_, err = c.ReplyText(t.Context(), "rude")
		require.ErrorIs(t, err, richmedia.ErrNotPermitted)
		got = rec.theReply(t)
		assert.Equal(t, err, got.Err)
		assert.Equal(t, 1, got.Attempts)

		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(media, "nothing.png"), richmedia.WithFallbackText("no cat"))
		require.NoError(t, err)
		got = rec.theReply(t)
		assert.True(t, got.Fallback)
		assert.NotEmpty(t, got.ID)
		assert.Equal(t, richmedia.KindImage, got.Kind, "what it stands for")
		require.ErrorIs(t, got.Err, fs.ErrNotExist, "why the media was not sent")

		c = b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()})
		_, err = c.ReplyText(t.Context(), "news")
		require.ErrorIs(t, err, richmedia.ErrNotPermitted)
		assert.Zero(t, rec.theReply(t).Seq, "proactive")
	})
}

func TestAReplyThatNeverBeganIsTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		c := b.context(t, b.Group("club"))
		time.Sleep(6 * time.Minute)
		_, err := c.ReplyImage(t.Context(), cat())
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		got := rec.theReply(t)
		require.ErrorIs(t, got.Err, richmedia.ErrReplyWindow)
		assert.Equal(t, 6*time.Minute, got.Waited)
		assert.Zero(t, got.Attempts)
		assert.Empty(t, rec.takeUploads(), "a hopeless upload never begins")
	})
}

func TestNilFieldsOfATraceAreSkipped(t *testing.T) {
	for name, trace := range map[string]richmedia.Trace{
		"none":   {},
		"event":  {Event: func(richmedia.EventInfo) {}},
		"upload": {Upload: func(richmedia.UploadInfo) {}},
		"reply":  {Reply: func(richmedia.ReplyInfo) {}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, richmedia.WithTrace(trace))
			b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
				_, err := c.ReplyImage(ctx, cat())
				return err
			})
			b.Group("club").Say("alice", "hi").Redeliver()
			answers(t, b.Group("club"), 1)
			payload := b.Group("club").Say("alice", "bad").Payload()
			payload.RawMessage = []byte(`{"d":{}}`)
			require.Error(t, event.ParseAndHandle(payload))
		})
	}
}

func TestATraceThatPanicsDoesNotAffectReplies(t *testing.T) {
	for name, trace := range map[string]richmedia.Trace{
		"queued": panicsAt(richmedia.EventQueued),
		"start":  panicsAt(richmedia.EventStarted),
		"done":   panicsAt(richmedia.EventDone),
		"upload": {Upload: func(richmedia.UploadInfo) { panic("a bad trace") }},
		"reply":  {Reply: func(richmedia.ReplyInfo) { panic("a bad trace") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, richmedia.WithTrace(trace), richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) {
					assert.NoError(t, err)
				}))
				b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
					_, err := c.ReplyImage(ctx, cat())
					return err
				})
				club := b.Group("club")
				for i := range 2 {
					said := club.Say("alice", "hi")
					answers(t, club, i+1)
					require.Len(t, said.Pushes(), 1, "taken at once")
				}
				require.NoError(t, b.media.Shutdown(t.Context()))
				assert.Contains(t, b.log.text(), "a bad trace")
			})
		})
	}
}

func panicsAt(stage richmedia.EventStage) richmedia.Trace {
	return richmedia.Trace{Event: func(i richmedia.EventInfo) {
		if i.Stage == stage {
			panic("a bad trace")
		}
	}}
}
