package richmedia_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// noise is content that differs everywhere, so that a part in the wrong place shows.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242 + n)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// inParts is a bed whose uploads all go in parts of the given shape; a token in a PUT is refused.
func inParts(t testing.TB, shape richmediatest.PartShape, opts ...richmedia.Option) *bed {
	shape.RefuseToken = true
	return newBedOn(t, richmediatest.New(richmediatest.WithParts(shape)), append([]richmedia.Option{richmedia.WithInlineLimit(0)}, opts...)...)
}

// TestPartsOfAnyShapeMakeTheFile is the matrix: source x size x concurrency x index base x config.
func TestPartsOfAnyShapeMakeTheFile(t *testing.T) {
	const block = 1000
	dir := t.TempDir()
	shapes := []richmediatest.PartShape{
		{BlockSize: block},
		{BlockSize: block, ZeroBased: true, Config: "flat", Concurrency: 3, NumbersAsNumbers: true, StrictSize: true},
		{BlockSize: block, ZeroBased: true, Config: "none", WrapData: true},
		{BlockSize: block, Concurrency: 10, Sizes: []int64{1, 700, 3}, WrapData: true, NumbersAsNumbers: true},
	}
	for i, shape := range shapes {
		for _, size := range []int{1, block - 1, block, block + 1, 4 * block, 4*block + 1} {
			t.Run(fmt.Sprintf("shape %d/%d bytes", i, size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // the rates of prepare and finish would take a minute
					content := noise(size)
					path := filepath.Join(dir, "file.bin")
					require.NoError(t, os.WriteFile(path, content, 0o600))
					for name, src := range map[string]richmedia.Source{
						"bytes": richmedia.FromBytes("file.bin", content), "file": richmedia.FromFile(path),
						"fs":     richmedia.FromFS(fstest.MapFS{"file.bin": {Data: content}}, "file.bin"),
						"reader": richmedia.FromReader("file.bin", bytes.NewReader(content)),
						"opener": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return io.NopCloser(struct{ io.Reader }{bytes.NewReader(content)}), nil
						}),
						"seeking opener": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return struct {
								io.ReadSeeker
								io.Closer
							}{bytes.NewReader(content), io.NopCloser(nil)}, nil
						}),
						"opener at": richmedia.FromOpener("file.bin", func(context.Context) (io.ReadCloser, error) {
							return readerAt{bytes.NewReader(content)}, nil
						}),
					} {
						b := inParts(t, shape, richmedia.WithPartConcurrency(2))
						for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("bob")} {
							if chat.Scene() == "c2c" && name == "reader" {
								continue // was used
							}
							_, err := b.context(t, chat).ReplyFile(t.Context(), src)
							require.NoError(t, err, name)
							up := chat.Answers()[0].Media.Upload
							assert.Equal(t, "parts", up.Route, name)
							assert.True(t, bytes.Equal(content, up.Data), name)
							assert.Equal(t, "file.bin", up.Name, name)
						}
					}
				})
			})
		}
	}
}

// readerAt can be read at offsets and says its size nowhere.
type readerAt struct{ r *bytes.Reader }

func (r readerAt) Read(p []byte) (int, error)              { return r.r.Read(p) }
func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r.r.ReadAt(p, off) }
func (readerAt) Close() error                              { return nil }

func TestAnEmptyFileHasNoParts(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{})
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", nil))
	require.ErrorContains(t, err, "empty")
	assert.Empty(t, b.Calls())
}

func TestPartsAreSentAtOnceAsOfferedAndAllowed(t *testing.T) {
	for _, c := range []struct{ offered, allowed, want int32 }{{1, 4, 1}, {3, 4, 3}, {10, 4, 4}, {10, 2, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := inParts(t, richmediatest.PartShape{BlockSize: 10, Concurrency: int(c.offered)}, richmedia.WithPartConcurrency(int(c.allowed)))
			var now, most atomic.Int32
			b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				next.ServeHTTP(w, r)
				now.Add(-1)
			})
			_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(120)))
			require.NoError(t, err)
			assert.Equal(t, c.want, most.Load())
		})
	}
}

func TestPrepareAndFinishStayWithinTheirRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1, Concurrency: 10}), richmediatest.WithRateLimits())
		b := newBedOn(t, p, richmedia.WithInlineLimit(0), richmedia.WithPartConcurrency(10), richmedia.WithRetries(0))
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(60)))
		require.NoError(t, err)
		for _, call := range b.Calls() {
			assert.NotEqual(t, 429, call.Status)
		}
	})
}

func TestThePartsGoWithoutTheBotsToken(t *testing.T) {
	b := inParts(t, richmediatest.PartShape{BlockSize: 10})
	filters.on.Store(true)
	defer filters.on.Store(false)
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes("x", noise(30)))
	require.NoError(t, err)
	for _, call := range b.Calls() {
		if call.Op == richmediatest.OpPart {
			assert.Empty(t, call.Header.Get("Authorization"))
			assert.Empty(t, call.Header.Get("X-Union-Appid"))
			assert.Empty(t, call.Header.Get("X-Traced"), "nor through the bot's filters, which may add it")
		}
	}
}

func TestALargeFileIsSentInPartsOverARealConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 25 MB over a real connection")
	}
	p := richmediatest.New(richmediatest.WithoutData(), richmediatest.WithParts(richmediatest.PartShape{Concurrency: 2}))
	b := newListeningBed(t, p)
	content := noise(25 << 20)
	sum := sha256.Sum256(content)
	path := filepath.Join(t.TempDir(), "film.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	_, err := b.media.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, richmedia.FromFile(path))
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(sum[:]), p.Uploads()[0].SHA256)
	assert.Equal(t, 3, p.Count(richmediatest.OpPart))
}
