package richmedia_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/fstest"

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
