package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// bodyOf reads a request's JSON and puts it back.
func bodyOf(t *testing.T, r *http.Request) map[string]any {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	var body map[string]any
	require.NoError(t, json.Unmarshal(raw, &body))
	return body
}

// target is the chat as a place to upload through.
func target(c *richmediatest.Chat) richmedia.Target {
	scope := richmedia.ScopeGroup
	if c.Scene() == "c2c" {
		scope = richmedia.ScopeC2C
	}
	return richmedia.Target{Scope: scope, ChatID: c.OpenID()}
}

func TestEverySourceArrivesByteForByte(t *testing.T) {
	png := readMedia(t, "cat.png")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a cat.png"), png, 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, root.Close()) }()
	big := bytes.Repeat(png, 40) // past what a reader keeps in memory
	for name, c := range map[string]struct {
		src  richmedia.Source
		want []byte
		name string
	}{
		"file":    {richmedia.FromFile(filepath.Join(dir, "a cat.png")), png, "a cat.png"},
		"fs":      {richmedia.FromFS(fstest.MapFS{"pics/cat.png": {Data: png}}, "pics/cat.png"), png, "cat.png"},
		"root fs": {richmedia.FromFS(root.FS(), "a cat.png"), png, "a cat.png"},
		"bytes":   {richmedia.FromBytes("cat.png", png), png, "cat.png"},
		"reader":  {richmedia.FromReader("cat.png", iotest.OneByteReader(bytes.NewReader(png))), png, "cat.png"},
		"spooled": {richmedia.FromReader("cat.png", iotest.DataErrReader(bytes.NewReader(big))), big, "cat.png"},
		"opener": {richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(iotest.HalfReader(bytes.NewReader(png))), nil
		}), png, "cat.png"},
		"url":        {richmedia.FromURL("https://example.com/pics/cat.png?sign=1"), png, "cat.png"},
		"attachment": {richmedia.FromAttachment(richmedia.Attachment{}), nil, ""},
		"renamed":    {richmedia.FromBytes("x", png).Named(`..\evil/na` + "\x00me.png"), png, "name.png"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.Host("https://example.com/pics/cat.png?sign=1", png)
			b.Host("https://multimedia.example.com/a?rkey=1", png)
			if name == "attachment" {
				a := richmedia.Attachment{}
				a.URL, a.FileName = "multimedia.example.com/a?rkey=1", "photo.png"
				c.src, c.want, c.name = richmedia.FromAttachment(a), png, "photo.png"
			}
			for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("bob")} {
				if chat.Scene() == "c2c" && (name == "reader" || name == "spooled") {
					continue // was used
				}
				f, err := b.media.Upload(t.Context(), target(chat), richmedia.KindFile, c.src)
				require.NoError(t, err)
				assert.Equal(t, richmedia.KindFile, f.Kind)
				up := b.Uploads()[len(b.Uploads())-1]
				assert.Equal(t, c.want, up.Data)
				assert.Equal(t, c.name, up.Name)
				assert.Equal(t, chat.Scene(), up.Scene)
			}
		})
	}
}

func TestTheBodyIsStreamedWithItsLength(t *testing.T) {
	b := newBed(t)
	var length, announced int64
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		raw, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		length, announced = int64(len(raw)), r.ContentLength
		r.Body = io.NopCloser(bytes.NewReader(raw))
		next.ServeHTTP(w, r)
	})
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", make([]byte, 100_001)))
	require.NoError(t, err)
	assert.Equal(t, length, announced)
	assert.Positive(t, announced)
}

func TestARetryOpensTheSourceAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Lose(richmediatest.OpUpload, 2)
		png := readMedia(t, "cat.png")
		for name, src := range map[string]richmedia.Source{
			"reader": richmedia.FromReader("cat.png", bytes.NewReader(png)), "fs": cat(),
		} {
			f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, src)
			require.NoError(t, err, name)
			assert.NotEmpty(t, f.Info)
		}
		for _, up := range b.Uploads() {
			assert.Equal(t, png, up.Data)
		}
	})
}

func TestAnUploadIsMadeOnceForAllChatsOfItsScope(t *testing.T) {
	b := newBed(t)
	reply := func(chat *richmediatest.Chat, kind richmedia.Kind, src richmedia.Source, opts ...richmedia.ReplyOption) {
		t.Helper()
		_, err := b.context(t, chat).Reply(t.Context(), kind, src, opts...)
		require.NoError(t, err)
	}
	uploads := func(n int, why string) { t.Helper(); assert.Len(t, b.Uploads(), n, why) }
	for i := range 5 {
		reply(b.Group(fmt.Sprint(i)), richmedia.KindImage, cat())
	}
	uploads(1, "one for all groups")
	reply(b.C2C("bob"), richmedia.KindImage, cat())
	uploads(2, "never from group to c2c")
	reply(b.Group("0"), richmedia.KindImage, richmedia.FromBytes("other name.png", readMedia(t, "cat.png")))
	uploads(2, "an image's name is not shown: the content decides")
	reply(b.Group("0"), richmedia.KindFile, richmedia.FromBytes("a.png", readMedia(t, "cat.png")))
	reply(b.Group("0"), richmedia.KindFile, richmedia.FromBytes("b.png", readMedia(t, "cat.png")))
	uploads(4, "a file's name is bound into its file_info")
	reply(b.Group("1"), richmedia.KindImage, cat(), richmedia.WithoutCache())
	uploads(5, "WithoutCache uploads anew")
	reply(b.Group("1"), richmedia.KindImage, cat())
	uploads(5, "and leaves what is kept")

	url := func() richmedia.Source { return richmedia.FromURL("https://example.com/live.png") }
	b.Host("https://example.com/live.png", readMedia(t, "cat.png"))
	reply(b.Group("2"), richmedia.KindImage, url())
	reply(b.Group("3"), richmedia.KindImage, url())
	uploads(6, "a URL is its own key")
	reply(b.Group("2"), richmedia.KindImage, url(), richmedia.WithCacheKey("v2"))
	reply(b.Group("3"), richmedia.KindImage, url(), richmedia.WithCacheKey("v2"))
	uploads(7, "WithCacheKey names another content")
}

func TestWithCacheKeyDoesNotReadWhatIsKnown(t *testing.T) {
	b := newBed(t)
	var read atomic.Int64
	png := readMedia(t, "cat.png")
	src := richmedia.FromFS(fstest.MapFS{"cat.png": {Data: png}}, "cat.png")
	counted := richmedia.FromFS(countingFS{fstest.MapFS{"cat.png": {Data: png}}, &read}, "cat.png")
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, src, richmedia.WithCacheKey("cat"))
	require.NoError(t, err)
	_, err = b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, counted, richmedia.WithCacheKey("cat"))
	require.NoError(t, err)
	assert.Len(t, b.Uploads(), 1)
	assert.LessOrEqual(t, read.Load(), int64(4096), "the head tells the format; the rest is not read")
}

type countingFS struct {
	fstest.MapFS
	n *atomic.Int64
}

func (c countingFS) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	return countingFile{f, c.n}, err
}

type countingFile struct {
	fs.File
	n *atomic.Int64
}

func (f countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.n.Add(int64(n))
	return n, err
}

func TestAnEntryEndsBeforeItsTTL(t *testing.T) {
	for ttl, margin := range map[time.Duration]time.Duration{
		300 * time.Second: 30 * time.Second, 24 * time.Hour: time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(ttl)), richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
			upload := func() {
				_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
				require.NoError(t, err)
			}
			upload()
			time.Sleep(ttl - margin - time.Second)
			upload()
			assert.Len(t, b.Uploads(), 1, ttl)
			time.Sleep(2 * time.Second)
			upload()
			assert.Len(t, b.Uploads(), 2, ttl)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(0)))
		for range 2 {
			f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
			require.NoError(t, err)
			assert.True(t, f.Expires.IsZero(), "ttl 0 is long-lived, not over")
			time.Sleep(1000 * time.Hour)
		}
		assert.Len(t, b.Uploads(), 1)
	})
}

func TestFiftyChatsShareOneUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Delay(richmediatest.OpUpload, -1, time.Second)
		var wg sync.WaitGroup
		for i := range 50 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyImage(t.Context(), richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png"))))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Len(t, b.Uploads(), 1)
		for i := range 50 {
			assert.Len(t, b.Group(fmt.Sprint(i)).Answers(), 1)
		}
	})
}

func TestASharedUploadOutlivesTheCallerWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Delay(richmediatest.OpUpload, 1, 10*time.Second)
		first, cancel := context.WithCancel(t.Context())
		src := func() richmedia.Source {
			return richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png")))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.media.Upload(first, target(b.Group("a")), richmedia.KindImage, src())
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := b.media.Upload(t.Context(), target(b.Group("b")), richmedia.KindImage, src())
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
	})
}

func TestAnUploadThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		cancelled := make(chan struct{})
		b.Intercept(richmediatest.OpUpload, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			<-r.Context().Done()
			close(cancelled)
			panic(http.ErrAbortHandler)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := b.media.Upload(ctx, target(b.Group("a")), richmedia.KindImage, cat())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		<-cancelled
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestAFailureOfOneChatIsNotTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		muted, fine := b.Group("muted"), b.Group("fine")
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(time.Second)
			if strings.Contains(r.URL.Path, muted.OpenID()) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"code":40034101,"message":"机器人不在群内"}`))
				return
			}
			next.ServeHTTP(w, r)
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.media.Upload(t.Context(), target(muted), richmedia.KindImage, cat())
			assert.ErrorIs(t, err, richmedia.ErrNotPermitted)
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				_, err := b.media.Upload(t.Context(), target(fine), richmedia.KindImage, cat())
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 2, b.Count(richmediatest.OpUpload))
	})
}

// seekCloser can be read at offsets, so that it is opened again for the upload.
type seekCloser struct{ *bytes.Reader }

func (seekCloser) Close() error { return nil }

func TestAContentThatChangesIsNotUploaded(t *testing.T) {
	b := newBed(t)
	for name, later := range map[string][]byte{"other bytes": []byte("abd"), "longer": []byte("abcd"), "shorter": []byte("ab"), "empty": nil} {
		var opened atomic.Int32
		src := richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
			if opened.Add(1) == 1 {
				return seekCloser{bytes.NewReader([]byte("abc"))}, nil
			}
			return seekCloser{bytes.NewReader(later)}, nil
		})
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src)
		require.ErrorContains(t, err, "changed", name)
		assert.Empty(t, b.Uploads(), name)
	}
}

func TestFileInfoStaysAsItIs(t *testing.T) {
	for _, info := range []string{"AE86C5D3F0E14B238C656C0F6DD1D0479C", "QR==", `quote"<&>\`, "你好"} {
		b := newBed(t)
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"file_info": info, "file_uuid": "U", "ttl": "300"}))
		})
		var sent string
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			sent, _ = bodyOf(t, r)["media"].(map[string]any)["file_info"].(string)
			_, _ = w.Write([]byte(`{"id":"M"}`))
		})
		for range 2 { // from the platform, then from the store
			_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
			require.NoError(t, err)
			assert.Equal(t, info, sent)
		}
		assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
	}
}

// brokenStore fails, or hangs until its ctx ends.
type brokenStore struct{ hang bool }

func (s brokenStore) fail(ctx context.Context) error {
	if s.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("store down")
}

func (s brokenStore) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	return nil, false, s.fail(ctx)
}

func (s brokenStore) Set(ctx context.Context, _ string, _ []byte, _ time.Duration) error {
	return s.fail(ctx)
}
func (s brokenStore) Delete(ctx context.Context, _ string) error { return s.fail(ctx) }

func TestAStoreThatFailsCostsUploadsAndNoReplies(t *testing.T) {
	for name, store := range map[string]richmedia.Store{"none": nil, "fails": brokenStore{}, "hangs": brokenStore{hang: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, richmedia.WithStore(store))
				for i := range 2 {
					_, err := b.context(t, b.Group(fmt.Sprint(i))).ReplyImage(t.Context(), cat())
					require.NoError(t, err)
				}
				b.ExpireUploads()
				assert.Len(t, b.Uploads(), 2)
				if store != nil {
					assert.Contains(t, b.log.text(), "store failed")
				}
			})
		})
	}
}

func TestAValueOfAnotherReleaseIsAMiss(t *testing.T) {
	store := richmedia.NewMemoryStore(0)
	b := newBed(t, richmedia.WithStore(spoiling{store}))
	for i := range 2 {
		_, err := b.context(t, b.Group(fmt.Sprint(i))).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
	}
	assert.Len(t, b.Uploads(), 2)
}

// spoiling gives back what nobody has written.
type spoiling struct{ richmedia.Store }

func (s spoiling) Get(ctx context.Context, key string) ([]byte, bool, error) {
	v, ok, err := s.Store.Get(ctx, key)
	return bytes.ReplaceAll(v, []byte(`"v":1`), []byte(`"v":99`)), ok, err
}

func TestBotsThatShareAStoreDoNotShareUploads(t *testing.T) {
	store := richmedia.NewMemoryStore(10)
	for i, appID := range []string{"1", "2"} {
		b := newBedOn(t, richmediatest.New(richmediatest.WithCredentials(appID, "DG5g3B4j9X2KOErG")), richmedia.WithStore(store))
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
		require.NoError(t, err)
		assert.Len(t, b.Uploads(), 1, i)
	}
}

func TestTheMemoryStoreIsBoundedAndKeepsTTLs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := richmedia.NewMemoryStore(2)
		get := func(key string) bool {
			_, ok, err := s.Get(t.Context(), key)
			require.NoError(t, err)
			return ok
		}
		for _, key := range []string{"a", "b"} {
			require.NoError(t, s.Set(t.Context(), key, []byte(key), time.Minute))
		}
		assert.True(t, get("a"))
		require.NoError(t, s.Set(t.Context(), "c", nil, 0))
		assert.False(t, get("b"), "the one that was not used for longest")
		assert.True(t, get("a"))
		time.Sleep(time.Minute + 1)
		assert.False(t, get("a"), "use does not prolong a ttl")
		time.Sleep(1000 * time.Hour)
		assert.True(t, get("c"))
		require.NoError(t, s.Delete(t.Context(), "c"))
		assert.False(t, get("c"))
	})
}

// watched counts what is taken out of a store.
type watched struct {
	richmedia.Store
	deleted atomic.Int32
}

func (s *watched) Delete(ctx context.Context, key string) error {
	s.deleted.Add(1)
	return s.Store.Delete(ctx, key)
}

func TestARefusedFileTakesNoNewerOneOutOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &watched{Store: richmedia.NewMemoryStore(0)}
		b := newBed(t, richmedia.WithStore(store))
		slow, quick := b.Group("slow"), b.Group("quick")
		_, err := b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		b.ExpireUploads()
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, slow.OpenID()) {
				time.Sleep(time.Second) // meanwhile the other chat has a new one
			}
			next.ServeHTTP(w, r)
		})
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, slow.OpenID()) {
				refuse(w, http.StatusBadRequest, 850018)
				return
			}
			next.ServeHTTP(w, r)
		})
		c := b.context(t, slow)
		refused := make(chan error, 1)
		go func() {
			_, err := c.ReplyImage(t.Context(), cat())
			refused <- err
		}()
		synctest.Wait()
		_, err = b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		require.ErrorIs(t, <-refused, richmedia.ErrNotPermitted)
		assert.EqualValues(t, 1, store.deleted.Load(), "the old one")
		_, err = b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, b.Uploads(), 2, "the new one is still there")
	})
}

func TestAFileThatIsRefusedTwiceIsNotKept(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	remove := b.Fail(richmediatest.OpSend, -1, http.StatusBadRequest, 40034004, "no")
	_, err := b.context(t, club).ReplyImage(t.Context(), cat())
	require.ErrorIs(t, err, richmedia.ErrBadFile)
	assert.Len(t, b.Uploads(), 2)
	remove()
	_, err = b.context(t, club).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, b.Uploads(), 3)
}

func TestA850012AtAURLIsNoReasonForParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Host("https://example.com/cat.png", readMedia(t, "cat.png"))
		remove := b.Fail(richmediatest.OpUpload, 2, http.StatusInternalServerError, 850012, "call inner proxy error")
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromURL("https://example.com/cat.png"))
		require.NoError(t, err, "it is the proxy's trouble, which passes")
		remove()
		assert.Equal(t, 3, b.Count(richmediatest.OpUpload))
		_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, "inline", b.Uploads()[1].Route, "nothing was learnt of bodies")
		assert.Zero(t, b.Count(richmediatest.OpPrepare))
	})
}

// panickingStore panics where it is told to.
type panickingStore struct {
	richmedia.Store
	get, set bool
}

func (s panickingStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if s.get {
		panic("the store's get")
	}
	return s.Store.Get(ctx, key)
}

func (s panickingStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if s.set {
		panic("the store's set")
	}
	return s.Store.Set(ctx, key, value, ttl)
}

// panickingReader panics when it is read.
type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("the reader") }

func TestAPanicOfTheCallersCodeGivesTheReplyBack(t *testing.T) {
	store := richmedia.NewMemoryStore(0)
	for name, c := range map[string]struct {
		store richmedia.Store
		src   richmedia.Source
	}{
		"opener":       {store, richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) { panic("the opener") })},
		"reader":       {store, richmedia.FromReader("x", panickingReader{})},
		"opened later": {store, panicsWhenOpened(2, 0)},
		"store's get":  {panickingStore{store, true, false}, richmedia.FromBytes("x", []byte("x"))},
		"store's set":  {panickingStore{store, false, true}, richmedia.FromBytes("x", []byte("x"))},
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 1)
			b := newBed(t, richmedia.WithStore(c.store), richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { told <- err }))
			got := make(chan *richmedia.Context, 1)
			b.onGroup(func(ctx context.Context, rc *richmedia.Context) error {
				got <- rc
				_, err := rc.ReplyFile(ctx, c.src)
				return err
			})
			club := b.Group("club")
			club.Say("alice", "hi")
			var panicked *richmedia.PanicError
			require.ErrorAs(t, <-told, &panicked)
			rc := <-got
			assert.Equal(t, 5, left(rc))
			_, err := rc.ReplyText(t.Context(), "sorry")
			require.NoError(t, err)
			require.NoError(t, b.media.Shutdown(soon(t)), "nothing is under way")
			assert.Len(t, club.Answers(), 1)
		})
	}
}

// panicsWhenOpened panics when it is opened for the n-th time, after a while.
func panicsWhenOpened(n int32, after time.Duration) richmedia.Source {
	var opened atomic.Int32
	return richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
		if opened.Add(1) >= n {
			time.Sleep(after)
			panic("the opener")
		}
		return seekCloser{bytes.NewReader([]byte("hello"))}, nil
	})
}

func TestAPanicInASharedUploadReachesEachCallerAsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		var wg sync.WaitGroup
		for i := range 3 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			wg.Go(func() {
				_, err := c.ReplyFile(t.Context(), panicsWhenOpened(2, time.Second))
				var up *richmedia.UploadError
				assert.ErrorAs(t, err, &up)
				var panicked *richmedia.PanicError
				if assert.ErrorAs(t, err, &panicked) {
					assert.Equal(t, "the opener", panicked.Value)
					assert.Contains(t, string(panicked.Stack), "upload_test.go")
				}
				assert.Equal(t, 5, left(c))
			})
		}
		wg.Wait()
		assert.Empty(t, b.Uploads())
	})
}

func TestAPanicInASharedUploadIsNotTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		broken, fine := b.context(t, b.Group("broken")), b.context(t, b.Group("fine"))
		failed := make(chan error, 1)
		go func() {
			_, err := broken.ReplyFile(t.Context(), panicsWhenOpened(2, time.Second))
			failed <- err
		}()
		synctest.Wait()
		_, err := fine.ReplyFile(t.Context(), richmedia.FromBytes("x.txt", []byte("hello")))
		require.NoError(t, err, "it has a source of its own")
		var panicked *richmedia.PanicError
		require.ErrorAs(t, <-failed, &panicked)
		assert.Len(t, b.Uploads(), 1)
	})
}
