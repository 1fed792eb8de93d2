package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
	hang   bool // until the request's ctx ends; with a code, behind the text
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
	if now.hang && now.code == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if now.err != nil {
		return nil, now.err
	}
	if now.body == nil {
		now.body = strings.NewReader(now.text)
	}
	if now.hang {
		now.body = io.MultiReader(now.body, endless{r.Context()})
	}
	return &http.Response{StatusCode: now.code, Header: now.header, Body: io.NopCloser(now.body), Request: r}, nil
}

// endless has nothing to read before ctx ends.
type endless struct{ ctx context.Context } //nolint:containedctx // the request's

func (e endless) Read([]byte) (int, error) {
	<-e.ctx.Done()
	return 0, e.ctx.Err()
}

type fakeTokens struct {
	mu    sync.Mutex
	names []string
	asked int
	err   error
}

func (t *fakeTokens) Token() (*oauth2.Token, error) {
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

// all returns the lines so far.
func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func newTestClient(steps ...step) (*Client, *script, *fakeTokens, *recorder) {
	s, tk, rec := &script{steps: steps}, &fakeTokens{names: []string{"token-1", "token-2"}}, &recorder{}
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
