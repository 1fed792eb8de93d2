package richmedia_test

import (
	"bytes"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// TestOneResetSendsOnePartAgain resets a connection once at each part of 40.
func TestOneResetSendsOnePartAgain(t *testing.T) {
	const parts, block = 40, 1000
	content := noise(parts * block)
	for _, resume := range []bool{false, true} {
		for _, received := range []bool{false, true} { // whether the storage has the part when the connection breaks
			for at := range int32(parts) {
				synctest.Test(t, func(t *testing.T) {
					b := inParts(t, richmediatest.PartShape{BlockSize: block, Concurrency: 4, Resume: resume})
					var puts atomic.Int32
					var sent atomic.Int64
					b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						sent.Add(r.ContentLength)
						if puts.Add(1) != at+1 {
							next.ServeHTTP(w, r)
							return
						}
						if received {
							next.ServeHTTP(w, r)
						}
						panic(http.ErrAbortHandler)
					})
					_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", content))
					require.NoError(t, err)
					assert.True(t, bytes.Equal(content, b.Uploads()[0].Data))
					assert.EqualValues(t, parts+1, puts.Load(), "PUTs with a reset at %d", at+1)
					assert.EqualValues(t, (parts+1)*block, sent.Load())
					assert.Equal(t, 1, b.Count(richmediatest.OpPrepare))
				})
			}
		}
	}
}

// TestASecondResetOfAPartPreparesAgain does not trust an address that broke twice.
func TestASecondResetOfAPartPreparesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 1000, Concurrency: 1, Resume: true})
		b.Drop(richmediatest.OpPart, 2)
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", noise(3000)))
		require.NoError(t, err)
		assert.Equal(t, 2, b.Count(richmediatest.OpPrepare))
		assert.Equal(t, 5, b.Count(richmediatest.OpPart))
	})
}
