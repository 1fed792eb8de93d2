package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// asCommand makes the test's binary the doctor.
const asCommand = "DOCTOR_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	botgo.SetLogger(richmedia.Slog(slog.New(slog.DiscardHandler)))
	goleak.VerifyTestMain(m)
}

// user reads what the doctor prints and does what it asks for.
type user struct {
	mu  sync.Mutex
	out bytes.Buffer
	do  map[string]func() // by what was printed; each once, in a goroutine of its own

	step  int // that was printed last, from 1
	types func(step int) string
	lines chan string // what is typed after each question; nil if nobody types
	all   sync.WaitGroup
}

// Write implements io.Writer.
func (u *user) Write(data []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for phrase, act := range u.do {
		if strings.Contains(string(data), phrase) {
			delete(u.do, phrase)
			u.all.Go(act)
		}
	}
	if at, found := bytes.CutPrefix(data, []byte("\n[")); found {
		u.step = int(at[0] - '0')
	}
	switch step := u.step; {
	case u.lines == nil:
	case bytes.Contains(data, []byte("Enter: go on")):
		u.all.Go(func() { u.lines <- u.types(step) })
	case bytes.Contains(data, []byte("How is the second voice")):
		u.all.Go(func() { u.lines <- "v" })
	}
	return u.out.Write(data)
}

func (u *user) said() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.out.String()
}

// bed is a fake platform on a real connection, and a user of its bot.
type bed struct {
	p      *richmediatest.Platform
	cfg    config
	user   *user
	report string // the file
}

func newBed(t *testing.T, opts ...richmediatest.Option) *bed {
	t.Helper()
	p := richmediatest.New(append([]richmediatest.Option{richmediatest.WithoutData()}, opts...)...)
	address, err := p.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	for _, k := range kinds {
		data, err := files.ReadFile("media/" + k.file)
		require.NoError(t, err)
		p.Host(mediaBase+"/"+k.file, data)
	}
	b := &bed{p: p, report: filepath.Join(t.TempDir(), "report.json")}
	b.cfg = config{
		appID: p.AppID(), secret: p.Credentials().AppSecret, api: address, tokens: address, media: mediaBase, send: true, yes: true,
		patience: time.Minute, timeout: 30 * time.Second, sizes: []int{1}, unit: 1 << 10,
	}
	b.user = &user{do: map[string]func(){
		"Write to the bot in a group":  func() { p.Group("cats").Say("ann", "a private word") },
		"Write to the bot in a single": func() { p.C2C("ann").Say("ann", "a private word") },
		"Write to the bot in another":  func() { p.Group("dogs").Say("ann", "a private word") },
	}}
	b.user.do["Switch the bot's own messages off"] = func() { p.Group("cats").AllowPushes("ann") }
	t.Cleanup(b.user.all.Wait)
	return b
}

// run examines the fake as if it were live, and returns the exit status.
func (b *bed) run(ctx context.Context) int {
	return runLive(ctx, b.cfg, &console{out: b.user, lines: b.user.lines}, b.report)
}

func (b *bed) read(t *testing.T) report {
	t.Helper()
	r, err := readReport(b.report)
	require.NoError(t, err, b.user.said())
	return r
}

// found returns the facts of a report by their checks.
func (r report) found() map[masked]fact {
	at := make(map[masked]fact, len(r.Facts))
	for _, x := range r.Facts {
		at[x.Check] = x
	}
	return at
}

// texts collects the texts in a JSON value.
func texts(data []byte) []string {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	var out []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return out
}

// environment returns the credentials of the fake for command.
func (b *bed) environment() map[string]string {
	return map[string]string{
		"QQBOT_APPID": b.cfg.appID, "QQBOT_SECRET": b.cfg.secret, "QQBOT_API_DOMAIN": b.cfg.api, "QQBOT_TOKEN_DOMAIN": b.cfg.tokens,
	}
}
