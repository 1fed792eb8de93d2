package platform

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/version"
)

func TestASendIsRepeatedUntilItIsCertain(t *testing.T) {
	for name, first := range map[string]step{
		"reset":           broken,
		"HTTP 500":        status(500, "boom"),
		"HTTP 502 HTML":   status(502, "<html>bad gateway</html>"),
		"HTTP 504":        status(504, ""),
		"HTTP 429":        status(429, "<html></html>", "Retry-After", "2"),
		"40023001":        status(400, `{"code":40023001,"message":"频率"}`),
		"50055001":        status(400, `{"code":50055001}`),
		"empty 200":       status(200, ""),
		"HTML 200":        status(200, "<html>captive portal</html>"),
		"truncated 200":   status(200, `{"id":"M`),
		"200 without id":  status(200, `{"timestamp":"x"}`),
		"200 with a list": status(200, `[]`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _, _ := newTestClient(first, status(200, sentOK))
				sent, err := c.Send(t.Context(), group, []byte(`{"msg_seq":1001}`), true)
				require.NoError(t, err)
				assert.Equal(t, Sent{ID: "M1", Timestamp: "2026-07-21T10:00:00+08:00"}, sent)
				assert.Equal(t, []string{`{"msg_seq":1001}`, `{"msg_seq":1001}`}, s.bodies, "the very same message")
			})
		})
	}
}

func TestAMessageWithoutSeqIsNeverRepeatedInDoubt(t *testing.T) {
	for name, answer := range map[string]step{
		"reset": broken, "HTTP 500": status(500, ""), "empty 200": status(200, ""), "cut": status(200, `{"i`),
	} {
		t.Run(name, func(t *testing.T) {
			c, s, _, _ := newTestClient(answer)
			_, err := c.Send(t.Context(), group, []byte(`{}`), false)
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.True(t, e.Unknown)
			assert.Len(t, s.bodies, 1)
		})
	}
	t.Run("a refusal that is certain may be repeated", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s, _, _ := newTestClient(status(400, `{"code":40054006}`), status(200, sentOK))
			_, err := c.Send(t.Context(), group, []byte(`{}`), false)
			require.NoError(t, err)
			assert.Len(t, s.bodies, 2)
		})
	})
	t.Run("a well-formed answer without an id is a message that was sent", func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, `{"timestamp":1721527200}`))
		sent, err := c.Send(t.Context(), group, []byte(`{}`), false)
		require.NoError(t, err)
		assert.Empty(t, sent.ID)
	})
}

func TestSeqUsedMeansDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(broken, status(400, `{"code":40054005,"err_code":40054005,"message":"消息被去重"}`))
		sent, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Equal(t, Sent{Duplicate: true, Again: true}, sent, "by the first attempt")

		c, _, _, _ = newTestClient(status(400, `{"code":40054005}`))
		sent, err = c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Equal(t, Sent{Duplicate: true}, sent, "by another process, or an earlier run")
	})
}

func TestAnEarlierDoubtStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(broken, status(400, `{"code":40034005}`))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 40034005, e.Code)
		assert.True(t, e.Unknown, "the first try may have been delivered, whatever the second says")
	})
}

func TestARefusedConnectionIsNoDelivery(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	c := New(Config{
		HTTP: &http.Client{}, Base: func() string { return gone.URL }, Source: &fakeTokens{names: []string{"t"}}, Log: &recorder{},
	})
	_, err := c.Send(t.Context(), group, []byte(`{}`), false)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.Unknown)
	assert.NotContains(t, err.Error(), "G%2F1", "no address in an error")
}

func TestAcknowledgingIsRepeatedWithinThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(status(500, ""), status(200, "{}"))
		require.NoError(t, c.Ack(t.Context(), "I1", 0))
		assert.Equal(t, []string{`{"code":0}`, `{"code":0}`}, s.bodies)
	})
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(broken)
		began := time.Now()
		require.Error(t, c.Ack(t.Context(), "I1", 0))
		assert.LessOrEqual(t, time.Since(began), ackTimeout)
	})
}

func TestAnInnerProxyErrorOnAMessageIsTheProxysTrouble(t *testing.T) {
	proxy := status(500, `{"message":"call inner proxy error","code":850012}`)
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(proxy, status(200, sentOK))
		_, err := c.Send(t.Context(), group, []byte(`{"msg_seq":1001}`), true)
		require.NoError(t, err)
		assert.Equal(t, []string{`{"msg_seq":1001}`, `{"msg_seq":1001}`}, s.bodies, "under its own number")
	})
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(proxy)
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Unknown, "what is behind the proxy may have taken it")
		assert.Len(t, s.bodies, 4)
	})
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(proxy)
		_, err := c.Send(t.Context(), group, []byte(`{}`), false)
		require.Error(t, err)
		assert.Len(t, s.bodies, 1, "without a number it is not repeated in doubt")
	})
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(proxy, status(200, uploadedOK))
		_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://example.com/a.png"})
		require.NoError(t, err)
		assert.Len(t, s.bodies, 2)
	})
}

func TestATooLargeMessageIsFinal(t *testing.T) {
	c, s, _, _ := newTestClient(status(413, "<html>too large</html>"))
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, Terminal, e.Class(), "a message has no parts")
	assert.False(t, e.Unknown)
	assert.Len(t, s.bodies, 1)
}

// TestAFilterChangesNoHeaderButItsOwn although the values of a request share an array, and those of two requests share none.
func TestAFilterChangesNoHeaderButItsOwn(t *testing.T) {
	const marked = "of a filter's bot"
	openapi.RegisterReqFilter("marks", func(r *http.Request, _ *http.Response) error { // stays registered for the process
		if r.Header.Get("X-Union-Appid") == marked {
			r.Header["Accept"][0] = "text/plain"
			for name := range r.Header {
				r.Header.Add(name, "added")
			}
		}
		return nil
	})
	c, s, _, _ := newTestClient(status(200, sentOK))
	c.cfg.AppID = marked
	want := http.Header{
		"Authorization": {"QQBot token-1", "added"}, "Content-Type": {"application/json", "added"}, "Accept": {"text/plain", "added"},
		"User-Agent": {version.String(), "added"}, "X-Union-Appid": {marked, "added"},
	}
	for i := range 2 {
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Equal(t, want, s.heads[i])
	}
	c.cfg.AppID = ""
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.NoError(t, err)
	assert.Equal(t, http.Header{
		"Authorization": {"QQBot token-1"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {version.String()},
	}, s.heads[2])
}
