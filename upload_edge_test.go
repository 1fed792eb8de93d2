package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// panicky panics where net/http reads it, on a goroutine of its own.
type panicky struct {
	*bytes.Reader
	on bool
}

func (p panicky) Read(b []byte) (int, error) {
	if p.on {
		panic("by a source")
	}
	return p.Reader.Read(b)
}

func (p panicky) ReadAt(b []byte, off int64) (int, error) {
	if p.on {
		panic("by a source")
	}
	return p.Reader.ReadAt(b, off)
}
func (panicky) Close() error { return nil }

func TestAPanicOfASourceOrOfProgressDoesNotEndTheProcess(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"inline": nil, "parts": {richmedia.WithInlineLimit(0)}} {
		t.Run(name, func(t *testing.T) {
			p := richmediatest.New()
			base, err := p.Listen() // net/http's own goroutines
			require.NoError(t, err)
			l := &logger{}
			plugin, err := richmedia.New(p.TokenSource(), append(opts, richmedia.WithBaseURL(base), richmedia.WithLogger(l))...)
			require.NoError(t, err)
			to := target(p.Group("club"))
			_, err = plugin.Upload(t.Context(), to, richmedia.KindFile, richmedia.FromBytes("x", noise(1<<20)),
				richmedia.WithProgress(func(richmedia.Progress) { panic("by a bar") }))
			require.NoError(t, err, "what is told of an upload does not change it")
			assert.Contains(t, l.text(), "by a bar")
			for name, open := range map[string]func(n int32) (io.ReadCloser, error){
				"reader": func(n int32) (io.ReadCloser, error) {
					return panicky{bytes.NewReader(noise(1 << 20)), n > 1}, nil
				},
				"opener": func(n int32) (io.ReadCloser, error) {
					if n > 1 {
						panic("by a source")
					}
					return panicky{bytes.NewReader(noise(1 << 20)), false}, nil
				},
			} {
				var n atomic.Int32
				_, err = plugin.Upload(t.Context(), to, richmedia.KindFile, richmedia.FromOpener(name, func(context.Context) (io.ReadCloser, error) {
					return open(n.Add(1))
				}), richmedia.WithoutCache())
				var up *richmedia.UploadError
				require.ErrorAs(t, err, &up, name)
				var panicked *richmedia.PanicError
				require.ErrorAs(t, err, &panicked, name)
				assert.Equal(t, "by a source", panicked.Value)
			}
			require.NoError(t, plugin.Close())
			require.NoError(t, p.Close())
		})
	}
}

// noSeek has the method and cannot do it.
type noSeek struct{ io.Reader }

func (noSeek) Seek(int64, int) (int64, error) { return 0, errors.New("seek not supported") }
func (noSeek) Close() error                   { return nil }

func TestAStreamThatLooksLikeAFileIsAStream(t *testing.T) {
	b := newBed(t)
	for name, open := range map[string]func(context.Context) (io.ReadCloser, error){
		"a command's output": func(context.Context) (io.ReadCloser, error) {
			r, w, err := os.Pipe() // what exec.Cmd.StdoutPipe gives
			if err == nil {
				go func() {
					_, _ = w.Write(noise(300_000))
					_ = w.Close()
				}()
			}
			return r, err
		},
		"no seeking": func(context.Context) (io.ReadCloser, error) { return noSeek{bytes.NewReader(noise(100))}, nil },
	} {
		for _, opts := range [][]richmedia.UploadOption{nil, {richmedia.WithCacheKey(name)}} {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromOpener("x", open), opts...)
			require.NoError(t, err, name)
			assert.NotEmpty(t, b.Uploads()[len(b.Uploads())-1].Data, name)
		}
	}
}

func TestTheTTLCountsFromTheRequestThatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 40})
		b.Delay(richmediatest.OpPart, -1, 50*time.Second) // 400 s in all; the ttl is 300 s
		f, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(300)))
		require.NoError(t, err)
		assert.InDelta(t, 300*time.Second, time.Until(f.Expires), float64(2*time.Second))
		_, err = b.context(t, b.C2C("bob")).ReplyUploaded(t.Context(), f)
		require.NoError(t, err)
		_, err = b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(300)))
		require.NoError(t, err)
		assert.Equal(t, 1, b.Count(richmediatest.OpPrepare), "and it was kept")
	})
}

func TestPartsThatShareASlowLineAreNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 1 << 20, Concurrency: 4})
		var now atomic.Int32
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			now.Add(1)
			defer now.Add(-1)
			var body bytes.Buffer // at 4 KiB/s for all of them
			for {
				n, err := io.CopyN(&body, r.Body, 16<<10)
				if err != nil || n == 0 {
					break
				}
				time.Sleep(4 * time.Second * time.Duration(now.Load()))
			}
			r.Body = io.NopCloser(&body)
			next.ServeHTTP(w, r)
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(2<<20)))
		require.NoError(t, err)
		assert.Equal(t, 2, b.Count(richmediatest.OpPart))
	})
}

func TestALineThatStandsStillIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 1 << 20}, richmedia.WithRetries(0))
		b.Delay(richmediatest.OpPart, -1, time.Hour)
		began := time.Now()
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(1<<20)))
		require.ErrorContains(t, err, "no answer within")
		assert.Less(t, time.Since(began), 10*time.Minute)
	})
}

func TestAShortOutageOfTheStorageDoesNotEndAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: 2})
		began := time.Now()
		b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if time.Since(began) < 2*time.Second {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
		require.NoError(t, err)
	})
}

func TestAnUploadThatGetsOnMayBeRenewedAsOftenAsItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 10, Resume: true}, richmedia.WithRetries(1))
		killAddresses(b, 1000)
		content := noise(300)
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", content))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(content, b.Uploads()[0].Data))
	})
}

func TestAMergeWhoseAnswerWasLostAndWhoseUploadIsGoneIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 50})
		var n atomic.Int32
		b.Intercept(richmediatest.OpMerge, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch n.Add(1) {
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"code":40093003,"message":"upload_id does not exist"}`)
			default:
				next.ServeHTTP(w, r)
			}
		})
		_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
		require.NoError(t, err)
		assert.Equal(t, 2, b.Count(richmediatest.OpPrepare))
	})
}

func TestADetailOfAnUploadsAnswerIsNoFailure(t *testing.T) {
	for ttl, kept := range map[string]bool{`300.0`: true, `3e2`: true, `"300"`: true, `true`: false, `"5m"`: false, `-1`: false, `{}`: false} {
		b := newBed(t)
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprintf(w, `{"file_info":"abc","file_uuid":7,"ttl":%s}`, ttl)
		})
		for range 2 {
			_, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(95)))
			require.NoError(t, err, ttl)
		}
		want := 2
		if kept {
			want = 1
		}
		assert.Equal(t, want, b.Count(richmediatest.OpUpload), ttl)
	}
}

func TestOneTroubleOfTheProxyOrOneBadFileIsNotRememberedOfTheScope(t *testing.T) {
	for name, fault := range map[string]func(*bed){
		"a proxy error at a small file": func(b *bed) { b.Fail(richmediatest.OpUpload, 1, 500, 850012, "call inner proxy error") },
		"a file that is refused either way": func(b *bed) {
			b.Fail(richmediatest.OpUpload, 1, 400, 12345678, "a new rule")
			b.Fail(richmediatest.OpPrepare, 1, 400, 12345678, "a new rule")
		},
	} {
		b := newBed(t)
		fault(b)
		for i := range 5 {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(1000+i)))
			assert.True(t, err == nil || i == 0, name)
		}
		assert.Equal(t, 5, b.Count(richmediatest.OpUpload), name)
		assert.LessOrEqual(t, b.Count(richmediatest.OpPrepare), 1, name)
	}
}

func TestAReaderThatHangsDoesNotHoldItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		r, w := io.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := b.media.Upload(ctx, target(b.Group("club")), richmedia.KindFile, richmedia.FromReader("x", r))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		require.NoError(t, w.Close())
	})
}

func TestProgressEndsCompleteThroughARenewal(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{BlockSize: 300_000})
	src := richmedia.FromBytes("x", noise(1<<20))
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
	require.NoError(t, err)
	b.ExpireUploads()
	var last richmedia.Progress
	_, err = b.context(t, b.Group("club")).ReplyFile(t.Context(), src, richmedia.WithCacheKey("k"), richmedia.WithProgress(func(p richmedia.Progress) {
		assert.GreaterOrEqual(t, p.Sent, last.Sent)
		last = p
	}))
	require.NoError(t, err)
	assert.Equal(t, richmedia.Progress{Name: "x", Sent: 1 << 20, Total: 1 << 20, Part: 4, Parts: 4}, last)
}

func TestAnimatedPNGAndM4VArePNGAndMP4(t *testing.T) {
	b := newBed(t)
	png := readMedia(t, "cat.png")
	apng := append([]byte{}, png[:33]...) // a control chunk behind the header makes it one
	apng = append(apng, 0, 0, 0, 8, 'a', 'c', 'T', 'L', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
	apng = append(apng, png[33:]...)
	m4v := append([]byte{0, 0, 0, 0x20}, "ftypM4V \x00\x00\x00\x00M4V mp42isom\x00\x00\x00\x00"...)
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"file_info":"abc"}`)
	})
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, richmedia.FromBytes("x.png", apng))
	require.NoError(t, err)
	_, err = b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindVideo, richmedia.FromBytes("x.mp4", append(m4v, make([]byte, 100)...)))
	require.NoError(t, err)
}

// switched is a token source whose endpoint can go down.
type switched struct {
	oauth2.TokenSource
	down *atomic.Bool
}

func (s switched) Token() (*oauth2.Token, error) {
	if s.down.Load() {
		return nil, errors.New("the endpoint is down")
	}
	return s.TokenSource.Token()
}

func TestRatesAreKeptAfterATokenOutageToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		var down atomic.Bool
		down.Store(true)
		plugin, err := richmedia.New(switched{p.TokenSource(), &down}, richmedia.WithHTTPClient(p.Client()), richmedia.WithBaseURL(p.URL()), richmedia.WithLogger(&logger{}))
		require.NoError(t, err)
		time.AfterFunc(6*time.Second, func() { down.Store(false) })
		var mu sync.Mutex
		var at []time.Time
		p.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
		var wg sync.WaitGroup
		for i := range 150 {
			wg.Go(func() {
				_, err := plugin.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(10+i)))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		for i := 50; i < len(at); i++ {
			assert.GreaterOrEqual(t, at[i].Sub(at[i-50]), time.Second, "51 uploads within a second")
		}
		require.NoError(t, plugin.Close())
		require.NoError(t, p.Close())
	})
}

func TestALeaderThatLeavesWhileDigestsAreMadeDoesNotRace(t *testing.T) {
	b := newBed(t, richmedia.WithInlineLimit(10), richmedia.WithTrace(richmedia.Trace{Upload: func(richmedia.UploadInfo) {}}))
	content := noise(3 << 20)
	reading, goOn := make(chan struct{}), make(chan struct{})
	var n atomic.Int32
	src := richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
		if n.Add(1) == 2 {
			close(reading)
			<-goOn
		}
		return seekCloser{bytes.NewReader(content)}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := b.media.Upload(ctx, target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-reading
	wg.Go(func() {
		time.AfterFunc(20*time.Millisecond, cancel) // whichever comes first, it is waited for below
		time.AfterFunc(40*time.Millisecond, func() { close(goOn) })
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src, richmedia.WithCacheKey("k"))
		assert.NoError(t, err)
	})
	wg.Wait()
}

func TestAFileOverTheSoftSizeIsWarnedOfOnce(t *testing.T) {
	var told []richmedia.UploadInfo
	b := newBedOn(t, richmediatest.New(), richmedia.WithTrace(richmedia.Trace{
		Upload: func(i richmedia.UploadInfo) { told = append(told, i) },
	}))
	big := append(readMedia(t, "cat.png"), make([]byte, 20<<20)...)
	club := b.Group("club")
	c := b.context(t, club)
	for range 2 {
		_, err := c.ReplyImage(t.Context(), richmedia.FromBytes("big.png", big))
		require.NoError(t, err)
	}
	f, err := b.media.Upload(t.Context(), c.Target(), richmedia.KindImage, richmedia.FromBytes("big.png", big))
	require.NoError(t, err)
	assert.True(t, f.Card)
	assert.True(t, club.Answers()[0].Media.Card, "and so it is")
	require.Len(t, told, 3)
	for _, i := range told {
		assert.True(t, i.Card, i.Route)
	}
	assert.Equal(t, 1, strings.Count(b.log.text(), "the chat shows a file card"))

	f, err = b.media.Upload(t.Context(), c.Target(), richmedia.KindImage, cat())
	require.NoError(t, err)
	assert.False(t, f.Card)
}

type cutOff struct {
	*bytes.Reader
	left int
}

func (c *cutOff) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Reader.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
func (c *cutOff) Close() error { return nil }

func TestASourceThatIsCutOffWhileItIsSentIsAnError(t *testing.T) {
	b := newBed(t)
	data := append(readMedia(t, "cat.png"), make([]byte, 100<<10)...)
	opens := 0
	src := richmedia.FromOpener("x.png", func(context.Context) (io.ReadCloser, error) {
		opens++
		left := 1 << 30
		if opens > 1 {
			left = 50 << 10
		}
		cut := &cutOff{bytes.NewReader(data), left}
		return struct {
			io.Reader
			io.Seeker
			io.Closer
		}{cut, cut, cut}, nil
	})
	_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), src)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
