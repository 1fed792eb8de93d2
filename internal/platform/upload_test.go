package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBytesTravelAsBase64OfTheRightLength(t *testing.T) {
	for _, size := range []int{1, 2, 3, encodeChunk - 1, encodeChunk, encodeChunk + 1, 3*encodeChunk + 2} {
		raw := bytes.Repeat([]byte{0xfe, 0x01, 0x7f, 0x80}, size/4+1)[:size]
		c, s, _, _ := newTestClient(status(200, uploadedOK))
		up, err := c.Upload(t.Context(), group, Media{
			Kind: 4, Name: `a "b".txt`, Size: int64(size),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil },
		})
		require.NoError(t, err, size)
		assert.WithinDuration(t, time.Now(), up.Asked, time.Minute)
		up.Asked = time.Time{}
		assert.Equal(t, Uploaded{FileInfo: "QR==", FileUUID: "u", TTL: 300 * time.Second}, up)
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(s.bodies[0]), &got))
		data, err := base64.StdEncoding.Strict().DecodeString(got["file_data"].(string))
		require.NoError(t, err)
		assert.Equal(t, raw, data)
		assert.Equal(t, false, got["srv_send_msg"])
		assert.Equal(t, `a "b".txt`, got["file_name"])
	}
}

func TestASourceThatBreaksIsNotRepeatedAndCertain(t *testing.T) {
	c, s, _, _ := newTestClient(status(200, uploadedOK))
	opened := 0
	_, err := c.Upload(t.Context(), group, Media{Kind: 4, Size: 9, Open: func(context.Context) (io.ReadCloser, error) {
		opened++
		return io.NopCloser(io.MultiReader(strings.NewReader("abc"), brokenReader{})), nil
	}})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.ErrorContains(t, err, "disk on fire")
	assert.False(t, e.Unknown)
	assert.Equal(t, 1, opened)
	assert.Empty(t, s.bodies)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestAnUploadWithoutFileInfoIsRepeated(t *testing.T) {
	for _, first := range []string{``, `{}`, `{"file_uuid":"f3d2f5b7","file_info":"","ttl":86400,"id":"id"}`} {
		synctest.Test(t, func(t *testing.T) {
			c, s, _, _ := newTestClient(status(200, first), status(200, `{"file_info":"x","ttl":"0"}`))
			up, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://example.com/a.png"})
			require.NoError(t, err)
			up.Asked = time.Time{}
			assert.Equal(t, Uploaded{FileInfo: "x"}, up)
			assert.Len(t, s.bodies, 2)
		})
	}
}

// TestASourceThatEndsWithItsAttemptIsOpenedAgain tells a source that broke by itself from one whose ctx has ended: the
// attempt took too long, and the next one may not.
func TestASourceThatEndsWithItsAttemptIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(status(200, uploadedOK))
		opened := 0
		_, err := c.Upload(t.Context(), group, Media{Kind: 4, Size: 3, Open: func(ctx context.Context) (io.ReadCloser, error) {
			if opened++; opened == 1 {
				return io.NopCloser(untilDone{ctx}), nil
			}
			return io.NopCloser(strings.NewReader("abc")), nil
		}})
		require.NoError(t, err)
		assert.Equal(t, 2, opened)
		assert.Len(t, s.bodies, 1)

		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		_, err = c.Upload(ctx, group, Media{Kind: 4, Size: 3, Open: func(ctx context.Context) (io.ReadCloser, error) {
			return io.NopCloser(untilDone{ctx}), nil
		}})
		require.ErrorIs(t, err, gone)
		assert.NotContains(t, err.Error(), "closed", "the caller's reason, not what came of it")
	})
}

// untilDone is a download that hangs, and breaks when its ctx ends.
type untilDone struct{ ctx context.Context }

func (r untilDone) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, errors.New("use of closed network connection")
}
