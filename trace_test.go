package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// recorder keeps what a Trace is told.
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

// takeEvents, takeUploads and takeReplies give what was told since they were last called.
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

// theUpload and theReply give the only one that was told since the last call.
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

func TestTheLifeOfAnEventIsQueuedStartedDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		failure := errors.New("out of cats")
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			if c.Text() == "first" {
				time.Sleep(2 * time.Second)
				return nil
			}
			time.Sleep(3 * time.Second)
			return failure
		})
		club := b.Group("club")
		first := club.Say("alice", "first")
		synctest.Wait() // it runs, before the second is there
		second := club.Say("alice", "second")
		require.NoError(t, b.media.Shutdown(t.Context()))

		type moment struct {
			id           string
			stage        richmedia.EventStage
			waited, took time.Duration
			err          error
		}
		var got []moment
		for _, i := range rec.takeEvents() {
			assert.Equal(t, dto.EventGroupAtMessageCreate, i.Type)
			assert.Equal(t, richmedia.ScopeGroup, i.Target.Scope)
			assert.Equal(t, club.OpenID(), i.Target.ChatID)
			got = append(got, moment{i.ID, i.Stage, i.Waited, i.Took, i.Err})
		}
		assert.Equal(t, []moment{
			{first.ID(), richmedia.EventQueued, 0, 0, nil},
			{first.ID(), richmedia.EventStarted, 0, 0, nil},
			{second.ID(), richmedia.EventQueued, 0, 0, nil},
			{first.ID(), richmedia.EventDone, 0, 2 * time.Second, nil},
			{second.ID(), richmedia.EventStarted, 2 * time.Second, 0, nil},
			{second.ID(), richmedia.EventDone, 2 * time.Second, 3 * time.Second, failure},
		}, got)
	})
}

func TestWhatIsNotHandledIsTracedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		b.onGroup(func(context.Context, *richmedia.Context) error { panic("oh") })
		club := b.Group("club")
		said := club.Say("alice", "hi")
		time.Sleep(2 * time.Second) // a repetition within the same second is the very same request
		said.Redeliver()
		synctest.Wait()
		got := rec.takeEvents()
		require.Len(t, got, 4)
		i := slices.IndexFunc(got, func(i richmedia.EventInfo) bool { return i.Stage == richmedia.EventDuplicate })
		require.GreaterOrEqual(t, i, 1)
		assert.Equal(t, said.ID(), got[i].ID)
		assert.Equal(t, said.MsgID(), got[i].Target.MsgID)
		require.NoError(t, got[i].Err)
		i = slices.IndexFunc(got, func(i richmedia.EventInfo) bool { return i.Stage == richmedia.EventDone })
		require.GreaterOrEqual(t, i, 1)
		var panicked *richmedia.PanicError
		require.ErrorAs(t, got[i].Err, &panicked)

		b.PushTo(nil)
		broken := club.Say("alice", "hi").Payload()
		broken.RawMessage = []byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"x"}}`) // of no group
		err := event.ParseAndHandle(broken)
		require.Error(t, err)
		got = rec.takeEvents()
		require.Len(t, got, 1)
		assert.Equal(t, richmedia.EventRefused, got[0].Stage)
		assert.Equal(t, dto.EventGroupAtMessageCreate, got[0].Type)
		assert.Equal(t, broken.EventID, got[0].ID)
		assert.Zero(t, got[0].Target)
		assert.Equal(t, err, got[0].Err)

		require.NoError(t, b.media.Shutdown(t.Context()))
		late := club.Say("alice", "late")
		require.ErrorIs(t, event.ParseAndHandle(late.Payload()), richmedia.ErrClosed)
		got = rec.takeEvents()
		require.Len(t, got, 1, "what is refused was not queued")
		last := got[0]
		assert.Equal(t, richmedia.EventRefused, last.Stage)
		assert.Equal(t, late.ID(), last.ID)
		assert.Equal(t, club.OpenID(), last.Target.ChatID)
		require.ErrorIs(t, last.Err, richmedia.ErrClosed)
	})
}

func TestAnInlineEventIsNotQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option(), richmedia.WithInline())
		b.onGroup(func(context.Context, *richmedia.Context) error { time.Sleep(time.Second); return nil })
		b.Group("club").Say("alice", "hi")
		got := rec.takeEvents()
		require.Len(t, got, 2)
		assert.Equal(t, richmedia.EventStarted, got[0].Stage)
		assert.Equal(t, richmedia.EventDone, got[1].Stage)
		assert.Equal(t, time.Second, got[1].Took)

		b.onGroup(func(context.Context, *richmedia.Context) error { return richmedia.ErrClosed })
		b.PushTo(nil)
		require.Error(t, event.ParseAndHandle(b.Group("club").Say("alice", "hi").Payload()))
		got = rec.takeEvents()
		require.Len(t, got, 2, "a handler's own error is told as done, and not as refused too")
		assert.Equal(t, richmedia.EventDone, got[1].Stage)
		require.ErrorIs(t, got[1].Err, richmedia.ErrClosed)
	})
}

func TestAnUploadTellsHowTheFileCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBedOn(t, richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1000})), rec.option(), richmedia.WithInlineLimit(20_000))
		club := target(b.Group("club"))
		size := int64(len(readMedia(t, "cat.png")))
		b.Delay(richmediatest.OpUpload, -1, 2*time.Second)
		upload := func(kind richmedia.Kind, src richmedia.Source, opts ...richmedia.UploadOption) richmedia.UploadInfo {
			t.Helper()
			_, err := b.media.Upload(t.Context(), club, kind, src, opts...)
			got := rec.theUpload(t)
			assert.Equal(t, err, got.Err)
			assert.Equal(t, club, got.Target)
			assert.Equal(t, kind, got.Kind)
			assert.False(t, got.Again)
			got.Target, got.Kind = richmedia.Target{}, 0
			return got
		}
		assert.Equal(t, richmedia.UploadInfo{Name: "cat.png", Route: richmedia.RouteInline, Bytes: size, Attempts: 1, Duration: 2 * time.Second},
			upload(richmedia.KindImage, cat()))
		assert.Equal(t, richmedia.UploadInfo{Name: "cat.png", Route: richmedia.RouteCache, Bytes: size}, upload(richmedia.KindImage, cat()))

		b.Host("https://example.com/cat.png?sign=x", readMedia(t, "cat.png"))
		b.Lose(richmediatest.OpUpload, 2)
		got := upload(richmedia.KindImage, richmedia.FromURL("https://example.com/cat.png?sign=x"))
		assert.Greater(t, got.Duration, 6*time.Second, "three attempts and the pauses")
		got.Duration = 0
		assert.Equal(t, richmedia.UploadInfo{Name: "https://example.com/cat.png", Route: richmedia.RouteURL, Attempts: 3}, got)

		big := richmedia.FromBytes("big.bin", noise(24_001))
		before := len(b.Calls())
		b.Drop(richmediatest.OpPart, 1)
		b.Fail(richmediatest.OpFinish, 1, 500, 40093001, "later")
		b.Delay(richmediatest.OpMerge, 1, 4*time.Second)
		got = upload(richmedia.KindFile, big)
		assert.Equal(t, 25, got.Parts)
		assert.EqualValues(t, 24_001, got.Bytes)
		assert.Equal(t, len(b.Calls())-before, got.Attempts, "prepare, each part and its finish, merge, and what was repeated")
		assert.GreaterOrEqual(t, got.Attempts, 1+25+25+1+2)
		assert.Equal(t, richmedia.RouteParts, got.Route)
		assert.GreaterOrEqual(t, got.Duration, 4*time.Second)
		got = upload(richmedia.KindFile, big)
		assert.Equal(t, richmedia.UploadInfo{Name: "big.bin", Route: richmedia.RouteCache, Bytes: 24_001}, got)

		b.Fail(richmediatest.OpUpload, 1, 400, 850019, "bad format")
		got = upload(richmedia.KindImage, cat(), richmedia.WithoutCache())
		require.ErrorIs(t, got.Err, richmedia.ErrUnsupported)
		assert.Equal(t, richmedia.RouteInline, got.Route)
		assert.Equal(t, 1, got.Attempts)
		got = upload(richmedia.KindImage, richmedia.FromBytes("x.png", []byte("no image")))
		require.ErrorIs(t, got.Err, richmedia.ErrUnsupported)
		assert.Zero(t, got.Attempts)
		assert.Empty(t, got.Route, "it never took one")
		got = upload(richmedia.KindImage, richmedia.FromFS(fstest.MapFS{}, "x.png"), richmedia.WithCacheKey("x"))
		require.ErrorIs(t, got.Err, fs.ErrNotExist)
		assert.Empty(t, got.Route)
	})
}

func TestFiftyChatsAtOnceAreOneUploadAndTheRestJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		b.Delay(richmediatest.OpUpload, -1, time.Second)
		var wg sync.WaitGroup
		for i := range 50 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyImage(t.Context(), cat())
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		routes := map[richmedia.UploadRoute]int{}
		attempts := 0
		for _, i := range rec.takeUploads() {
			routes[i.Route]++
			attempts += i.Attempts
			assert.EqualValues(t, len(readMedia(t, "cat.png")), i.Bytes)
			assert.Equal(t, time.Second, i.Duration)
		}
		assert.Equal(t, map[richmedia.UploadRoute]int{richmedia.RouteInline: 1, richmedia.RouteJoined: 49}, routes)
		assert.Equal(t, 1, attempts)
		assert.Len(t, rec.takeReplies(), 50)
	})
}

func TestAnUploadThatIsMadeAgainSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		_, err := b.context(t, b.Group("first")).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		rec.takeUploads()
		rec.takeReplies()
		b.ExpireUploads()
		c := b.context(t, b.Group("second"))
		_, err = c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		got := rec.takeUploads()
		require.Len(t, got, 2)
		assert.Equal(t, richmedia.RouteCache, got[0].Route)
		assert.False(t, got[0].Again)
		require.NoError(t, got[0].Err)
		assert.Equal(t, richmedia.RouteInline, got[1].Route)
		assert.True(t, got[1].Again)
		assert.Equal(t, 1, got[1].Attempts)
		assert.Equal(t, c.Target(), got[1].Target)
		assert.Equal(t, 2, rec.theReply(t).Attempts, "the refused message, and the one that went")

		_, err = c.ReplyImage(t.Context(), cat(), richmedia.WithCacheKey("cat"))
		require.NoError(t, err)
		b.ExpireUploads()
		rec.takeUploads()
		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithCacheKey("cat"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		got = rec.takeUploads()
		require.Len(t, got, 2)
		assert.True(t, got[1].Again)
		assert.Empty(t, got[1].Route, "it never took one")
	})
}

func TestAReplyTellsItsWayFromTheEventToTheChat(t *testing.T) {
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
			Target: c.Target(), Kind: richmedia.KindImage, Seq: 1001, ID: msg.ID, Attempts: 1,
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

func TestATraceThatPanicsCostsNothing(t *testing.T) {
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

func TestTheFallbackTextTakesTheMediasPlace(t *testing.T) {
	missing := richmedia.FromFS(fstest.MapFS{}, "cat.png")
	photo := richmedia.FromURL("https://example.com/none.png")
	for name, scene := range map[string]struct {
		src     richmedia.Source
		fault   func(*bed)
		because error
		sends   int
	}{
		"missing file":         {missing, nil, fs.ErrNotExist, 1},
		"wrong format":         {richmedia.FromBytes("cat.png", []byte("no image")), nil, richmedia.ErrUnsupported, 1},
		"no source":            {richmedia.Source{}, nil, nil, 1},
		"cannot be fetched":    {photo, nil, richmedia.ErrFetchFailed, 1},
		"upload refused":       {cat(), func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 850019, "format") }, richmedia.ErrUnsupported, 1},
		"volume used up":       {cat(), func(b *bed) { b.Fail(richmediatest.OpUpload, -1, 400, 40093002, "full") }, richmedia.ErrDailyLimit, 1},
		"upload always lost":   {cat(), func(b *bed) { b.Lose(richmediatest.OpUpload, -1) }, nil, 1},
		"message refused":      {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 40034002, "format") }, richmedia.ErrUnsupported, 2},
		"message refused too":  {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 850019, "format") }, richmedia.ErrUnsupported, 2},
		"file refused twice":   {cat(), func(b *bed) { b.Fail(richmediatest.OpSend, 2, 400, 304080, "file") }, richmedia.ErrBadFile, 3},
		"second upload fails":  {cat(), secondUploadFails, richmedia.ErrDailyLimit, 2},
		"the source panics":    {panickingSource(t), func(*bed) {}, nil, 1},
		"text's answer's lost": {missing, func(b *bed) { b.Lose(richmediatest.OpSend, 1) }, fs.ErrNotExist, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := newBed(t, rec.option())
				if scene.fault != nil {
					scene.fault(b)
				}
				club := b.Group("club")
				c := b.context(t, club)
				for i, opts := range [][]richmedia.ReplyOption{nil, {richmedia.WithSeq(77)}} {
					if i == 1 && scene.fault != nil {
						break
					}
					_, err := c.ReplyImage(t.Context(), scene.src, append(opts, richmedia.WithFallbackText("no cat today"), richmedia.WithCaption("meow"))...)
					require.NoError(t, err, "a reply that ended as its fallback is none")
					got := club.Answers()
					require.Len(t, got, i+1)
					assert.Equal(t, "no cat today", got[i].Text)
					assert.Nil(t, got[i].Media)
					assert.Equal(t, []uint32{1001, 77}[i], got[i].Seq)
					assert.Equal(t, c.Target().MsgID, got[i].ReplyTo)
					info := rec.theReply(t)
					assert.True(t, info.Fallback)
					assert.Equal(t, scene.sends, info.Attempts)
					require.Error(t, info.Err)
					if scene.because != nil {
						require.ErrorIs(t, info.Err, scene.because)
					}
					n, _ := c.RepliesLeft()
					assert.Equal(t, 4-i, n, "one slot for both")
					assert.Contains(t, b.log.text(), "the fallback text was sent instead of an image")
				}
				assert.Equal(t, scene.sends, b.Count(richmediatest.OpSend)/len(club.Answers()))
			})
		})
	}
}

func secondUploadFails(b *bed) {
	b.Fail(richmediatest.OpSend, 1, 400, 40034004, "file")
	n := 0
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if n++; n == 1 {
			next.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":40093002,"err_code":40093002,"message":"full"}`))
	})
}

// panickingSource panics when the upload reads it, which is after its digest was made.
func panickingSource(t *testing.T) richmedia.Source {
	opened := 0
	return richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
		if opened++; opened > 1 {
			panic("a bad source")
		}
		return seekCloser{bytes.NewReader(readMedia(t, "cat.png"))}, nil
	})
}

func TestTheFallbackTextIsNotSentWhereItWouldBeWrong(t *testing.T) {
	type scene struct {
		prepare func(*testing.T, *bed, *richmediatest.Chat, *richmedia.Context)
		src     richmedia.Source
		want    error
		sends   int // of the reply itself
		answers int // in the chat afterwards, with those of prepare
	}
	missing := richmedia.FromFS(fstest.MapFS{}, "cat.png")
	for name, s := range map[string]scene{
		"in doubt": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Lose(richmediatest.OpSend, -1)
		}, cat(), nil, 4, 1},
		"in doubt, never delivered": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Drop(richmediatest.OpSend, -1)
		}, cat(), nil, 4, 0},
		"in doubt, then refused": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 850019, "format")
			b.Lose(richmediatest.OpSend, 1)
		}, cat(), richmedia.ErrUnsupported, 2, 0},
		"the window is over": {func(*testing.T, *bed, *richmediatest.Chat, *richmedia.Context) {
			time.Sleep(5 * time.Minute)
		}, missing, richmedia.ErrReplyWindow, 0, 0},
		"the window ends meanwhile": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Delay(richmediatest.OpUpload, -1, time.Hour)
			time.Sleep(5*time.Minute - 10*time.Second)
		}, cat(), richmedia.ErrReplyWindow, 0, 0},
		"the platform says that it is over": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 40034005, "expired")
		}, cat(), richmedia.ErrReplyWindow, 1, 0},
		"the limit is reached": {func(t *testing.T, _ *bed, _ *richmediatest.Chat, c *richmedia.Context) {
			for range 5 {
				_, err := c.ReplyText(t.Context(), "x")
				require.NoError(t, err)
			}
		}, missing, richmedia.ErrReplyLimit, 0, 5},
		"the platform says that none is left": {func(_ *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Fail(richmediatest.OpSend, -1, 400, 40034128, "none left")
		}, cat(), richmedia.ErrReplyLimit, 1, 0},
		"muted": {func(_ *testing.T, _ *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			chat.Mute(true)
		}, cat(), richmedia.ErrNotPermitted, 0, 0},
		"muted meanwhile": {func(_ *testing.T, b *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(w, r)
				chat.Mute(true)
			})
		}, cat(), richmedia.ErrNotPermitted, 1, 0},
		"removed": {func(_ *testing.T, _ *bed, chat *richmediatest.Chat, _ *richmedia.Context) {
			chat.RemoveBot("alice")
		}, cat(), richmedia.ErrNotPermitted, 1, 0},
		"shut down": {func(t *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			require.NoError(t, b.media.Shutdown(t.Context()))
		}, missing, richmedia.ErrClosed, 0, 0},
		"shut down meanwhile": {func(t *testing.T, b *bed, _ *richmediatest.Chat, _ *richmedia.Context) {
			b.Delay(richmediatest.OpUpload, -1, time.Minute)
			time.AfterFunc(time.Second, func() { assert.NoError(t, b.media.Close()) })
		}, cat(), richmedia.ErrClosed, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				b := newBed(t, rec.option())
				club := b.Group("club")
				c := b.context(t, club)
				s.prepare(t, b, club, c)
				rec.takeReplies()
				before := b.Count(richmediatest.OpSend)
				_, err := c.ReplyImage(t.Context(), s.src, richmedia.WithFallbackText("no cat"))
				require.Error(t, err)
				if s.want != nil {
					require.ErrorIs(t, err, s.want)
				} else {
					var api *richmedia.APIError
					require.ErrorAs(t, err, &api)
					assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
				}
				info := rec.theReply(t)
				assert.False(t, info.Fallback)
				assert.Equal(t, err, info.Err)
				assert.Equal(t, s.sends, b.Count(richmediatest.OpSend)-before)
				got := club.Answers()
				assert.Len(t, got, s.answers)
				for _, m := range got {
					assert.NotEqual(t, "no cat", m.Text)
				}
			})
		})
	}
}

func TestTheFallbackTextIsNotSentForACallerThatHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		b.Delay(richmediatest.OpUpload, -1, time.Minute)
		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		_, err := c.ReplyImage(ctx, cat(), richmedia.WithFallbackText("no cat"))
		require.ErrorIs(t, err, gone)
		assert.Zero(t, b.Count(richmediatest.OpSend))
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n)
	})
}

func TestAFallbackTextThatFailsAsWellTellsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		c := b.context(t, b.Group("club"))
		remove := b.Fail(richmediatest.OpSend, -1, 400, 40034006, "rude")
		_, err := c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithFallbackText("rude"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorIs(t, err, richmedia.ErrNotPermitted)
		require.ErrorContains(t, err, "fallback text")
		var upload *richmedia.UploadError
		require.ErrorAs(t, err, &upload)
		info := rec.theReply(t)
		assert.True(t, info.Fallback)
		assert.Equal(t, err, info.Err)
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n, "a definite refusal gives the slot back")
		remove()

		b.Drop(richmediatest.OpSend, -1)
		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(fstest.MapFS{}, "cat.png"), richmedia.WithFallbackText("no cat"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		n, _ = c.RepliesLeft()
		assert.Equal(t, 4, n, "in doubt the slot is used")
	})
}

func TestAFallbackTextInDoubtIsNotToldAsRefused(t *testing.T) {
	for name, fault := range map[string]func(*bed){
		"the message was refused": func(b *bed) { b.Fail(richmediatest.OpSend, 1, 400, 850019, "format") },
		"the upload was refused":  func(b *bed) { b.Fail(richmediatest.OpUpload, 1, 400, 850019, "format") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				club := b.Group("club")
				b.Lose(richmediatest.OpSend, -1)
				fault(b)
				_, err := b.context(t, club).ReplyImage(t.Context(), cat(), richmedia.WithFallbackText("no cat"))
				var api *richmedia.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, "send", api.Op)
				assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered, "the text is in the chat")
				require.ErrorIs(t, err, richmedia.ErrUnsupported)
				assert.Len(t, club.Answers(), 1)
			})
		})
	}
}

func TestAFallbackTextBelongsToMediaAndIsNotEmpty(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	for want, reply := range map[string]func() error{
		"WithFallbackText: the text is empty": func() error {
			_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithFallbackText(" \n"))
			return err
		},
		"ReplyText: WithCaption and WithFallbackText": func() error {
			_, err := c.ReplyText(t.Context(), "hi", richmedia.WithFallbackText("x"))
			return err
		},
		"ReplyMessage: WithCaption and WithFallbackText": func() error {
			_, err := c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "hi"}, richmedia.WithFallbackText("x"))
			return err
		},
	} {
		require.ErrorContains(t, reply(), want)
	}
	assert.Empty(t, b.Calls())
	n, _ := c.RepliesLeft()
	assert.Equal(t, 5, n)
}

func TestAFallbackTextStandsInForWhatWasUploaded(t *testing.T) {
	var rec recorder
	b := newBed(t, rec.option())
	club := b.Group("club")
	f, err := b.media.Upload(t.Context(), target(club), richmedia.KindImage, cat())
	require.NoError(t, err)
	b.ExpireUploads()
	c := b.context(t, club)
	_, err = c.ReplyUploaded(t.Context(), f, richmedia.WithFallbackText("no cat"), richmedia.WithSeq(9))
	require.NoError(t, err)
	got := club.Answers()
	require.Len(t, got, 1)
	assert.Equal(t, "no cat", got[0].Text)
	assert.EqualValues(t, 9, got[0].Seq)
	require.ErrorIs(t, rec.theReply(t).Err, richmedia.ErrBadFile)
	assert.Len(t, b.Uploads(), 1, "a File can be sent, not made again")

	f.Expires = time.Now() // known on this side
	_, err = c.ReplyUploaded(t.Context(), f, richmedia.WithFallbackText("no cat"))
	require.NoError(t, err)
	assert.Len(t, club.Answers(), 2)
	require.ErrorIs(t, rec.theReply(t).Err, richmedia.ErrBadFile)
}

func TestASeqOfTheCallersChoice(t *testing.T) {
	var rec recorder
	b := newBed(t, rec.option())
	club := b.Group("club")
	c := b.context(t, club)
	for _, bad := range []uint32{0, 65536, math.MaxUint32} {
		_, err := c.ReplyText(t.Context(), "hi", richmedia.WithSeq(bad))
		require.ErrorContains(t, err, fmt.Sprintf("WithSeq(%d): give 1 to 65535", bad))
	}
	_, err := b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()}).ReplyText(t.Context(), "hi", richmedia.WithSeq(5))
	require.ErrorContains(t, err, "proactive")
	assert.Empty(t, b.Calls())
	rec.takeReplies()

	// The job runs, and again after a restart: another plugin, which has never heard of the first.
	_, err = c.ReplyImage(t.Context(), cat(), richmedia.WithSeq(65535))
	require.NoError(t, err)
	assert.False(t, rec.theReply(t).Duplicate)
	again := newBedOn(t, b.Platform, rec.option())
	msg, err := again.media.For(c.Target()).ReplyImage(t.Context(), cat(), richmedia.WithSeq(65535))
	require.NoError(t, err)
	assert.Empty(t, msg.ID)
	assert.True(t, rec.theReply(t).Duplicate)
	got := club.Answers()
	require.Len(t, got, 1)
	assert.EqualValues(t, 65535, got[0].Seq)
	for range 3 { // one number, one slot
		_, err = c.ReplyText(t.Context(), "once", richmedia.WithSeq(3))
		require.NoError(t, err)
	}
	assert.Len(t, club.Answers(), 2)
	n, _ := c.RepliesLeft()
	assert.Equal(t, 3, n)
}

func TestAHandlerThatNeverReturnsHoldsUpItsOwnChatOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(1))
		release := make(chan struct{})
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			if c.Text() == "stick" {
				<-release // ignores its ctx
				return nil
			}
			_, err := c.ReplyText(ctx, "hi")
			return err
		})
		stuck, club := b.Group("stuck"), b.Group("club")
		stuck.Say("alice", "stick")
		time.Sleep(29 * time.Second)
		club.Say("bob", "hi")
		synctest.Wait()
		assert.Empty(t, club.Answers(), "the only worker is busy")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Len(t, club.Answers(), 1, "its place is given away")
		stuck.Say("alice", "hi")
		for i := range 20 {
			chat := b.Group(fmt.Sprint(i))
			chat.Say("bob", "hi")
			synctest.Wait()
			assert.Len(t, chat.Answers(), 1)
		}
		assert.Empty(t, stuck.Answers(), "in order within a chat")

		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, enough)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, b.media.Shutdown(ctx), enough)
		assert.Equal(t, 3*time.Second, time.Since(began))
		close(release)
	})
}

func TestATokenEndpointThatIsDownIsWaitedFor(t *testing.T) {
	for name, answersIn := range map[string]time.Duration{"refuses at once": 0, "takes a moment": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				var chats []*richmedia.Context
				for i := range 50 {
					chats = append(chats, b.context(t, b.Group(fmt.Sprint(i))))
				}
				up := b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
				if answersIn > 0 {
					b.Delay(richmediatest.OpToken, -1, answersIn)
				}
				time.AfterFunc(10*time.Second, up)
				began := time.Now()
				var wg sync.WaitGroup
				for _, c := range chats {
					wg.Go(func() {
						_, err := c.ReplyText(t.Context(), "hi")
						assert.NoError(t, err)
					})
				}
				wg.Wait()
				assert.Less(t, time.Since(began), 16*time.Second)
				for i := range 50 {
					assert.Len(t, b.Group(fmt.Sprint(i)).Answers(), 1)
				}
				assert.LessOrEqual(t, b.Count(richmediatest.OpToken), 10, "not one for each chat")
			})
		})
	}
}

func TestATokenEndpointThatStaysDownIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
		c := b.context(t, b.Group("club"))
		for _, reply := range []func() error{
			func() error { _, err := c.ReplyText(t.Context(), "hi"); return err },
			func() error { _, err := c.ReplyImage(t.Context(), cat()); return err },
			func() error { // a text needs a token too
				_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithFallbackText("no cat"))
				return err
			},
		} {
			began := time.Now()
			err := reply()
			require.ErrorContains(t, err, "token")
			var api *richmedia.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, "token", api.Op)
			assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
			assert.InDelta(t, 30*time.Second, time.Since(began), float64(5*time.Second))
		}
		n, _ := c.RepliesLeft()
		assert.Equal(t, 5, n)
		assert.LessOrEqual(t, b.Count(richmediatest.OpToken), 30)
	})
}

func TestNoTokenIsWaitedForLongerThanTheCallerHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpToken, -1, 502, 0, "bad gateway")
		c := b.context(t, b.Group("club"))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.ReplyImage(ctx, richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png"))))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2*time.Second, time.Since(began))
	})
}
