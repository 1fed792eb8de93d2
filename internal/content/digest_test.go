package content

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sample(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func hexOf(h hash.Hash, b []byte) string {
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

func TestTheDigestsAreThoseOfTheContent(t *testing.T) {
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, depth*chunkSize + 7, md510mSize - 1, md510mSize, md510mSize + 1, md510mSize + 3*chunkSize} {
		content := sample(n)
		var copied bytes.Buffer
		got, err := digest(t.Context(), iotest.DataErrReader(bytes.NewReader(content)), digestOptions{Limit: int64(n), Parts: true, Copy: &copied})
		require.NoError(t, err, n)
		assert.EqualValues(t, n, got.Size)
		assert.Equal(t, hexOf(sha256.New(), content), hex.EncodeToString(got.SHA256), n)
		assert.Equal(t, hexOf(md5.New(), content), got.MD5, n)
		assert.Equal(t, hexOf(sha1.New(), content), got.SHA1, n)
		assert.Equal(t, hexOf(md5.New(), content[:min(n, md510mSize)]), got.MD510M, n)
		assert.True(t, bytes.Equal(content, copied.Bytes()), n)
	}
}

// The vector of the protocol reference, section 3: 31,457,280 zero bytes.
func TestTheVectorOfTheReference(t *testing.T) {
	got, err := digest(t.Context(), io.LimitReader(zeros{}, 31457280), digestOptions{Limit: 1 << 30, Parts: true})
	require.NoError(t, err)
	assert.Equal(t, "281ed1d5ae50e8419f9b978aab16de83", got.MD5)
	assert.Equal(t, "a869e551c0dfeaf152a594f9051b99a65d46f16d", got.SHA1)
	assert.Equal(t, "c7d2d05339fa6dae39f34538160cf785", got.MD510M)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestOnlyWhatIsAskedForIsHashed(t *testing.T) {
	got, err := digest(t.Context(), bytes.NewReader(sample(1<<20)), digestOptions{Limit: 1 << 20})
	require.NoError(t, err)
	assert.Empty(t, got.MD5+got.SHA1+got.MD510M)
	assert.Len(t, got.SHA256, sha256.Size)
}

func TestAReadingStopsAtTheLimitAtAnErrorAndWithItsContext(t *testing.T) {
	for _, parts := range []bool{false, true} {
		_, err := digest(t.Context(), io.LimitReader(zeros{}, 1<<40), digestOptions{Limit: 3 << 20, Parts: parts})
		var over OverError
		require.ErrorAs(t, err, &over)
		assert.Less(t, int64(over), int64(4<<20))

		broken := errors.New("line dead")
		_, err = digest(t.Context(), io.MultiReader(io.LimitReader(zeros{}, 3<<20), iotest.ErrReader(broken)), digestOptions{Limit: 1 << 40, Parts: parts})
		require.ErrorIs(t, err, broken)

		_, err = digest(t.Context(), io.LimitReader(zeros{}, 3<<20), digestOptions{Limit: 1 << 40, Parts: parts, Copy: full{}})
		require.ErrorContains(t, err, "no space left")

		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		r := &cancelling{cancel: func() { cancel(gone) }}
		_, err = digest(ctx, r, digestOptions{Limit: 1 << 40, Parts: parts})
		require.ErrorIs(t, err, gone)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

type cancelling struct {
	n      int
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.n += len(p); c.n > 2<<20 {
		c.cancel()
	}
	return len(p), nil
}

// BenchmarkDigest compares the one pass for all digests with md5 and sha1 alone, in turns: on two free cores it should take
// as long as the slower of them.
func BenchmarkDigest(b *testing.B) {
	content := sample(64 << 20)
	timed := func(fn func()) float64 {
		began := time.Now()
		fn()
		return time.Since(began).Seconds()
	}
	alone := func(h hash.Hash) float64 {
		return timed(func() { _, _ = io.Copy(h, bytes.NewReader(content)) })
	}
	var ofMD5, ofSlower, speeds []float64
	for b.Loop() {
		md5s, sha1s := alone(md5.New()), alone(sha1.New())
		pass := timed(func() {
			if _, err := digest(b.Context(), bytes.NewReader(content), digestOptions{Limit: 1 << 40, Parts: true}); err != nil {
				b.Fatal(err)
			}
		})
		ofMD5, ofSlower = append(ofMD5, pass/md5s), append(ofSlower, pass/max(md5s, sha1s))
		speeds = append(speeds, float64(len(content))/1e6/pass)
	}
	median := func(all []float64) float64 {
		slices.Sort(all)
		return all[len(all)/2]
	}
	b.ReportMetric(median(ofMD5), "x_of_md5_alone")
	b.ReportMetric(median(ofSlower), "x_of_slower_of_md5_and_sha1")
	b.ReportMetric(median(speeds), "MB/s")
	b.ReportMetric(0, "ns/op") // of all three
}

func TestAReaderThatIsCutOffIsNotAtItsEnd(t *testing.T) {
	for _, size := range []int{0, 10, 32 << 10, 200 << 10} {
		for _, parts := range []bool{false, true} {
			cut := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(io.ErrUnexpectedEOF))
			_, err := digest(t.Context(), cut, digestOptions{Limit: 1 << 20, Parts: parts})
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, size)
		}
	}
	_, err := digest(t.Context(), iotest.ErrReader(nil), digestOptions{Limit: 1})
	require.ErrorIs(t, err, io.ErrNoProgress, "nor is one that returns nothing forever")
}
