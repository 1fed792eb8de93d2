package richmediatest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// overNetwork makes the bot's calls over the loopback address.
func overNetwork(t *testing.T, b *bot, path, body string) (reply, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.p.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "QQBot "+b.token)
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{status: resp.StatusCode, header: resp.Header, raw: raw}, nil
}

func TestTheNetworkBehavesAsInProcess(t *testing.T) {
	b := listening(t)
	g := b.p.Group("g")
	ev := g.Say("ann", "hi")
	send := object("content", "x", "msg_id", ev.MsgID())

	b.p.Drop(richmediatest.OpSend, 1)
	_, err := overNetwork(t, b, base(g)+"/messages", send)
	require.ErrorIs(t, err, io.EOF)
	assert.Empty(t, g.Answers())
	b.p.Lose(richmediatest.OpSend, 1)
	_, err = overNetwork(t, b, base(g)+"/messages", send)
	require.ErrorIs(t, err, io.EOF)
	assert.Len(t, g.Answers(), 1)

	r, err := overNetwork(t, b, base(g)+"/files", strings.Repeat(" ", 30<<20))
	require.NoError(t, err, "a client that writes on still sees the answer")
	assert.Equal(t, 413, r.status)
	assert.Contains(t, string(r.raw), "stgw")

	data := png
	o := b.prepare(g, announced(1, "cat.png", data))
	assert.True(t, strings.HasPrefix(o.Parts[0].URL, b.p.URL()), "parts are served here too")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, o.Parts[0].URL, bytes.NewReader(data))
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 200, resp.StatusCode)
}

func TestCloseEndsDelays(t *testing.T) {
	b := listening(t)
	g := b.p.Group("g")
	b.p.Delay(richmediatest.OpSend, 1, time.Hour)
	arrived := make(chan struct{})
	b.p.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(arrived)
		next.ServeHTTP(w, r)
	})
	failed := make(chan error)
	go func() {
		_, err := overNetwork(t, b, base(g)+"/messages", `{"content":"x"}`)
		failed <- err
	}()
	<-arrived
	require.NoError(t, b.p.Close())
	require.Error(t, <-failed)
	assert.Empty(t, g.Answers())
}

func TestABotThatDoesNotReadIsCutOff(t *testing.T) {
	b := listening(t)
	s := b.dial()
	b.identify(s, allIntents)
	text := strings.Repeat("x", 8<<10)
	g := b.p.Group("g")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50000 { // the queue and the kernel's buffers take some thousands
		if b.p.WaitReady(over) != nil {
			return
		}
		g.Say("ann", text)
	}
	t.Fatal("the platform queues without end")
}

func TestUnknownPathsCanBeServedByAnInterceptor(t *testing.T) {
	b := newBot(t)
	b.p.Intercept(richmediatest.OpUnknown, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path != "/channels/1/pins" {
			next.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"id":"m"}`)
	})
	assert.Equal(t, "m", b.post("/channels/1/pins", "{}").text("id"))
	assert.Equal(t, 404, b.post("/channels/2/pins", "{}").status)
}
