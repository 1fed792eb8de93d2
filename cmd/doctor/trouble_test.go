package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestBadInputEndsWithOneSentenceAndStatusTwo(t *testing.T) {
	unused, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + unused.Addr().String()
	require.NoError(t, unused.Close())
	serve := func(env map[string]string, h http.HandlerFunc) {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		env["QQBOT_TOKEN_DOMAIN"], env["QQBOT_API_DOMAIN"] = server.URL, server.URL
	}
	for name, c := range map[string]struct {
		spoil func(b *bed, env map[string]string)
		args  []string
		want  string
	}{
		"no secret":            {spoil: func(_ *bed, env map[string]string) { delete(env, "QQBOT_SECRET") }, want: "QQBOT_SECRET is missing"},
		"no app id":            {spoil: func(_ *bed, env map[string]string) { delete(env, "QQBOT_APPID") }, want: "QQBOT_APPID is missing"},
		"wrong secret":         {spoil: func(_ *bed, env map[string]string) { env["QQBOT_SECRET"] = "wrong" }, want: "do not belong together"},
		"unknown bot":          {spoil: func(_ *bed, env map[string]string) { env["QQBOT_APPID"] = "1" }, want: "does not know this AppID"},
		"secret of another":    {spoil: func(_ *bed, env map[string]string) { env["QQBOT_SECRET"] = richmediatest.New().Credentials().AppSecret }, want: "do not belong together"},
		"token of another":     {spoil: func(b *bed, _ map[string]string) { b.p.Fail(richmediatest.OpMe, -1, 401, 11255, "x") }, want: "belongs to another bot"},
		"address not listed":   {spoil: func(b *bed, _ map[string]string) { b.p.Fail(richmediatest.OpMe, -1, 401, 11298, "x") }, want: "IP allow-list"},
		"unknown code":         {spoil: func(b *bed, _ map[string]string) { b.p.Fail(richmediatest.OpToken, -1, 400, 123456, "x") }, want: "look the code up"},
		"too many requests":    {spoil: func(b *bed, _ map[string]string) { b.p.ErrorWith200(richmediatest.OpToken, -1, 100001) }, want: "wait a minute"},
		"nobody listens":       {spoil: func(_ *bed, env map[string]string) { env["QQBOT_TOKEN_DOMAIN"] = nobody }, want: "Nothing accepts connections"},
		"portal page":          {spoil: func(b *bed, _ map[string]string) { b.p.Page(richmediatest.OpToken, -1, 200) }, want: "login page"},
		"portal later":         {spoil: func(b *bed, _ map[string]string) { b.p.Page(richmediatest.OpMe, -1, 200) }, want: "login page"},
		"proxy of platform":    {spoil: func(b *bed, _ map[string]string) { b.p.Page(richmediatest.OpToken, -1, 502) }, want: "wait some minutes"},
		"silence":              {args: []string{"-timeout", "50ms"}, spoil: func(b *bed, _ map[string]string) { b.p.Stall(richmediatest.OpToken, -1) }, want: "does not answer in time"},
		"cut connection":       {spoil: func(b *bed, _ map[string]string) { b.p.Drop(richmediatest.OpToken, -1) }, want: "connection to the platform breaks"},
		"cut answer":           {spoil: func(b *bed, _ map[string]string) { b.p.Truncate(richmediatest.OpToken, -1) }, want: "not the platform"},
		"answer without token": {spoil: func(b *bed, _ map[string]string) { b.p.Empty(richmediatest.OpToken, -1) }, want: "not the platform"},
		"portal redirect": {spoil: func(_ *bed, env map[string]string) {
			serve(env, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://portal.invalid/", http.StatusFound)
			})
		}, want: "login page"},
		"clock ahead": {spoil: func(b *bed, env map[string]string) {
			serve(env, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
				b.p.ServeHTTP(w, r)
			})
		}, want: "clock is 10 minutes ahead"},
		"clock behind": {spoil: func(b *bed, env map[string]string) {
			serve(env, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
				b.p.ServeHTTP(w, r)
			})
		}, want: "clock is 10 minutes behind"},
		"no such command": {args: []string{"dif"}, spoil: func(*bed, map[string]string) {}, want: "no such command"},
		"one report":      {args: []string{"diff", "a.json"}, spoil: func(*bed, map[string]string) {}, want: "Two reports are needed"},
		"no report":       {args: []string{"diff", "a.json", "b.json"}, spoil: func(*bed, map[string]string) {}, want: "a.json is no report"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			env := b.environment()
			c.spoil(b, env)
			out := new(user)
			args := append([]string{"-o", b.report}, c.args...)
			status := command(t.Context(), args, func(k string) string { return env[k] }, strings.NewReader(""), out)
			assert.Equal(t, statusTrouble, status, out.said())
			assert.Contains(t, out.said(), c.want)
			for _, secret := range []string{b.cfg.secret, b.cfg.api} {
				assert.NotContains(t, out.said(), secret)
			}
		})
	}
}

// Whatever one endpoint does, the doctor ends in time, with a report or with a sentence.
func TestEveryFaultEndsWithAReportOrASentence(t *testing.T) {
	faults := map[string]func(f *richmediatest.Faults, op richmediatest.Op){
		"refuse":   func(f *richmediatest.Faults, op richmediatest.Op) { f.Refuse(op, -1) },
		"drop":     func(f *richmediatest.Faults, op richmediatest.Op) { f.Drop(op, -1) },
		"lose":     func(f *richmediatest.Faults, op richmediatest.Op) { f.Lose(op, -1) },
		"stall":    func(f *richmediatest.Faults, op richmediatest.Op) { f.Stall(op, -1) },
		"after":    func(f *richmediatest.Faults, op richmediatest.Op) { f.StallAfter(op, -1) },
		"delay":    func(f *richmediatest.Faults, op richmediatest.Op) { f.Delay(op, -1, time.Hour) },
		"drip":     func(f *richmediatest.Faults, op richmediatest.Op) { f.Drip(op, -1, time.Hour) },
		"page":     func(f *richmediatest.Faults, op richmediatest.Op) { f.Page(op, -1, 502) },
		"portal":   func(f *richmediatest.Faults, op richmediatest.Op) { f.Page(op, -1, 200) },
		"200":      func(f *richmediatest.Faults, op richmediatest.Op) { f.ErrorWith200(op, -1, 850012) },
		"rate":     func(f *richmediatest.Faults, op richmediatest.Op) { f.RateLimit(op, -1, time.Hour) },
		"empty":    func(f *richmediatest.Faults, op richmediatest.Op) { f.Empty(op, -1) },
		"truncate": func(f *richmediatest.Faults, op richmediatest.Op) { f.Truncate(op, -1) },
		"garble":   func(f *richmediatest.Faults, op richmediatest.Op) { f.Garble(op, -1) },
	}
	ops := []richmediatest.Op{
		richmediatest.OpToken, richmediatest.OpMe, richmediatest.OpGateway, richmediatest.OpSocket, richmediatest.OpUpload,
		richmediatest.OpPrepare, richmediatest.OpPart, richmediatest.OpFinish, richmediatest.OpMerge, richmediatest.OpSend,
	}
	for name, fault := range faults {
		for _, op := range ops {
			if op == richmediatest.OpSocket && name != "refuse" && name != "drop" && name != "stall" && name != "page" && name != "rate" {
				continue // the others answer for the platform, which a websocket has no recorder for
			}
			t.Run(fmt.Sprintf("%s %s", name, op), func(t *testing.T) {
				t.Parallel() // it waits for timeouts
				b := newBed(t)
				b.cfg.timeout, b.cfg.patience = 150*time.Millisecond, time.Second
				fault(b.p.Faults, op)
				status := b.run(t.Context())
				assert.Contains(t, []int{statusOK, statusTrouble}, status)
				if status == statusOK {
					assert.NotEmpty(t, b.read(t).Facts)
				} else {
					assert.NotContains(t, b.user.said(), "The doctor failed", "it has a sentence for everything")
				}
			})
		}
	}
}

func TestSilenceIsNamedWithoutTheAddress(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(server.URL) //nolint:noctx,bodyclose // it fails
	require.Error(t, err)
	for want, err := range map[masked]error{
		insecure:   err,
		unresolved: fmt.Errorf("a: %w", &net.DNSError{Err: "no such host", Name: "secret.example.com", IsNotFound: true}),
		timedOut:   fmt.Errorf("a: %w", context.DeadlineExceeded),
		refusedTCP: fmt.Errorf("a: %w", os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		broken:     io.ErrUnexpectedEOF,
	} {
		assert.Equal(t, want, silence(err))
		assert.Contains(t, silences, want)
	}
	assert.Equal(t, insecure, silence(tls.RecordHeaderError{}))
}

func TestMaskKeepsShapesOnly(t *testing.T) {
	secret := "OPENID0123456789ABCDEF"
	value := decode([]byte(`{"id":"` + secret + `","n":102000001,"list":[{"x":"7"}],"` + secret + `":1,"user_12345678901234":true,"deep":{"a":{"b":{"c":{"d":{"e":1}}}}}}`))
	got := string(shape(value))
	assert.Equal(t, "{<name>:number deep:{a:{b:{c:{d:...}}}} id:string list:[{x:string of digits}] n:number <name>:bool}", got)
	assert.Equal(t, masked("<number of 9 digits>"), number(102000001))
	assert.Equal(t, masked("40054005"), number(40054005))
	assert.Equal(t, masked("another: <22 characters>"), oneOf(secret, "known"))
	assert.Equal(t, masked("padded base64"), encoding("aGVsbG8="))
	for _, info := range []string{"AE86C5D3F0E14B238C656C0F6DD1D0479C", "QR==", "a\nGVsbG8="} {
		assert.Equal(t, masked("not base64"), encoding(info), info)
	}
}

func TestDiffNamesWhatChangedAndTheSwitch(t *testing.T) {
	write := func(name string, list ...fact) string {
		file := filepath.Join(t.TempDir(), name)
		_, err := report{Doctor: reportFormat, Facts: list}.write(file)
		require.NoError(t, err)
		return file
	}
	time1, time2 := fact{Check: "token.time", Seen: "1ms", Verdict: noted}, fact{Check: "token.time", Seen: "9ms", Verdict: noted}
	a := write("a.json", time1, fact{Check: "upload.group.ttl", Seen: "300 s", Verdict: same}, fact{Check: "api.me", Seen: accepted, Verdict: same})
	b := write("b.json", time2, fact{Check: "upload.group.ttl", Seen: "0 s", Verdict: differs, Switch: "WithTTL"}, fact{Check: "gateway", Seen: accepted, Verdict: same})
	none := func(string) string { return "" }
	out := new(user)
	assert.Equal(t, statusDifferent, command(t.Context(), []string{"diff", a, b}, none, nil, out))
	assert.Regexp(t, `upload.group.ttl +300 s +0 s +richmediatest.WithTTL\n`, out.said())
	assert.Regexp(t, `api.me +accepted +-`, out.said())
	assert.Regexp(t, `gateway +- +accepted`, out.said())
	assert.NotContains(t, out.said(), "token.time")
	out = new(user)
	assert.Equal(t, statusOK, command(t.Context(), []string{"-lang", "zh", "diff", a, a}, none, nil, out))
	assert.Contains(t, out.said(), "没有差别")
}

func TestAReportNeverReplacesAnother(t *testing.T) {
	t.Chdir(t.TempDir())
	names := map[string]bool{}
	for range 3 {
		name, err := report{Doctor: reportFormat, Date: "2026-11-28"}.write("")
		require.NoError(t, err)
		names[name] = true
	}
	assert.Equal(t, map[string]bool{"doctor-2026-11-28.json": true, "doctor-2026-11-28-2.json": true, "doctor-2026-11-28-3.json": true}, names)
}
