package richmediatest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestUnknownPathsAndMethodsAreRefused(t *testing.T) {
	b := newBot(t)
	for _, path := range []string{"/", "/v2/groups/x", "/v2/guilds/x/messages", "/v2/groups/x/nothing", "/v2/groups/x/files/y"} {
		assert.Equal(t, 404, b.post(path, "{}").status, path)
	}
	r, err := b.do(http.MethodGet, "/v2/groups/x/messages", "")
	require.NoError(t, err)
	assert.Equal(t, 405, r.status)
	assert.Equal(t, "POST", r.header.Get("Allow"))
	assert.NotEmpty(t, r.text("message"))
	assert.Equal(t, 6-1, b.p.Count(richmediatest.OpUnknown))
}

func TestClientHonoursItsContextWhileThePlatformWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		g := b.p.Group("g")
		ev := g.Say("ann", "hi")
		b.p.Delay(richmediatest.OpSend, 1, time.Minute)
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, cause)
		defer cancel()
		body := strings.NewReader(object("content", "x", "msg_id", ev.MsgID()))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.example.com"+base(g)+"/messages", body)
		require.NoError(t, err)
		req.Header.Set("Authorization", "QQBot "+b.token)
		began := time.Now()
		_, err = b.send(req)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.Empty(t, g.Answers(), "the platform did not act")

		_, err = b.send(req.Clone(ctx))
		require.ErrorIs(t, err, cause, "a dead context sends nothing")
		assert.Equal(t, 1, b.p.Count(richmediatest.OpSend))
	})
}

func TestABodyThatBreaksOffIsTheClientsError(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	g := b.p.Group("g")
	post := func(body io.Reader, length int64) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example.com"+base(g)+"/messages", body)
		require.NoError(t, err)
		req.ContentLength = length
		req.Header.Set("Authorization", "QQBot "+b.token)
		_, err = b.send(req)
		return err
	}
	broken := errors.New("disk on fire")
	require.ErrorIs(t, post(iotest.ErrReader(broken), -1), broken)
	require.ErrorIs(t, post(io.MultiReader(strings.NewReader(`{"content":"x"}`), iotest.ErrReader(broken)), -1), broken)
	assert.Empty(t, g.Answers(), "half a request is none")
	require.ErrorContains(t, post(strings.NewReader("12345"), 9), "ContentLength=9 with Body length 5")
	require.ErrorContains(t, post(strings.NewReader("12345"), 3), "ContentLength=3")
	require.NoError(t, post(strings.NewReader("{}"), 2))

	closed := &closing{Reader: strings.NewReader("{}")}
	require.NoError(t, post(closed, -1))
	assert.True(t, closed.closed)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestFaultsDoWhatTheySay(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	ev := g.Say("ann", "hi")
	text := func(seq int) string { return object("content", "x", "msg_id", ev.MsgID(), "msg_seq", seq) }
	send := func(seq int) (reply, error) { return b.do(http.MethodPost, base(g)+"/messages", text(seq)) }

	t.Run("Fail", func(t *testing.T) {
		b.p.Fail(richmediatest.OpSend, 1, 500, 50055001, "try again")
		r, err := send(1)
		require.NoError(t, err)
		refused(t, r, 500, 50055001, 50055001)
		assert.Empty(t, g.Answers())
		b.p.Fail(richmediatest.OpSend, 1, 502, 0, "")
		r, err = send(1)
		require.NoError(t, err)
		assert.Equal(t, 502, r.status)
		assert.Contains(t, r.header.Get("Content-Type"), "html")
	})
	t.Run("of another op", func(t *testing.T) {
		defer b.p.Fail(richmediatest.OpUpload, -1, 500, 850027, "timeout")()
		defer b.p.Drop(richmediatest.OpAck, -1)()
		r, err := b.do(http.MethodGet, "/users/@me?x=1", "")
		require.NoError(t, err)
		accepted(t, r)
	})
	t.Run("Drop", func(t *testing.T) {
		b.p.Drop(richmediatest.OpSend, 1)
		_, err := send(1)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		assert.Empty(t, g.Answers())
	})
	t.Run("Lose", func(t *testing.T) {
		b.p.Lose(richmediatest.OpSend, 1)
		_, err := send(1)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		assert.Len(t, g.Answers(), 1)
		r, err := send(1)
		require.NoError(t, err)
		refused(t, r, 400, 40054005, 40054005)
	})
	t.Run("Intercept runs the newest first and can be removed", func(t *testing.T) {
		var order []string
		note := func(name string) func() {
			return b.p.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				order = append(order, name)
				_, _ = io.ReadAll(r.Body) // reading does not take the body from the platform
				next.ServeHTTP(w, r)
			})
		}
		remove1, remove2 := note("old"), note("new")
		r, err := send(2)
		require.NoError(t, err)
		accepted(t, r)
		assert.Equal(t, []string{"new", "old"}, order)
		remove1()
		remove2()
		_, err = send(3)
		require.NoError(t, err)
		assert.Len(t, order, 2)
	})
	t.Run("below 0 means until removed", func(t *testing.T) {
		remove := b.p.Fail(richmediatest.OpSend, -1, 504, 0, "")
		for range 3 {
			r, err := send(4)
			require.NoError(t, err)
			assert.Equal(t, 504, r.status)
		}
		remove()
		r, err := send(4)
		require.NoError(t, err)
		accepted(t, r)
	})
}

func TestInterceptorMayChangeTheRequest(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	g := b.p.Group("g")
	b.p.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Body = io.NopCloser(strings.NewReader(`{"content":"changed"}`))
		next.ServeHTTP(w, r)
	})
	accepted(t, b.message(g, `{"content":"original, and longer than what it becomes"}`))
	require.Len(t, g.Answers(), 1)
	assert.Equal(t, "changed", g.Answers()[0].Text)
}

func TestRateLimitsAreThoseOfTheDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithRateLimits())
		g := b.p.Group("g")
		prepare := func() reply { return b.post(base(g)+"/upload_prepare", "{}") }
		for range 10 {
			require.Equal(t, 850012, prepare().code())
		}
		r := prepare()
		assert.Equal(t, 429, r.status)
		assert.Equal(t, 40023001, r.code())
		time.Sleep(time.Second)
		assert.Equal(t, 850012, prepare().code())
	})
}

func TestHostedURLsAreOnTheWebOfTheClientToo(t *testing.T) {
	p := richmediatest.New()
	p.Host("https://example.com/cat.png?v=1", png)
	get := func(url string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		return p.Client().Do(req)
	}
	resp, err := get("https://example.com:443/cat.png?v=1#top")
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, png, got)
	assert.Equal(t, "image/png", resp.Header.Get("Content-Type"))
	resp, err = get("https://example.com/cat.png?v=2")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 404, resp.StatusCode)
	assert.Panics(t, func() { p.Host("cat.png", png) })
}
