package richmedia_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// panickingStore panics in the method that is named.
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

func TestAPanicOfTheCallersCodeReturnsTheSlot(t *testing.T) {
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
			b := newListeningBed(t, richmediatest.New(), opts...) // the source is read on net/http's own goroutines
			to := target(b.Group("club"))
			_, err := b.media.Upload(t.Context(), to, richmedia.KindFile, richmedia.FromBytes("x", noise(1<<20)),
				richmedia.WithProgress(func(richmedia.Progress) { panic("by a bar") }))
			require.NoError(t, err, "a report of an upload does not change it")
			assert.Contains(t, b.log.text(), "by a bar")
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
				_, err = b.media.Upload(t.Context(), to, richmedia.KindFile, richmedia.FromOpener(name, func(context.Context) (io.ReadCloser, error) {
					return open(n.Add(1))
				}), richmedia.WithoutCache())
				var up *richmedia.UploadError
				require.ErrorAs(t, err, &up, name)
				var panicked *richmedia.PanicError
				require.ErrorAs(t, err, &panicked, name)
				assert.Equal(t, "by a source", panicked.Value)
			}
		})
	}
}
