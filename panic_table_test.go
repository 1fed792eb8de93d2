package richmedia_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// fragile is a reader whose named method panics.
type fragile struct {
	io.Reader
	at string
}

func (f fragile) Read(p []byte) (int, error) { return f.Reader.Read(panics(f.at == "Read", p)) }

func (f fragile) Close() error { panics(f.at == "Close", nil); return nil }

// fragileSeeker is a reader at offsets whose named method panics.
type fragileSeeker struct {
	*bytes.Reader
	at string
}

func (f fragileSeeker) Read(p []byte) (int, error) { return f.Reader.Read(panics(f.at == "Read", p)) }

func (f fragileSeeker) ReadAt(p []byte, off int64) (int, error) {
	return f.Reader.ReadAt(panics(f.at == "ReadAt", p), off)
}

func (f fragileSeeker) Seek(off int64, whence int) (int64, error) {
	panics(f.at == "Seek", nil)
	return f.Reader.Seek(off, whence)
}

func (f fragileSeeker) Close() error { panics(f.at == "Close", nil); return nil }

// panics panics if it is so, and returns p otherwise.
func panics(so bool, p []byte) []byte {
	if so {
		panic("boom")
	}
	return p
}

// fragileStore is a store whose named method panics.
type fragileStore struct {
	*richmedia.MemoryStore
	at string
}

func (s fragileStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	panics(s.at == "Get", nil)
	return s.MemoryStore.Get(ctx, key)
}

func (s fragileStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	panics(s.at == "Set", nil)
	return s.MemoryStore.Set(ctx, key, value, ttl)
}

func (s fragileStore) Lease(context.Context, string, time.Duration) (bool, func(), error) {
	panics(s.at == "Lease", nil)
	return true, func() { panics(s.at == "release", nil) }, nil
}

// ways are the calls that read a source.
var ways = map[string]func(ctx context.Context, b *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error{
	"reply": func(ctx context.Context, _ *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error {
		_, err := c.Reply(ctx, kind, src)
		return err
	},
	"under a key": func(ctx context.Context, _ *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error {
		_, err := c.Reply(ctx, kind, src, richmedia.WithCacheKey("key"))
		return err
	},
	"album": func(ctx context.Context, _ *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error {
		_, err := c.ReplyAll(ctx, kind, []richmedia.Source{src})
		return err
	},
	"upload": func(ctx context.Context, b *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error {
		_, err := b.media.Upload(ctx, richmedia.Target{Scope: c.Scope(), ChatID: c.ChatID()}, kind, src)
		return err
	},
	"without the cache": func(ctx context.Context, _ *bed, c *richmedia.Context, kind richmedia.Kind, src richmedia.Source) error {
		_, err := c.Reply(ctx, kind, src, richmedia.WithoutCache())
		return err
	},
}

func TestAPanicIsAnErrorOfItsCallThatNamesWhatPanicked(t *testing.T) {
	png, mp3 := readMedia(t, "cat.png"), readMedia(t, "hello.mp3")
	opens := func(open func() io.ReadCloser) richmedia.Source {
		return richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) { return open(), nil })
	}
	stream := func(at string) func() richmedia.Source {
		return func() richmedia.Source {
			return opens(func() io.ReadCloser { return fragile{bytes.NewReader(png), at} })
		}
	}
	seeker := func(at string) func() richmedia.Source {
		return func() richmedia.Source {
			return opens(func() io.ReadCloser { return fragileSeeker{bytes.NewReader(png), at} })
		}
	}
	fine := func() richmedia.Source { return richmedia.FromBytes("x", png) }
	encodes := func(fn func(io.Reader) (io.ReadCloser, error)) []richmedia.Option {
		return []richmedia.Option{richmedia.WithVoiceEncoder(func(_ context.Context, in io.Reader) (io.ReadCloser, error) { return fn(in) })}
	}
	keeps := func(at string) []richmedia.Option {
		return []richmedia.Option{richmedia.WithStore(fragileStore{richmedia.NewMemoryStore(0), at})}
	}
	type row struct {
		src  func() richmedia.Source
		opts []richmedia.Option
		kind richmedia.Kind
		what string
		but  string // the way that does not come there
	}
	rows := map[string]row{
		"opener": {func() richmedia.Source { return opens(func() io.ReadCloser { panic("boom") }) }, nil, richmedia.KindImage, "the source", ""},
		"opened again": {func() richmedia.Source {
			var n atomic.Int32
			return opens(func() io.ReadCloser {
				panics(n.Add(1) > 1, nil)
				return fragileSeeker{bytes.NewReader(png), ""}
			})
		}, nil, richmedia.KindImage, "the source", ""},
		"stream's Read":     {stream("Read"), nil, richmedia.KindImage, "the source", ""},
		"stream's Close":    {stream("Close"), nil, richmedia.KindImage, "the source", ""},
		"FromReader's Read": {func() richmedia.Source { return richmedia.FromReader("x", fragile{bytes.NewReader(png), "Read"}) }, nil, richmedia.KindImage, "the source", ""},
		"seeker's Read":     {seeker("Read"), nil, richmedia.KindImage, "the source", "under a key"},
		"seeker's ReadAt":   {seeker("ReadAt"), nil, richmedia.KindImage, "the source", ""},
		"seeker's Seek":     {seeker("Seek"), nil, richmedia.KindImage, "the source", ""},
		"seeker's Close":    {seeker("Close"), nil, richmedia.KindImage, "the source", ""},
		"store's Get":       {fine, keeps("Get"), richmedia.KindImage, "the store", "without the cache"},
		"store's Set":       {fine, keeps("Set"), richmedia.KindImage, "the store", "without the cache"},
		"store's Lease":     {fine, keeps("Lease"), richmedia.KindImage, "the store", "without the cache"},
		"lease's release":   {fine, keeps("release"), richmedia.KindImage, "the store", "without the cache"},
		"encoder": {
			fine, encodes(func(io.Reader) (io.ReadCloser, error) { panic("boom") }), richmedia.KindVoice,
			"the voice encoder", "",
		},
		"encoder's Read": {
			fine, encodes(func(io.Reader) (io.ReadCloser, error) { return fragile{bytes.NewReader(mp3), "Read"}, nil }),
			richmedia.KindVoice, "the voice encoder", "",
		},
		"encoder's Close": {
			fine, encodes(func(io.Reader) (io.ReadCloser, error) { return fragile{bytes.NewReader(mp3), "Close"}, nil }),
			richmedia.KindVoice, "the voice encoder", "",
		},
	}
	for name, row := range rows {
		for way, reply := range ways {
			for route, opts := range map[string][]richmedia.Option{"inline": nil, "parts": {richmedia.WithInlineLimit(0)}} {
				if way == row.but {
					continue
				}
				t.Run(name+", "+way+", "+route, func(t *testing.T) {
					b := newBed(t, append(append([]richmedia.Option{richmedia.WithRetries(0)}, opts...), row.opts...)...)
					club := b.Group("club")
					c := b.context(t, club)
					err := reply(t.Context(), b, c, row.kind, row.src())
					var panicked *richmedia.PanicError
					require.ErrorAs(t, err, &panicked)
					assert.Equal(t, "boom", panicked.Value)
					require.EqualError(t, panicked, row.what+" panicked: boom")
					require.ErrorContains(t, err, panicked.Error())
					assert.NotEmpty(t, panicked.Stack)
					var up *richmedia.UploadError
					require.ErrorAs(t, err, &up)
					assert.Empty(t, club.Answers())
					assert.Equal(t, 5, left(c), "the slot is free again")
				})
			}
		}
	}
}

func TestAPanicOfASourceIsAnErrorInAGuildToo(t *testing.T) {
	b := newBed(t, richmedia.WithRetries(0))
	png := readMedia(t, "cat.png")
	c := b.context(t, b.Channel("lobby"))
	for _, at := range []string{"Read", "ReadAt", "Seek", "Close"} {
		_, err := c.ReplyImage(t.Context(), richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
			return fragileSeeker{bytes.NewReader(png), at}, nil
		}))
		var panicked *richmedia.PanicError
		require.ErrorAs(t, err, &panicked, at)
		require.EqualError(t, panicked, "the source panicked: boom")
	}
}

func TestAPanicOfTheStoreDoesNotEndTheLoopOfASharedEvent(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			store := fragileStore{richmedia.NewMemoryStore(0), "Lease"}
			b := newBed(t, append(opts, richmedia.WithStore(store), richmedia.WithSharedEvents())...)
			b.PushTo(nil)
			b.onGroup(func(context.Context, *richmedia.Context) error { return nil })
			err := event.ParseAndHandle(b.Group("club").Say("alice", "hi").Payload())
			var panicked *richmedia.PanicError
			require.ErrorAs(t, err, &panicked)
			require.EqualError(t, panicked, "the store panicked: boom")
		})
	}
}

func TestAStoreThatPanicsAfterARefusedFileDoesNotHideTheReply(t *testing.T) {
	b := newBed(t, richmedia.WithStore(deletePanics{richmedia.NewMemoryStore(0)}))
	club := b.Group("club")
	c := b.context(t, club)
	b.Fail(richmediatest.OpSend, 1, http.StatusBadRequest, 40034004, "bad file_info")
	_, err := c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, club.Answers(), 1)
	assert.Contains(t, b.log.text(), "the store panicked: boom")
}

type deletePanics struct{ *richmedia.MemoryStore }

func (deletePanics) Delete(context.Context, string) error { panic("boom") }
