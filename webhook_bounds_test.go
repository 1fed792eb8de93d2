package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia"
)

// A push that comes again while it is being handled must not be called done before it is: the platform would not push
// again what the handler then gives back.
func TestThePushThatIsBeingHandledGetsTheAnswerOfTheFirst(t *testing.T) {
	for name, c := range map[string]struct {
		end    func() error
		answer string
	}{
		"success": {func() error { return nil }, `{"op":12,"d":0}`},
		"error":   {func() error { return errors.New("not now") }, `{"op":12,"d":1}`},
		"panic":   {func() error { panic("not now") }, `{"op":12,"d":1}`},
		"exit":    {func() error { runtime.Goexit(); return nil }, `{"op":12,"d":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keepHandlers(t)
				h, p := richmedia.WebhookHandler(botCredentials), signer()
				began, end := make(chan struct{}, 2), make(chan struct{})
				event.RegisterHandlers(event.PlainEventHandler(func(*dto.WSPayload, []byte) error {
					began <- struct{}{}
					<-end
					return c.end()
				}))
				body := []byte(`{"op":0,"t":"NEW_EVENT","id":"x","d":{}}`)
				var answers [20]string
				push := func(i int) {
					w := httptest.NewRecorder()
					defer func() { _ = recover() }() // net/http's
					h.ServeHTTP(w, again(p.SignedRequest(body), body))
					answers[i] = w.Body.String()
				}
				go push(0)
				<-began
				for i := 1; i < len(answers); i++ {
					go push(i)
				}
				synctest.Wait()
				assert.Equal(t, [20]string{}, answers, "all wait for the first")
				close(end)
				synctest.Wait()
				for i, answer := range answers[1:] {
					assert.JSONEq(t, c.answer, answer, i)
				}
				assert.Empty(t, began, "handled once")
			})
		})
	}
}

// stalled is a connection whose sender says nothing more: its read ends at the deadline that the handler sets.
type stalled struct {
	*httptest.ResponseRecorder
	timer *time.Timer
	gone  chan struct{}
}

func (s *stalled) SetReadDeadline(at time.Time) error {
	if !at.IsZero() {
		s.timer = time.AfterFunc(time.Until(at), func() { close(s.gone) })
	}
	return nil
}

func (s *stalled) Close() error { return nil }

func (s *stalled) Read([]byte) (int, error) {
	<-s.gone
	return 0, fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded)
}

func TestStrangersHold64BodiesForFiveSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keepHandlers(t)
		h, p := richmedia.WebhookHandler(botCredentials), signer()
		body := []byte(`{"op":0,"t":"NEW_EVENT","id":"x","d":{}}`)
		before := int64(liveHeap())
		var all [64]*stalled
		for i := range all {
			all[i] = &stalled{ResponseRecorder: httptest.NewRecorder(), gone: make(chan struct{})}
			r := p.SignedRequest(body)
			r.Body, r.ContentLength = all[i], 1<<20
			go h.ServeHTTP(all[i], r)
		}
		synctest.Wait()
		assert.Less(t, int64(liveHeap())-before, int64(1<<20), "what is declared costs nothing")
		push := func() int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, again(p.SignedRequest(body), body))
			return w.Code
		}
		time.Sleep(4 * time.Second)
		assert.Equal(t, 503, push())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for _, each := range all {
			assert.Equal(t, 408, each.Code)
		}
		assert.Equal(t, 200, push(), "and the places are free again")
	})
}

func TestStrangersHold16MiBAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keepHandlers(t)
		h, p := richmedia.WebhookHandler(botCredentials), signer()
		before := int64(liveHeap())
		large := make([]byte, 1<<20-1)
		var all [40]*stalled
		for i := range all {
			all[i] = &stalled{ResponseRecorder: httptest.NewRecorder(), gone: make(chan struct{})}
			r := p.SignedRequest([]byte("{}"))
			r.Body, r.ContentLength = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(large), all[i]), all[i]}, 1<<20
			go h.ServeHTTP(all[i], r)
		}
		synctest.Wait()
		assert.Less(t, int64(liveHeap())-before, int64(40<<20))
		time.Sleep(6 * time.Second)
		synctest.Wait()
		got := map[int]int{}
		for _, each := range all {
			got[each.Code]++
		}
		assert.Equal(t, 40, got[408]+got[503])
		assert.LessOrEqual(t, got[408], 16)
		body := []byte(`{"op":0,"t":"NEW_EVENT","id":"x","d":{"more":"` + strings.Repeat("a", 1<<19) + `"}}`)
		for range 40 { // what was refused counts no longer
			w := httptest.NewRecorder()
			h.ServeHTTP(w, again(p.SignedRequest(body), body))
			require.Equal(t, 200, w.Code)
		}
	})
}

// The server watches a connection while its handler runs: a deadline that stays would end the request's context.
func TestTheBodysDeadlineDoesNotEndTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keepHandlers(t)
		p := signer()
		ended := make(chan error, 1)
		event.RegisterHandlers(event.PlainEventHandler(func(*dto.WSPayload, []byte) error { time.Sleep(time.Minute); return nil }))
		h := richmedia.WebhookHandler(botCredentials)
		conns := make(chan net.Conn)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			ended <- r.Context().Err()
		})}
		served := make(chan error)
		go func() { served <- server.Serve(pipes(conns)) }()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			conns <- there
			return here, nil
		}}}

		body := []byte(`{"op":0,"t":"NEW_EVENT","id":"x","d":{}}`)
		resp, err := client.Do(again(p.SignedRequest(body), body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 200, resp.StatusCode)
		require.NoError(t, <-ended)

		slow, feed := io.Pipe()
		go func() { _, _ = feed.Write(body[:9]) }()
		r := p.SignedRequest(body)
		r.Body, r.GetBody = slow, nil
		began := time.Now()
		resp, err = client.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 408, resp.StatusCode, "a real server's deadline is known as one")
		assert.Equal(t, 5*time.Second, time.Since(began))
		require.NoError(t, slow.Close())
		<-ended
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// pipes is a listener for connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p pipes) Close() error { close(p); return nil }

func TestPushesThatWaitAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keepHandlers(t)
		b := newBed(t, richmedia.WithQueue(8), richmedia.WithWorkers(1), richmedia.WithReplyLimits(richmedia.ScopeGroup, 5, 0))
		release := make(chan struct{})
		b.onGroup(func(context.Context, *richmedia.Context) error { <-release; return nil })
		b.PushTo(nil)
		h := richmedia.WebhookHandler(b.Credentials())
		const pushed, waiting = 400, 128
		answers := make(chan string, pushed)
		push := func(body []byte) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, again(b.SignedRequest(body), body))
			answers <- w.Body.String()
		}
		count := func() map[string]int {
			n := map[string]int{}
			for len(answers) > 0 {
				n[<-answers]++
			}
			return n
		}
		bodies := make([][]byte, pushed)
		for i := range bodies {
			bodies[i] = b.Group(fmt.Sprint("club", i)).Say("alice", "hi").Body()
			go push(bodies[i])
		}
		synctest.Wait()
		got := count()
		assert.LessOrEqual(t, pushed-got[`{"op":12,"d":0}`]-got[`{"op":12,"d":1}`], waiting, "still waiting")
		assert.Positive(t, got[`{"op":12,"d":1}`], "the others are given back, for the platform to push again")
		assert.GreaterOrEqual(t, got[`{"op":12,"d":0}`], 8, "queued")
		back := got[`{"op":12,"d":1}`]
		close(release)
		synctest.Wait()
		assert.Equal(t, map[string]int{`{"op":12,"d":0}`: pushed - got[`{"op":12,"d":0}`] - back}, count())
		for _, body := range bodies {
			push(body)
			synctest.Wait()
		}
		assert.Equal(t, map[string]int{`{"op":12,"d":0}`: pushed}, count(), "what was given back is taken when it comes again")
	})
}

func TestWhatStrangersTriggerIsLoggedOnceAMinuteWithACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keepHandlers(t)
		was := log.DefaultLogger
		l := &logger{}
		botgo.SetLogger(l)
		defer botgo.SetLogger(was)
		logged := func() (lines []string) { // without botgo's websockets of other tests, which never end
			for line := range strings.Lines(l.text()) {
				if strings.HasPrefix(line, "richmedia: webhook: ") {
					lines = append(lines, line)
				}
			}
			return lines
		}
		h, p := richmedia.WebhookHandler(botCredentials), signer()
		junk := func(n int) {
			for i := range n {
				r := p.SignedRequest([]byte(fmt.Sprint("junk", i)))
				r.Header.Set("X-Signature-Timestamp", fmt.Sprint(i))
				if i%4 == 3 {
					r.Method = http.MethodGet
				}
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		}
		junk(1000)
		assert.Len(t, logged(), 1)
		time.Sleep(time.Minute)
		require.NotContains(t, l.text(), "999")
		body := []byte(`{"op":1,"d":7}`)
		h.ServeHTTP(httptest.NewRecorder(), again(p.SignedRequest(body), body))
		require.Len(t, logged(), 2, "any request brings what is left")
		assert.Contains(t, logged()[1], "749 x 401 the signature is wrong")
		assert.Contains(t, logged()[1], "250 x 405")
		junk(1000)
		assert.Len(t, logged(), 2)

		// A lively chat: events that are given back.
		event.RegisterHandlers(event.PlainEventHandler(func(*dto.WSPayload, []byte) error { return errors.New("busy") }))
		give := func(n int) {
			for i := range n {
				body := fmt.Appendf(nil, `{"op":0,"t":"NEW_EVENT","id":"%d","d":{"content":"hush"}}`, i)
				h.ServeHTTP(httptest.NewRecorder(), again(p.SignedRequest(body), body))
			}
		}
		give(1000)
		assert.Len(t, logged(), 3)
		time.Sleep(time.Minute)
		give(1)
		require.Len(t, logged(), 5)
		assert.Contains(t, l.text(), "1000 x the handler failed (the latest: NEW_EVENT: busy)")
		assert.NotContains(t, l.text(), "hush")
	})
}
