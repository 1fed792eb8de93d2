package richmediatest_test

import (
	"context"
	"encoding/json"
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

// struck is a bot whose sends fail. Each send has a msg_seq of its own.
type struck struct {
	*bot
	chat *richmediatest.Chat
	ev   *richmediatest.Event
	seq  int
}

func newStruck(t *testing.T, opts ...richmediatest.Option) *struck {
	b := newBot(t, opts...)
	chat := b.p.C2C("bob")
	return &struck{bot: b, chat: chat, ev: chat.Say("", "hi")}
}

// send sends a text and reports whether it is in the chat.
func (w *struck) send(timeout time.Duration) (r reply, acted bool, err error) {
	w.t.Helper()
	w.seq++
	if w.seq%4 == 0 {
		w.ev = w.chat.Say("", "hi again")
	}
	before := len(w.chat.Answers())
	ctx, cancel := context.WithTimeout(w.t.Context(), timeout)
	defer cancel()
	body := object("content", "hello", "msg_id", w.ev.MsgID(), "msg_seq", w.seq)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.p.URL()+base(w.chat)+"/messages", strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "QQBot "+w.token)
	r, err = w.sendRaw(req)
	return r, len(w.chat.Answers()) > before, err
}

// sendRaw is bot.send, for answers that break off.
func (w *struck) sendRaw(req *http.Request) (r reply, err error) {
	resp, err := w.client.Do(req)
	if err != nil {
		return r, err
	}
	defer func() { _ = resp.Body.Close() }()
	r.status, r.header = resp.StatusCode, resp.Header
	r.raw, err = io.ReadAll(resp.Body)
	_ = json.Unmarshal(r.raw, &r.json)
	return r, err
}

func TestEverySwitchDoesWhatItSaysAsOftenAsItSays(t *testing.T) {
	const send, timeout = richmediatest.OpSend, 10 * time.Second
	timedOut := func(t *testing.T, r reply, err error, took time.Duration) {
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, r.status)
		assert.Equal(t, timeout, took)
	}
	for name, c := range map[string]struct {
		set   func(f *richmediatest.Faults, times int) func()
		acts  bool
		check func(t *testing.T, r reply, err error, took time.Duration)
	}{
		"Refuse": {
			func(f *richmediatest.Faults, n int) func() { return f.Refuse(send, n) }, false,
			func(t *testing.T, _ reply, err error, _ time.Duration) {
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				require.ErrorContains(t, err, "dial tcp: connect: connection refused")
			},
		},
		"Drop": {
			func(f *richmediatest.Faults, n int) func() { return f.Drop(send, n) }, false,
			func(t *testing.T, _ reply, err error, _ time.Duration) { require.ErrorIs(t, err, syscall.ECONNRESET) },
		},
		"Lose": {
			func(f *richmediatest.Faults, n int) func() { return f.Lose(send, n) }, true,
			func(t *testing.T, _ reply, err error, _ time.Duration) { require.ErrorIs(t, err, syscall.ECONNRESET) },
		},
		"Stall":      {func(f *richmediatest.Faults, n int) func() { return f.Stall(send, n) }, false, timedOut},
		"StallAfter": {func(f *richmediatest.Faults, n int) func() { return f.StallAfter(send, n) }, true, timedOut},
		"Delay, too long": {
			func(f *richmediatest.Faults, n int) func() { return f.Delay(send, n, time.Minute) }, false, timedOut,
		},
		"Delay": {
			func(f *richmediatest.Faults, n int) func() { return f.Delay(send, n, time.Second) }, true,
			func(t *testing.T, r reply, err error, took time.Duration) {
				require.NoError(t, err)
				accepted(t, r)
				assert.Equal(t, time.Second, took)
			},
		},
		"Drip": {
			func(f *richmediatest.Faults, n int) func() { return f.Drip(send, n, time.Millisecond) }, true,
			func(t *testing.T, r reply, err error, took time.Duration) {
				require.NoError(t, err)
				accepted(t, r)
				assert.Equal(t, time.Duration(len(r.raw))*time.Millisecond, took)
			},
		},
		"Drip, too slow": {
			func(f *richmediatest.Faults, n int) func() { return f.Drip(send, n, 4*time.Second) }, true,
			func(t *testing.T, r reply, err error, took time.Duration) {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 200, r.status, "the header has come")
				assert.Len(t, r.raw, 2)
				assert.Equal(t, timeout, took)
			},
		},
		"Fail": {
			func(f *richmediatest.Faults, n int) func() { return f.Fail(send, n, 500, 50055001, "try again") }, false,
			func(t *testing.T, r reply, _ error, _ time.Duration) { refused(t, r, 500, 50055001, 50055001) },
		},
		"Page": {
			func(f *richmediatest.Faults, n int) func() { return f.Page(send, n, 200) }, false,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				assert.Equal(t, 200, r.status)
				assert.Equal(t, "text/html", r.header.Get("Content-Type"))
				assert.Contains(t, string(r.raw), "<html>")
			},
		},
		"ErrorWith200": {
			func(f *richmediatest.Faults, n int) func() { return f.ErrorWith200(send, n, 40034006) }, false,
			func(t *testing.T, r reply, _ error, _ time.Duration) { refused(t, r, 200, 40034006, 40034006) },
		},
		"RateLimit": {
			func(f *richmediatest.Faults, n int) func() { return f.RateLimit(send, n, 1500*time.Millisecond) }, false,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				refused(t, r, 429, 40023001, 40023001)
				assert.Equal(t, "2", r.header.Get("Retry-After"))
			},
		},
		"RateLimit without a time": {
			func(f *richmediatest.Faults, n int) func() { return f.RateLimit(send, n, 0) }, false,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				refused(t, r, 429, 40023001, 40023001)
				assert.NotContains(t, r.header, "Retry-After")
			},
		},
		"Empty": {
			func(f *richmediatest.Faults, n int) func() { return f.Empty(send, n) }, true,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				assert.Equal(t, 200, r.status)
				assert.Empty(t, r.raw)
				assert.NotEmpty(t, r.header.Get("X-Tps-trace-ID"))
			},
		},
		"Truncate": {
			func(f *richmediatest.Faults, n int) func() { return f.Truncate(send, n) }, true,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				assert.Equal(t, 200, r.status)
				assert.True(t, strings.HasPrefix(string(r.raw), `{"ext_info":`))
				assert.False(t, json.Valid(r.raw))
			},
		},
		"Garble": {
			func(f *richmediatest.Faults, n int) func() { return f.Garble(send, n) }, true,
			func(t *testing.T, r reply, _ error, _ time.Duration) {
				assert.Equal(t, 200, r.status)
				assert.IsType(t, 0.0, r.json["id"])
				assert.IsType(t, map[string]any{}, r.json["ext_info"])
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newStruck(t)
				struck := func(times int, also string) {
					for range times {
						began := time.Now()
						r, acted, err := w.send(timeout)
						c.check(t, r, err, time.Since(began))
						assert.Equal(t, c.acts, acted, also)
					}
				}
				fine := func() {
					began := time.Now()
					r, acted, err := w.send(timeout)
					require.NoError(t, err)
					accepted(t, r)
					assert.True(t, acted)
					assert.Zero(t, time.Since(began))
				}
				c.set(w.p.Faults, 0)
				fine()
				c.set(w.p.Faults, 2)
				struck(2, "twice")
				fine()
				remove := c.set(w.p.Faults, -1)
				struck(3, "until removed")
				remove()
				remove()
				fine()
				remove = c.set(w.p.Faults, 5)
				struck(1, "until removed")
				remove()
				fine()
				c.set(w.p.Chance(1, 1), 1)
				struck(1, "by chance")
				fine()
				c.set(w.p.Chance(1, 0), -1)
				fine()
			})
		})
	}
}

func TestSwitchesGarbleTheValuesOfEveryType(t *testing.T) {
	b := newBot(t)
	b.p.Intercept(richmediatest.OpMe, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = w.Write([]byte(`{"a":"text","b":5,"c":true,"d":[1,"x",null],"e":{"f":false}}`))
	})
	b.p.Garble(richmediatest.OpMe, 1)
	r, err := b.do(http.MethodGet, "/users/@me", "")
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":4,"b":[5],"c":"true","d":[[1],1,null],"e":{"f":"false"}}`, string(r.raw))

	b.p.Garble(richmediatest.OpMe, 1)
	b.p.Page(richmediatest.OpMe, 1, 504)
	r, err = b.do(http.MethodGet, "/users/@me", "")
	require.NoError(t, err)
	assert.Equal(t, 504, r.status)
	assert.Contains(t, string(r.raw), "<html>", "what is not JSON stays as it is")
}

func TestAStallEndsWithThePlatform(t *testing.T) {
	for name, stall := range map[string]func(*richmediatest.Faults, richmediatest.Op, int) func(){
		"before": (*richmediatest.Faults).Stall, "after": (*richmediatest.Faults).StallAfter,
		"drip": func(f *richmediatest.Faults, op richmediatest.Op, n int) func() { return f.Drip(op, n, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := richmediatest.New()
				stall(p.Faults, richmediatest.OpToken, 1)
				got := make(chan error)
				go func() {
					_, err := p.TokenSource().Token()
					got <- err
				}()
				synctest.Wait()
				require.NoError(t, p.Close())
				require.Error(t, <-got)
			})
		})
	}
}

func TestChanceStrikesAsOftenAsItSaysAndTheSameForASeed(t *testing.T) {
	ways := func(f *richmediatest.Faults) {
		f.Fail(richmediatest.OpMe, -1, 500, 50055001, "")
		f.Page(richmediatest.OpMe, -1, 502)
		f.Drop(richmediatest.OpMe, -1)
		f.Drop(richmediatest.OpGateway, -1)
	}
	run := func(seed uint64, between func(b *bot)) (struck []int) {
		b := newBot(t)
		f := b.p.Chance(seed, 0.3)
		ways(f)
		for range 2000 {
			r, err := b.do(http.MethodGet, "/users/@me", "")
			if err != nil {
				require.ErrorIs(t, err, syscall.ECONNRESET)
				r.status = -1
			}
			struck = append(struck, r.status)
			between(b)
		}
		f.Calm()
		for range 20 {
			r, err := b.do(http.MethodGet, "/users/@me", "")
			require.NoError(t, err)
			assert.Equal(t, 200, r.status)
		}
		return struck
	}
	count := map[int]int{}
	first := run(7, func(*bot) {})
	for _, status := range first {
		count[status]++
	}
	assert.InDelta(t, 1400, count[200], 100, "0.3 of the calls")
	for _, status := range []int{500, 502, -1} {
		assert.InDelta(t, 200, count[status], 60, "one way as often as the other: %d", status)
	}
	assert.Equal(t, first, run(7, func(b *bot) { _, _ = b.do(http.MethodGet, "/gateway", "") }), "calls of other endpoints change nothing")
	assert.NotEqual(t, first, run(8, func(*bot) {}))
}

func TestCalmTakesAwayItsOwnFaultsOnly(t *testing.T) {
	b := newBot(t)
	me := func() int {
		r, err := b.do(http.MethodGet, "/users/@me", "")
		require.NoError(t, err)
		return r.status
	}
	b.p.Page(richmediatest.OpMe, -1, 502)
	faults := b.p.Chance(1, 1)
	remove := faults.Page(richmediatest.OpMe, -1, 504)
	assert.Equal(t, 504, me())
	b.p.Calm()
	assert.Equal(t, 504, me())
	faults.Calm()
	assert.Equal(t, 200, me())
	remove()
	faults.Page(richmediatest.OpMe, 1, 504)
	assert.Equal(t, 504, me(), "it can be used again")
	assert.Equal(t, 200, me())
}

func TestSwitchesWorkOnAConnection(t *testing.T) {
	w := newStruck(t)
	_, err := w.p.Listen()
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport}

	w.p.Refuse(richmediatest.OpSend, 1)
	_, acted, err := w.send(soonTimeout)
	require.Error(t, err)
	assert.False(t, acted)

	w.p.Drip(richmediatest.OpSend, 1, time.Microsecond)
	r, acted, err := w.send(soonTimeout)
	require.NoError(t, err)
	assert.True(t, acted)
	accepted(t, r)
	assert.NotEmpty(t, r.text("id"))

	w.p.Drip(richmediatest.OpSend, 1, time.Hour)
	r, acted, err = w.send(300 * time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 200, r.status, "the header has come")
	assert.True(t, acted)

	for op, stall := range map[bool]func(richmediatest.Op, int) func(){false: w.p.Stall, true: w.p.StallAfter} {
		stall(richmediatest.OpSend, 1)
		_, acted, err = w.send(300 * time.Millisecond)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, op, acted)
	}

	w.p.Truncate(richmediatest.OpSend, 1)
	r, acted, err = w.send(soonTimeout)
	require.NoError(t, err)
	assert.True(t, acted)
	assert.False(t, json.Valid(r.raw))
}
