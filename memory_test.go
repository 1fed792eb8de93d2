package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// lean is a platform that keeps nothing: what is on the heap is the plugin's. It looks at the heap in the middle of
// every part.
type lean struct {
	mu   sync.Mutex
	peak uint64
	puts int
}

func (l *lean) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, status := "", http.StatusOK
	switch {
	case r.Method == http.MethodPut, strings.HasPrefix(r.URL.Path, "/channels/"):
		answer = `{"id":"M"}`
		if n, err := readAway(io.LimitReader(r.Body, r.ContentLength/2)); err != nil || n != r.ContentLength/2 {
			return nil, fmt.Errorf("%d of %d bytes: %w", n, r.ContentLength, err)
		}
		l.look()
	case strings.HasSuffix(r.URL.Path, "/upload_prepare"):
		var file struct {
			Size string `json:"file_size"`
		}
		if err := json.NewDecoder(r.Body).Decode(&file); err != nil {
			return nil, err
		}
		size, err := strconv.ParseInt(file.Size, 10, 64)
		if err != nil {
			return nil, err
		}
		var parts []string
		for i := range (size + 10<<20 - 1) / (10 << 20) {
			parts = append(parts, fmt.Sprintf(`{"index":%d,"presigned_url":"https://cos.test/%d"}`, i+1, i))
		}
		answer = fmt.Sprintf(`{"upload_id":"u","block_size":%d,"concurrency":4,"parts":[%s]}`, 10<<20, strings.Join(parts, ","))
	default:
		answer = `{"file_info":"X","ttl":0}`
		if body, err := io.ReadAll(io.LimitReader(r.Body, 1<<10)); err != nil || bytes.Contains(body, []byte(`"url":`)) {
			answer, status = `{"code":850026,"message":"no"}`, http.StatusBadRequest
		}
	}
	if _, err := readAway(r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// readAway reads all of r, in larger pieces than io.Discard does.
func readAway(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, 64<<10))
}

func (l *lean) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.puts++
	if l.puts%4 == 1 {
		l.peak = max(l.peak, liveHeap())
	}
}

// newLeanBot is a bot on a platform that keeps nothing.
func newLeanBot(t testing.TB, opts ...richmedia.Option) (*richmedia.Plugin, *lean) {
	t.Helper()
	l := &lean{}
	src := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)})
	plugin, err := richmedia.New(src, append([]richmedia.Option{
		richmedia.WithHTTPClient(&http.Client{Transport: l}), richmedia.WithBaseURL("https://api.test"),
		richmedia.WithLogger(&logger{}), richmedia.WithRetries(0),
	}, opts...)...)
	require.NoError(t, err)
	return plugin, l
}

// TestFetchingEncodingAndGuildsNeedConstantMemory is the way of a stream through every one of them.
func TestFetchingEncodingAndGuildsNeedConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes and sends some 100 MB")
	}
	const size, allowed = 32 << 20, 8 << 20
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	stream := func(head string) io.Reader {
		return io.MultiReader(strings.NewReader(head), io.LimitReader(endless{}, size))
	}
	fallback := richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		return page(200, -1, stream("")), nil
	})})
	encoder := richmedia.WithVoiceEncoder(func(_ context.Context, in io.Reader) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(readMedia(t, "hello.mp3")), in)), nil
	})
	for name, reply := range map[string]func(c *richmedia.Context) error{
		"fetched": func(c *richmedia.Context) error {
			_, err := c.ReplyFile(t.Context(), richmedia.FromURL(faraway))
			return err
		},
		"encoded": func(c *richmedia.Context) error {
			_, err := c.ReplyVoice(t.Context(), richmedia.FromReader("x.amr", stream("#!AMR\n")))
			return err
		},
		"guild": func(c *richmedia.Context) error {
			_, err := c.ReplyImage(t.Context(), richmedia.FromReader("x.png", stream(string(readMedia(t, "cat.png")))))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, l := newLeanBot(t, fallback, encoder)
			to := richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: "1", MsgID: "m"}
			if name == "guild" {
				to.Scope = richmedia.ScopeChannel
			}
			before := liveHeap()
			err := reply(plugin.For(to))
			var api *richmedia.APIError
			if errors.As(err, &api) { // groups get no message id from this platform
				require.Equal(t, "send", api.Op, err)
			}
			require.NoError(t, plugin.Close())
			require.NotZero(t, l.peak, err)
			grown := int64(l.peak) - int64(before)
			t.Logf("heap grew by %d KiB", grown>>10)
			assert.Less(t, grown, int64(allowed))
		})
	}
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestAFileOfAnySizeNeedsConstantMemory sends from every sort of source, and several at once.
func TestAFileOfAnySizeNeedsConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes and sends some 300 MB")
	}
	const allowed = 8 << 20
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	sized := func(mib int64) string {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.bin", mib))
		f, err := os.Create(path)
		require.NoError(t, err)
		require.NoError(t, f.Truncate(mib<<20))
		require.NoError(t, f.Close())
		return path
	}
	open := func(path string) func(context.Context) (io.ReadCloser, error) {
		return func(context.Context) (io.ReadCloser, error) { return os.Open(path) }
	}
	for name, sources := range map[string][]richmedia.Source{
		"20 MiB":           {richmedia.FromFile(sized(20))},
		"100 MiB":          {richmedia.FromFile(sized(100))},
		"32 MiB, fs":       {richmedia.FromFS(os.DirFS(filepath.Dir(sized(32))), "32.bin")},
		"32 MiB, opener":   {richmedia.FromOpener("x", open(sized(32)))},
		"32 MiB, reader":   {richmedia.FromReader("x", io.LimitReader(endless{}, 32<<20))},
		"4 at once, 20 MB": {richmedia.FromFile(sized(20)), richmedia.FromFile(sized(21)), richmedia.FromFile(sized(22)), richmedia.FromFile(sized(23))},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, l := newLeanBot(t)
			before := liveHeap()
			var wg sync.WaitGroup
			for i, s := range sources {
				wg.Go(func() {
					to := richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: fmt.Sprint(i)}
					_, err := plugin.Upload(t.Context(), to, richmedia.KindFile, s)
					assert.NoError(t, err)
				})
			}
			wg.Wait()
			require.NoError(t, plugin.Close())
			require.NotZero(t, l.peak)
			grown := int64(l.peak) - int64(before)
			t.Logf("heap grew by %d KiB", grown>>10)
			assert.Less(t, grown, int64(allowed*len(sources)))
		})
	}
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestBytesAreNotHeldWhole compares what an inline upload allocates with what it sends.
func TestBytesAreNotHeldWhole(t *testing.T) {
	p := richmediatest.New(richmediatest.WithoutData())
	sink := &http.Client{Transport: discard{}} // the fake reads a body whole
	b := newBedOn(t, p, richmedia.WithHTTPClient(sink))
	src := richmedia.FromBytes("x.bin", make([]byte, 5<<20))
	upload := func() {
		_, err := b.media.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, src, richmedia.WithoutCache())
		require.NoError(t, err)
	}
	upload()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	upload()
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<10))
}

// discard is a platform that keeps nothing.
type discard struct{}

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || n != r.ContentLength {
		return nil, errors.New("the body is not as long as announced")
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"file_info":"X","file_uuid":"U","ttl":300}`)),
	}, nil
}
