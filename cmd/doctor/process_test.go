package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// As a process of its own, so that the proxy is read from the environment as in a user's shell. The platform's name is known to
// the proxy only.
func TestTheDoctorWorksThroughAProxy(t *testing.T) {
	p := richmediatest.New()
	defer func() { require.NoError(t, p.Close()) }()
	p.ServeAt("http://platform.test")
	local := httptest.NewServer(p)
	defer local.Close()
	report := filepath.Join(t.TempDir(), "report.json")
	var proxied, tunnels atomic.Int64
	var open sync.WaitGroup
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			tunnels.Add(1)
			tunnel(w, local.Listener.Addr().String(), &open)
			return
		}
		proxied.Add(1)
		p.ServeHTTP(w, r)
	}))
	defer open.Wait()
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-patience", "1ms", "-o", report)
	cmd.Env = append(os.Environ(), asCommand+"=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=",
		"QQBOT_APPID="+p.AppID(), "QQBOT_SECRET="+p.Credentials().AppSecret,
		"QQBOT_API_DOMAIN=http://platform.test", "QQBOT_TOKEN_DOMAIN=http://platform.test")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.GreaterOrEqual(t, proxied.Load(), int64(4), "two tokens, the bot, the gateway")
	assert.NotZero(t, tunnels.Load(), "the websocket")
	r, err := readReport(report)
	require.NoError(t, err)
	assert.Equal(t, granted, r.found()["intents.group_and_c2c"].Seen, "%s", out)
}

// tunnel connects the client with an address, until either closes.
func tunnel(w http.ResponseWriter, at string, open *sync.WaitGroup) {
	up, err := (&net.Dialer{}).Dial("tcp", at)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	down, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = up.Close()
		return
	}
	forward := func(to net.Conn, from io.Reader) {
		open.Go(func() {
			_, _ = io.Copy(to, from)
			_ = to.Close()
		})
	}
	forward(up, buffered) // the server may have read the client's first bytes by now
	forward(down, up)
}

func TestThePlaygroundIsExaminedOverRealHTTP(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the playground")
	}
	binary := filepath.Join(t.TempDir(), "playground")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", binary, "../playground")
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, binary, "-bot=false", "-addr", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { cancel(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address := line[strings.Index(line, "http://"):]
	address = address[:strings.Index(address, " ")]

	web := httptest.NewServer(http.FileServerFS(files))
	defer web.Close()
	b := newBed(t)
	b.cfg.api, b.cfg.tokens, b.cfg.appID, b.cfg.secret = address, address, "102000001", "playground-secret"
	b.cfg.media, b.cfg.sizes, b.cfg.unit = web.URL+"/media", sizes[:2], mebibyte
	post := func(path string, form url.Values) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+path, bytes.NewBufferString(form.Encode()))
		if !assert.NoError(t, err) {
			return
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(req)
		if assert.NoError(t, err) {
			assert.Equal(t, http.StatusOK, resp.StatusCode)
			assert.NoError(t, resp.Body.Close())
		}
	}
	say := func(chat string) func() {
		return func() { post("/api/say", url.Values{"chat": {chat}, "user": {"ann"}, "text": {"hello"}}) }
	}
	b.user.do = map[string]func(){
		"Write to the bot in a group": say("group/cats"), "Write to the bot in a single": say("c2c/ann"), "Write to the bot in another": say("group/dogs"),
		"Switch the bot's own": func() { post("/api/bot", url.Values{"chat": {"group/cats"}, "user": {"ann"}, "do": {"allow"}}) },
	}
	require.Equal(t, statusOK, b.run(t.Context()), b.user.said())
	r := b.read(t)
	assert.True(t, r.Complete, b.user.said())
	changed := map[masked]masked{}
	for _, x := range r.Facts {
		assert.NotEqual(t, fresh, x.Verdict, "%+v", x)
		if x.Verdict == differs {
			changed[x.Check] = x.Switch
		}
	}
	assert.Equal(t, map[masked]masked{ // the playground's own shape of parts
		"parts.block_size": "PartShape.BlockSize", "parts.counts": "PartShape.BlockSize", "parts.concurrency": "PartShape.Concurrency",
	}, changed)
}
