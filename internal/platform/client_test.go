package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/log"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// step is one answer of a script.
type step struct {
	code   int
	body   io.Reader
	text   string
	header http.Header
	err    error
	hang   bool // until the request's ctx ends
}

func status(code int, text string, header ...string) step {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return step{code: code, text: text, header: h}
}

var broken = step{err: errors.New("connection reset by peer")}

// script answers the requests in turn; the last answer stands for all that follow.
type script struct {
	mu     sync.Mutex
	steps  []step
	bodies []string
	heads  []http.Header
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	if r.ContentLength != int64(len(body)) {
		return nil, fmt.Errorf("Content-Length %d, body %d", r.ContentLength, len(body))
	}
	s.mu.Lock()
	n := len(s.bodies)
	s.bodies = append(s.bodies, string(body))
	s.heads = append(s.heads, r.Header.Clone())
	now := s.steps[min(n, len(s.steps)-1)]
	s.mu.Unlock()
	if now.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if now.err != nil {
		return nil, now.err
	}
	if now.body == nil {
		now.body = strings.NewReader(now.text)
	}
	return &http.Response{StatusCode: now.code, Header: now.header, Body: io.NopCloser(now.body), Request: r}, nil
}

type tokens struct {
	mu    sync.Mutex
	names []string
	asked int
	err   error
}

func (t *tokens) Token() (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := t.names[min(t.asked, len(t.names)-1)]
	t.asked++
	if t.err != nil {
		err := t.err
		t.err = nil
		return nil, err
	}
	return &oauth2.Token{AccessToken: name, TokenType: "QQBot", Expiry: time.Now().Add(time.Hour)}, nil
}

type recorder struct {
	log.Logger
	mu    sync.Mutex
	lines []string
}

func (r *recorder) Warnf(format string, v ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, v...))
}

func newTestClient(steps ...step) (*Client, *script, *tokens, *recorder) {
	s, tk, rec := &script{steps: steps}, &tokens{names: []string{"token-1", "token-2"}}, &recorder{}
	c := New(Config{
		HTTP: &http.Client{Transport: s}, Base: func() string { return "https://platform.test" },
		Source: tk, AppID: "10001", Retries: 3, Log: rec,
	})
	return c, s, tk, rec
}

const (
	sentOK     = `{"id":"M1","timestamp":"2026-07-21T10:00:00+08:00"}`
	uploadedOK = `{"file_uuid":"u","file_info":"QR==","ttl":300}`
)

var group = Chat{Scene: Group, ID: "G/1"}

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

func TestARefusalIsFinal(t *testing.T) {
	for code, reason := range map[int]Reason{
		40034005: Window, 40034128: Window | Limit, 850018: NotPermitted, 40034006: NotPermitted, 11298: NotPermitted, 22009: RateLimited,
	} {
		c, s, _, _ := newTestClient(status(400, fmt.Sprintf(`{"code":%d,"message":"no","trace_id":"T"}`, code)))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e, code)
		assert.Len(t, s.bodies, 1, code)
		assert.False(t, e.Unknown, code)
		assert.Equal(t, "T", e.TraceID)
		assert.Equal(t, reason, ReasonOf(e.Status, e.Code, e.Alias), code)
	}
}

func TestTheErrCodeCountsBeforeTheCode(t *testing.T) {
	c, _, _, _ := newTestClient(status(200, `{"message":"富媒体文件格式不支持","code":850019,"err_code":40034002,"trace_id":"9af3e5f2"}`))
	_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://example.com/a"})
	var e *Error
	require.ErrorAs(t, err, &e, "an error that came with HTTP 200")
	assert.Equal(t, 40034002, e.Code)
	assert.Equal(t, 850019, e.Alias)
	assert.Equal(t, Unsupported, ReasonOf(e.Status, e.Code, e.Alias))
	assert.Equal(t, Unsupported, ReasonOf(e.Status, 1, 850019), "either code decides")
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

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	expired := status(401, `{"message":"AccessToken无效或过期","code":11244,"err_code":40011027}`)
	synctest.Test(t, func(t *testing.T) {
		c, s, tk, _ := newTestClient(expired, status(200, sentOK))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Equal(t, 2, tk.asked)
		assert.Equal(t, "QQBot token-1", s.heads[0].Get("Authorization"))
		assert.Equal(t, "QQBot token-2", s.heads[1].Get("Authorization"))
		assert.Equal(t, "10001", s.heads[0].Get("X-Union-Appid"))
	})
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(expired)
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.Error(t, err)
		assert.Len(t, s.bodies, 2, "once, not as often as there are retries")
	})
}

func TestATokenSourceThatFailsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, tk, _ := newTestClient(status(200, sentOK))
		tk.err = errors.New("no such host")
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Len(t, s.bodies, 1)
	})
}

func TestManyCallsAskForOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, tk, _ := newTestClient(status(200, sentOK))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := c.Send(t.Context(), group, []byte(`{}`), true)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, tk.asked, 2)
	})
}

// hanging is a token source that does not answer until it is told to.
type hanging chan struct{}

func (h hanging) Token() (*oauth2.Token, error) {
	<-h
	return nil, errors.New("too late")
}

func TestACallLeavesATokenSourceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := make(hanging)
		c := New(Config{HTTP: &http.Client{Transport: &script{}}, Base: func() string { return "https://x" }, Source: h, Log: &recorder{}})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		_, err := c.Send(ctx, group, nil, true)
		require.ErrorContains(t, err, "enough")
		close(h)
		require.NoError(t, c.Wait(t.Context()))
	})
}

func TestATokenSourceThatAlwaysPanicsIsAskedWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		asked := 0
		c.cfg.Source = tokenFunc(func() (*oauth2.Token, error) { asked++; panic("no config file") })
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.ErrorContains(t, err, "token source panicked: no config file")
		require.NoError(t, c.Wait(t.Context()))
		assert.LessOrEqual(t, asked, 30)
	})
}

func TestTheTokenGoesToNoOtherHost(t *testing.T) {
	var stolen http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL+"/steal", http.StatusTemporaryRedirect))
	defer first.Close()
	c := New(Config{
		HTTP: &http.Client{}, Base: func() string { return first.URL }, Source: &tokens{names: []string{"t"}}, Log: &recorder{},
	})
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.ErrorContains(t, err, "redirects to another address")
	assert.Nil(t, stolen)
	http.DefaultClient.CloseIdleConnections()
}

func TestARefusedConnectionIsNoDelivery(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	c := New(Config{
		HTTP: &http.Client{}, Base: func() string { return gone.URL }, Source: &tokens{names: []string{"t"}}, Log: &recorder{},
	})
	_, err := c.Send(t.Context(), group, []byte(`{}`), false)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.Unknown)
	assert.NotContains(t, err.Error(), "G%2F1", "no address in an error")
}

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

func TestEachAttemptHasATimeoutAndTheCallerWins(t *testing.T) {
	hang := step{hang: true}
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(hang, status(200, sentOK))
		began := time.Now()
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Len(t, s.bodies, 2)
		assert.GreaterOrEqual(t, time.Since(began), sendTimeout)
	})
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(hang)
		gone := errors.New("the caller has gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		began := time.Now()
		_, err := c.Send(ctx, group, []byte(`{}`), true)
		require.ErrorIs(t, err, gone)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Unknown)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestRatesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		var mu sync.Mutex
		var at []time.Time
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() {
				_, err := c.Send(t.Context(), group, []byte(`{}`), true)
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			})
		}
		wg.Wait()
		for i := 100; i < len(at); i++ {
			assert.GreaterOrEqual(t, at[i].Sub(at[i-100]), time.Second, "101 messages within a second")
		}
	})
}

func TestAnswersAreReadBounded(t *testing.T) {
	c, _, _, _ := newTestClient(step{code: 200, header: http.Header{}, body: zeros{}})
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.ErrorIs(t, err, errTooLong)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestErrorsAndLogsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, rec := newTestClient(
			status(500, `{"code":850027,"message":"download https://cos.example.com/a?sign=SECRET failed"}`),
			status(200, `{"file_info":"SECRET-INFO`),
			status(400, `{"code":850026,"message":"GET https://cos.example.com/a?sign=SECRET\nSet-Cookie: x"}`),
		)
		_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://cos.example.com/a?sign=SECRET"})
		require.Error(t, err)
		require.Len(t, rec.lines, 3, "850026 is worth one more try")
		for _, text := range append(rec.lines, err.Error()) {
			for _, secret := range []string{"SECRET", "token-1", "\n"} {
				assert.NotContains(t, text, secret)
			}
		}
	})
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

// TestEveryDocumentedCodeIsInTheTable holds the codes of the protocol reference, section 6.
func TestEveryDocumentedCodeIsInTheTable(t *testing.T) {
	for _, code := range []int{
		850012, 850019, 40034002, 850026, 40034001, 850027, 850031, 10000, 850018, 40054002, 40093001, 40093002, 304082, 304083,
		304080, 40034004, 22006, 340069, 304061, 40034125, 40011000, 40034005, 304103, 304027, 40034128, 40034024, 304026, 40034025,
		40034026, 40034027, 40054005, 40034006, 1100100, 1100101, 1100102, 1100103, 1100104, 40034100, 22009, 40034102, 40034105,
		40034101, 40054003, 40054004, 40054013, 40054007, 40054018, 40054010, 304003, 40054016, 40054006, 50055001, 50055002,
		50055006, 11244, 40011027, 11241, 11243, 11251, 11261, 11275, 11242, 11252, 11263, 11281, 11253, 11254, 11264, 11265, 11282,
		11255, 11298, 40023002, 11293, 304004, 304036, 305007, 40034008, 40034009, 40034010, 40034011, 40034029, 40034106, 40034108,
		40034109, 40034124, 40034127, 40023001, 304023, 304024, 304010, 304017, 304020, 304021, 40061001, 40062003, 40064004, 50065001,
	} {
		assert.NotEmpty(t, Meaning(code), code)
	}
}

func TestEveryShapeOfAnOfferIsRead(t *testing.T) {
	parts := `"upload_id":"u","block_size":"10","parts":[{"index":1,"presigned_url":"https://a","block_size":"10"},{"index":"2","presigned_url":"https://b","block_size":4}]`
	want := Offer{
		UploadID: "u", BlockSize: 10, Concurrency: 1, RetryTimeout: 300 * time.Second, RetryDelay: time.Second,
		Parts: []OfferedPart{{1, "https://a", 10}, {2, "https://b", 4}},
	}
	for name, c := range map[string]struct {
		body string
		with func(*Offer)
	}{
		"no config": {`{` + parts + `}`, nil},
		"nested": {`{` + parts + `,"upload_config":{"concurrency":3,"retry_timeout":60,"retry_delay":2}}`, func(o *Offer) {
			o.Concurrency, o.RetryTimeout, o.RetryDelay = 3, time.Minute, 2*time.Second
		}},
		"flat and wrapped": {`{"code":0,"data":{` + parts + `,"concurrency":"99999","retry_timeout":99999,"retry_delay":99999}}`, func(o *Offer) {
			o.Concurrency, o.RetryTimeout, o.RetryDelay = 64, 600*time.Second, 30*time.Second
		}},
		"nonsense": {`{` + parts + `,"concurrency":-3,"retry_timeout":-1,"retry_delay":-1}`, nil},
		"zero":     {`{` + parts + `,"upload_config":{"concurrency":0,"retry_timeout":0,"retry_delay":0}}`, func(o *Offer) { o.RetryTimeout = 0 }},
	} {
		w := want
		if c.with != nil {
			c.with(&w)
		}
		got, err := decodeOffer([]byte(c.body))
		require.NoError(t, err, name)
		assert.Equal(t, w, got, name)
	}
	got, err := decodeOffer([]byte(`{"file_info":"X","file_uuid":"U","ttl":86400}`))
	require.NoError(t, err)
	assert.Equal(t, &Uploaded{FileInfo: "X", FileUUID: "U", TTL: 24 * time.Hour}, got.Done)
}

// FuzzAnswers feeds whatever a platform, a proxy or a captive portal may answer to every decoder.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, sentOK, uploadedOK, `{"code":"11244"}`, `{"code":1e99}`, `{"ttl":-1,"file_info":"x"}`,
		`{"message":"call inner proxy error","code":850012}`, `{"id":7,"timestamp":{}}`, `<html>413</html>`, "\xff\xfe",
		`{"upload_id":"u","block_size":"9","parts":[{"index":0,"presigned_url":"https://x","block_size":9}],"upload_config":{"concurrency":1}}`,
		`{"data":{"upload_id":"u","block_size":9,"concurrency":"4","retry_timeout":1e9}}`, `{"data":{"file_info":"x","ttl":1}}`,
		`{"code":304023,"message":"push message is waiting for audit now","data":{"message_audit":{"audit_id":"audit_1"}}}`,
	} {
		f.Add(200, []byte(seed))
		f.Add(500, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		e := &Error{Op: "send", Status: code}
		ok := e.judge(body)
		if !ok && e.Code == 0 && code >= 200 && code < 300 {
			t.Error("a success without a code was refused")
		}
		if strings.ContainsAny(e.Error(), "\n\r") || len(e.Error()) > 4096 {
			t.Errorf("an error that is no line: %q", e.Error())
		}
		if up, err := decodeUploaded(body); err == nil && (up.FileInfo == "" || up.TTL < 0) {
			t.Errorf("an upload without file_info, or with a negative ttl: %+v", up)
		}
		if o, err := decodeOffer(body); err == nil && o.Done == nil && (o.Concurrency < 1 || o.RetryTimeout < 0 || o.RetryDelay < 0 || o.UploadID == "") {
			t.Errorf("an offer that is neither parts nor a file, or out of bounds: %+v", o)
		}
		if sent, err := decodeSent(body, true); err == nil && sent.ID == "" && !bytes.Contains(body, []byte("30402")) {
			t.Errorf("a message without an id was taken for sent: %q", body)
		}
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

func TestTooManyRequestsAreFollowedByAPause(t *testing.T) {
	for name, scene := range map[string]struct {
		first         step
		least, at     time.Duration // at: exactly, where the platform says it
		withoutNumber bool
	}{
		"429":                   {first: status(429, "<html></html>"), least: 2 * time.Second},
		"40023001":              {first: status(400, `{"code":40023001}`), least: 2 * time.Second},
		"429 of a proactive":    {first: status(429, ""), least: 2 * time.Second, withoutNumber: true},
		"Retry-After 0":         {first: status(429, "", "Retry-After", "0"), least: 2 * time.Second},
		"Retry-After 7":         {first: status(429, "", "Retry-After", "7"), at: 7 * time.Second},
		"Retry-After 60":        {first: status(429, "", "Retry-After", "60"), at: time.Minute},
		"Retry-After of a day":  {first: status(429, "", "Retry-After", "86400"), at: time.Minute},
		"Retry-After with 503":  {first: status(503, "", "Retry-After", "9"), at: 9 * time.Second},
		"Retry-After of a date": {first: status(429, "", "Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT"), least: 2 * time.Second},
		"Retry-After of less":   {first: status(429, "", "Retry-After", "-5"), least: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _, _ := newTestClient(scene.first, status(200, sentOK))
				began := time.Now()
				_, err := c.Send(t.Context(), group, []byte(`{}`), !scene.withoutNumber)
				require.NoError(t, err)
				assert.Len(t, s.bodies, 2)
				if scene.at > 0 {
					assert.Equal(t, scene.at, time.Since(began))
				} else {
					assert.GreaterOrEqual(t, time.Since(began), scene.least)
					assert.LessOrEqual(t, time.Since(began), 10*time.Second)
				}
			})
		})
	}
}

func TestOneOddFieldDoesNotHideTheCode(t *testing.T) {
	for _, body := range []string{
		`{"code":40054005,"err_code":40054005,"trace_id":12345}`,
		`{"err_code":40054005,"trace_id":{"a":1},"message":["x"]}`,
		`{"err_code":40054005,"message":7}`,
		`{"err_code":"40054005","message":null}`,
		`{"err_code":40054005,"code":"no number"}`,
		`{"err_code":40054005,"code":[1]}`,
		`{"code":40054005,"err_code":{}}`,
		`{"code":40054005,"err_code":null}`,
	} {
		c, s, _, _ := newTestClient(status(400, body))
		sent, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, body)
		assert.True(t, sent.Duplicate, body)
		assert.Len(t, s.bodies, 1, body)
	}
	c, _, _, _ := newTestClient(status(400, `{"err_code":850018,"trace_id":12345,"message":"muted"}`, "X-Tps-trace-ID", "H"))
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "H", e.TraceID, "the header's, where the body's is none")
	assert.Equal(t, "muted", e.Message)
}

func TestACodeIsJudgedByItsAliasWhereItIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(status(400, `{"err_code":77,"code":50055001}`), status(200, sentOK))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, "50055001 is worth another try")
		assert.Len(t, s.bodies, 2)
	})
	c, s, _, _ := newTestClient(status(500, `{"err_code":77,"code":40034128}`))
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.Unknown, "40034128 is a refusal")
	assert.Len(t, s.bodies, 1)
}

func TestARefusalByItsCodeIsCertainUnderHTTP500(t *testing.T) {
	for code, class := range map[int]Class{40034128: Terminal, 850018: Terminal, 304080: Reupload, 40034105: ProactiveRefused, 22009: Later} {
		c, s, _, _ := newTestClient(status(500, fmt.Sprintf(`{"code":%d}`, code)))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e, code)
		assert.Equal(t, class, e.Class(), code)
		assert.False(t, e.Unknown, code)
		assert.Len(t, s.bodies, 1, code)
	}
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(500, `{"code":50055001}`))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Unknown, "sending failed inside: that says nothing for certain")
	})
}

func TestATokenSourceThatPanicsIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c, s, tk, rec := newTestClient(status(200, sentOK))
		c.cfg.Source = tokenFunc(func() (*oauth2.Token, error) {
			if asked++; asked == 1 {
				panic("no config file")
			}
			return tk.Token()
		})
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, "it is asked again")
		assert.Len(t, s.bodies, 1)
		require.Len(t, rec.lines, 1)
		assert.Contains(t, rec.lines[0], "no config file")
	})
}

type tokenFunc func() (*oauth2.Token, error)

func (f tokenFunc) Token() (*oauth2.Token, error) { return f() }

func TestARefusedTokenTakesNoNewerOneWithIt(t *testing.T) {
	c, _, tk, _ := newTestClient(status(200, sentOK))
	old, err := c.accessToken(t.Context())
	require.NoError(t, err)
	c.dropToken(old)
	newer, err := c.accessToken(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, old.AccessToken, newer.AccessToken)
	c.dropToken(old) // by a call that was refused with it a moment later
	got, err := c.accessToken(t.Context())
	require.NoError(t, err)
	assert.Same(t, newer, got)
	assert.Equal(t, 2, tk.asked)
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
