package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
)

func TestMain(m *testing.M) {
	botgo.SetLogger(quiet{log.New(io.Discard, "", 0)})
	os.Exit(m.Run())
}

// begin starts a playground whose bot receives its events in process.
func begin(t *testing.T, cfg config) *playground {
	t.Helper()
	cfg.addr, cfg.webhook = "127.0.0.1:0", true
	if cfg.appID == "" {
		cfg.appID, cfg.secret = defaultAppID, defaultSecret
	}
	pg, err := start(t.Context(), cfg, func(err error) { t.Error(err) })
	require.NoError(t, err)
	return pg
}

func get(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	return string(body)
}

func TestTheDemonstrationBotAnswersAllThatItOffers(t *testing.T) {
	pg := begin(t, config{bot: true})
	group := pg.platform.Group("cats")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	n := 0
	for word, answers := range map[string]int{
		"cat": 1, "猫": 1, "clip": 1, "hello": 1, "report": 1, "photo": 1, "album": 3, "buttons": 1, "note buy milk": 1, "大文件": 1, "what?": 1,
	} {
		group.Say("ann", word)
		n += answers
		_, err := group.WaitAnswers(ctx, n)
		require.NoError(t, err, word)
	}
	group.Press("ann", "voice")
	group.AddBot("ann")
	group.Say("ann", "", attached("note.txt", "words"))
	got, err := group.WaitAnswers(ctx, n+3)
	require.NoError(t, err)
	assert.Equal(t, "text/plain; charset=utf-8", got[n+2].Media.Format, "what a user sends comes back")

	channel := pg.platform.Channel("news")
	for _, word := range []string{"cat", "clip", "album", "buttons"} {
		channel.Say("ann", word)
	}
	got, err = channel.WaitAnswers(ctx, 6)
	require.NoError(t, err)
	assert.Equal(t, "image/png", got[0].Media.Format)
	assert.Contains(t, got[1].Text, "images and text only")
	assert.NotEmpty(t, got[5].Keyboard)
	direct := pg.platform.DM("dave")
	direct.Say("dave", "photo")
	_, err = direct.WaitAnswers(ctx, 1)
	require.NoError(t, err)
	require.NoError(t, pg.close())
}

func TestAURLOfAnotherMachineIsRefusedAsOfflineAndOneOfThisMachineIsFetched(t *testing.T) {
	pg := begin(t, config{})
	defer func() { require.NoError(t, pg.close()) }()
	photo, err := files.ReadFile("media/cat.png")
	require.NoError(t, err)
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(photo) }))
	defer here.Close()
	group := pg.platform.Group("cats")
	id := group.Say("ann", "photo").MsgID()
	token, err := pg.platform.TokenSource().Token()
	require.NoError(t, err)
	upload := func(address string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, pg.url+"/v2/groups/"+group.OpenID()+"/files",
			strings.NewReader(`{"file_type":1,"url":"`+address+`"}`))
		require.NoError(t, err)
		req.Header.Set("Authorization", "QQBot "+token.AccessToken)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	status, answer := upload("https://example.org/x.png")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, answer, "this playground is offline")
	assert.Contains(t, get(t, pg.url+"/api/inspect?id="+url.QueryEscape(id)), "this playground is offline", "the inspector says it, too")
	status, answer = upload(here.URL + "/cat.png")
	assert.Equal(t, http.StatusOK, status, answer)
}

func TestThisMachinesServersAreNotReadForOthers(t *testing.T) {
	for _, c := range []struct {
		addr, tls string
		public    bool
	}{
		{"127.0.0.1:0", "", false},
		{"localhost:0", "[::1]:7472", false},
		{":7471", "", true},
		{"127.0.0.1:0", "0.0.0.0:443", true},
		{"192.168.1.5:80", "127.0.0.1:443", true},
	} {
		assert.Equal(t, c.public, config{addr: c.addr, tls: c.tls}.public(), "%+v", c)
	}
	read := false
	here := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { read = true }))
	defer here.Close()
	pg, err := start(t.Context(), config{addr: "0.0.0.0:0", appID: defaultAppID, secret: defaultSecret}, func(err error) { t.Error(err) })
	require.NoError(t, err)
	token, err := pg.platform.TokenSource().Token()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, pg.local+"/v2/groups/"+pg.platform.Group("cats").OpenID()+"/files",
		strings.NewReader(`{"file_type":1,"url":"`+here.URL+`/cat.png"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "QQBot "+token.AccessToken)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.NoError(t, pg.close())
	assert.False(t, read)
}

func TestAFailureOfTheDemonstrationBotIsToldInTheChat(t *testing.T) {
	pg := begin(t, config{bot: true})
	group := pg.platform.Group("cats")
	group.Mute(true)
	group.Say("ann", "cat")
	require.Eventually(t, func() bool {
		return strings.Contains(get(t, pg.url+"/api/messages?chat=group/cats"), `"event":"NOTE"`)
	}, 20*time.Second, 10*time.Millisecond, "the error handler runs after the handler")
	assert.Contains(t, get(t, pg.url+"/api/messages?chat=group/cats"), "850018")
	require.NoError(t, pg.close())
}

func TestWhileItIsQuietItTouchesNothing(t *testing.T) {
	pg := begin(t, config{bot: true})
	pg.demo.Wake(false)
	ev := pg.platform.Group("cats").Press("ann", "purr")
	pg.platform.Group("cats").Say("ann", "cat")
	assert.NotContains(t, pg.platform.Acks(), ev.InteractionID(), "another bot is to acknowledge it")
	require.NoError(t, pg.close())
	assert.Empty(t, pg.platform.Group("cats").Answers())
}

func TestWhatBotsSendIsSaved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "media")
	pg := begin(t, config{bot: true, save: dir})
	group := pg.platform.Group("cats")
	group.Say("ann", "report")
	group.Say("ann", "cat")
	_, err := group.WaitAnswers(t.Context(), 2)
	require.NoError(t, err)
	require.NoError(t, pg.close())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name()[strings.LastIndex(e.Name(), "-")+1:])
	}
	assert.ElementsMatch(t, []string{"report.pdf", "image.png"}, names)
}

func TestAFolderThatCannotBeMadeIsToldAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := start(t.Context(), config{addr: "127.0.0.1:0", save: filepath.Join(file, "x"), appID: "1", secret: "s"}, func(error) {})
	require.ErrorContains(t, err, "-save")
}

func TestOnlyTheDefaultSecretIsShown(t *testing.T) {
	pg := begin(t, config{appID: "42", secret: "my-own-secret"})
	state := get(t, pg.url+"/api/state")
	assert.NotContains(t, state, "my-own-secret")
	assert.Contains(t, state, `"appID":"42"`)
	require.NoError(t, pg.close())
	pg = begin(t, config{})
	assert.Contains(t, get(t, pg.url+"/api/state"), defaultSecret)
	require.NoError(t, pg.close())
}

func TestItSaysWhereItIsAndWarnsWhenOthersCanReachIt(t *testing.T) {
	pg := &playground{url: "http://127.0.0.1:7471"}
	for addr, warns := range map[string]bool{
		"127.0.0.1:7471": false, "localhost:0": false, "[::1]:1": false, ":7471": true, "0.0.0.0:7471": true, "192.168.1.5:80": true, "[::]:1": true,
	} {
		var out bytes.Buffer
		pg.greet(&out, config{addr: addr, appID: "1", secret: "s"})
		assert.Contains(t, out.String(), "http://127.0.0.1:7471")
		assert.Equal(t, warns, strings.Contains(out.String(), "WARNING"), addr)
	}
	for at, want := range map[string]string{"0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80", "192.168.1.5:80": "http://192.168.1.5:80", "[::1]:80": "http://[::1]:80"} {
		addr, err := net.ResolveTCPAddr("tcp", at)
		require.NoError(t, err)
		assert.Equal(t, want, address(addr, ""))
	}
	assert.Equal(t, "http://host.docker.internal:7471", address(nil, "http://host.docker.internal:7471/"))
}

func TestAnAddressThatIsTakenIsToldWithAWayOut(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	err = run(t.Context(), config{addr: ln.Addr().String(), appID: "1", secret: "s"}, io.Discard, false)
	require.ErrorContains(t, err, "try another -addr")
}

func TestItEndsWhenItIsToldAndWithOpenStreams(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, config{addr: "127.0.0.1:0", appID: defaultAppID, secret: defaultSecret}, w, false)
	}()
	line := make([]byte, 256)
	n, err := r.Read(line)
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, r) }()
	address := strings.Fields(string(line[:n]))[2]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/stream", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	began := time.Now()
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal(errors.New("it did not end"))
	}
	assert.Less(t, time.Since(began), 5*time.Second)
}
