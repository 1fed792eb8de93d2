package richmediatest_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestATokenInThePutOfAPartIsAWarning(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	put := func(change ...func(*http.Request)) []string {
		assert.Equal(t, 200, b.put(o.Parts[0].URL, bytes.NewReader(data[:10]), change...).status)
		calls := b.p.Calls()
		return calls[len(calls)-1].Warnings
	}
	assert.Empty(t, put())
	warned := put(func(r *http.Request) { r.Header.Set("Authorization", "QQBot "+b.token) })
	require.Len(t, warned, 1)
	assert.Contains(t, warned[0], "Authorization")
	assert.NotContains(t, warned[0], b.token)
}

func TestPresignedURLsTakeExactlyTheirPart(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{RefuseToken: true})
	o := b.prepare(g, announced(1, "cat.png", data))
	url := o.Parts[0].URL
	block := func() io.Reader { return bytes.NewReader(data[:10]) }

	r := b.put(url, block(), func(r *http.Request) { r.Header.Set("Authorization", "QQBot "+b.token) })
	assert.Equal(t, 403, r.status, "the bot's token does not belong here")
	assert.Contains(t, string(r.raw), "Authorization")
	assert.Equal(t, 411, b.put(url, block(), func(r *http.Request) { r.ContentLength = -1 }).status, "chunked")
	assert.Equal(t, 400, b.put(url, bytes.NewReader(data[:9])).status)
	assert.Equal(t, 400, b.put(url, bytes.NewReader(data[:11])).status)
	assert.Equal(t, 403, b.put(strings.Replace(url, "sign=", "sign=0", 1), block()).status)
	assert.Equal(t, 403, b.put(o.Parts[1].URL[:strings.Index(o.Parts[1].URL, "?")], block()).status)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, block())
	require.NoError(t, err)
	r, err = b.send(req)
	require.NoError(t, err)
	assert.Equal(t, 405, r.status)

	assert.Equal(t, 200, b.put(url, block()).status)
	assert.Equal(t, 200, b.put(url, block()).status, "again")
	b.p.ExpirePartURLs()
	assert.Equal(t, 403, b.put(url, block()).status)
	for _, c := range b.p.Calls() {
		if c.Op == richmediatest.OpPart {
			assert.NotContains(t, c.Path, "sign=")
			assert.Nil(t, c.Body)
		}
	}
}

func TestAPutThatBreaksOffLeavesNothing(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, o.Parts[0].URL, bytes.NewReader(data[:4]))
	require.NoError(t, err)
	req.ContentLength = 10
	_, err = b.send(req)
	require.Error(t, err)
	refused(t, b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", md5Hex(data[:4])), 400, 40093001, 40093001)
	b.parts(g, o, data)
}

func TestPartURLsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, data := small(t, richmediatest.PartShape{})
		o := b.prepare(g, announced(1, "cat.png", data))
		time.Sleep(time.Hour)
		assert.Equal(t, 403, b.put(o.Parts[0].URL, bytes.NewReader(data[:10])).status)
	})
}

func TestAOneShotURLIsDeadAfterAReset(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{OneShot: true})
	o := b.prepare(g, announced(1, "cat.png", data))
	b.p.Drop(richmediatest.OpPart, 1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, o.Parts[0].URL, bytes.NewReader(data[:10]))
	require.NoError(t, err)
	_, err = b.send(req)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Equal(t, 403, b.put(o.Parts[0].URL, bytes.NewReader(data[:10])).status)
	o = b.prepare(g, announced(1, "cat.png", data))
	b.parts(g, o, data)
}
