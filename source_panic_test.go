package richmedia_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
)

// panickingAt is content that panics when it is read at an offset.
type panickingAt struct{ *bytes.Reader }

func (panickingAt) ReadAt([]byte, int64) (int, error) { panic("the reader") }
func (panickingAt) Close() error                      { return nil }

func TestAPanicOfASourceIsAnErrorOfTheCall(t *testing.T) {
	b := newBed(t)
	for name, c := range map[string]struct {
		src  richmedia.Source
		step string
	}{
		"opener": {richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) { panic("the reader") }), "open"},
		"reader": {richmedia.FromReader("x", panickingReader{}), "read"},
		"at an offset": {richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
			return panickingAt{bytes.NewReader(make([]byte, 100))}, nil
		}), "read"},
		"stream": {richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(panickingReader{}), nil
		}), "read"},
	} {
		for _, opts := range [][]richmedia.UploadOption{nil, {richmedia.WithoutCache()}, {richmedia.WithCacheKey(name)}} {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, c.src, opts...)
			var panicked *richmedia.PanicError
			require.ErrorAs(t, err, &panicked, name)
			assert.Equal(t, "the reader", panicked.Value, name)
			assert.ErrorContains(t, err, "the source panicked", name)
			var up *richmedia.UploadError
			require.ErrorAs(t, err, &up, name)
			assert.Equal(t, c.step, up.Step, name)
			if name == "reader" {
				break // it can be used once
			}
		}
	}
	assert.Empty(t, b.Calls())
}
