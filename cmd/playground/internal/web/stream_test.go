package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// line is a listener whose connections stay in this process, so that a bubble's clock is all the time there is.
type line struct {
	conns chan net.Conn
	once  sync.Once
}

func (l *line) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *line) Close() error { l.once.Do(func() { close(l.conns) }); return nil }
func (*line) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7471} }

// served runs a playground on a line inside the bubble and returns connections to it.
func served(t *testing.T) (p *richmediatest.Platform, b *board.Board, dial func() net.Conn) {
	t.Helper()
	p = richmediatest.New()
	b = board.New(p, nil)
	l := &line{conns: make(chan net.Conn)}
	server := &http.Server{Handler: web.New(web.Config{Platform: p, Board: b, URL: address, Hosts: []string{"127.0.0.1:7471"}})} //nolint:gosec // in this process
	done := make(chan error)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
		b.Close()
	})
	return p, b, func() net.Conn {
		here, there := net.Pipe()
		l.conns <- there
		return here
	}
}

// events reads a stream.
type events struct {
	t    *testing.T
	in   *bufio.Reader
	conn net.Conn
}

func stream(t *testing.T, conn net.Conn, query string, header ...string) *events {
	t.Helper()
	_, err := fmt.Fprintf(conn, "GET /api/stream?%s HTTP/1.1\r\nHost: 127.0.0.1:7471\r\n%s\r\n", query, strings.Join(header, ""))
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil) //nolint:bodyclose // the test closes the connection
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	return &events{t, bufio.NewReader(resp.Body), conn}
}

// next is the next event that has data.
func (e *events) next() (name, id string, batch []map[string]any) {
	e.t.Helper()
	for {
		text, err := e.in.ReadString('\n')
		require.NoError(e.t, err)
		key, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch key {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			if name != "reset" {
				require.NoError(e.t, json.Unmarshal([]byte(value), &batch))
			}
			return name, id, batch
		}
	}
}

func head(t *testing.T, conn net.Conn) string {
	t.Helper()
	_, err := io.WriteString(conn, "GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:7471\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var state struct{ Head string }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&state))
	return state.Head
}

func TestEveryPageIsToldAtOnceAndGoesOnWhereItBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b, dial := served(t)
		b.Open(p.Group("cats"))
		from := head(t, dial())
		one, two := stream(t, dial(), "from="+from), stream(t, dial(), "from="+from)
		began := time.Now()
		p.Group("cats").Say("ann", "first")
		last := ""
		for _, e := range []*events{one, two} {
			_, id, batch := e.next()
			require.Len(t, batch, 1)
			assert.Equal(t, "first", batch[0]["m"].(map[string]any)["text"])
			last = id
		}
		assert.Less(t, time.Since(began), 20*time.Millisecond)
		require.NoError(t, one.conn.Close())
		p.Group("cats").Say("ann", "second")
		three := stream(t, dial(), "from="+from, "Last-Event-ID: "+last+"\r\n")
		_, _, batch := three.next()
		require.Len(t, batch, 1, "neither less nor more than what was missed")
		assert.Equal(t, "second", batch[0]["m"].(map[string]any)["text"])
		require.NoError(t, two.conn.Close())
		require.NoError(t, three.conn.Close())
	})
}

func TestAPageThatIsTooFarBehindOrOfAnotherRunBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, dial := served(t)
		from := head(t, dial())
		for range 9000 {
			p.Group("cats").Say("ann", "x")
		}
		for _, at := range []string{from, "ANOTHER-1", "", "x", from + "9999999"} {
			e := stream(t, dial(), "from="+at)
			name, id, _ := e.next()
			assert.Equal(t, "reset", name, at)
			assert.NotEmpty(t, id)
			p.Group("cats").Say("ann", "after")
			_, _, batch := e.next()
			require.Equal(t, 1, len(batch), "and is told what comes after")
			require.NoError(t, e.conn.Close())
		}
	})
}

func TestAThousandEventsASecondComeInFewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, dial := served(t)
		from := head(t, dial())
		e := stream(t, dial(), "from="+from)
		go func() {
			for range 1000 {
				time.Sleep(time.Millisecond)
				p.Group("cats").Say("ann", "x")
			}
		}()
		messages, updates := 0, 0
		for updates < 1001 {
			_, _, batch := e.next()
			messages++
			updates += len(batch)
		}
		assert.Less(t, messages, 80, "one a frame at most")
		require.NoError(t, e.conn.Close())
	})
}

func TestAPageThatDoesNotReadIsDroppedAndCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, dial := served(t)
		from := head(t, dial())
		conn := dial()
		_ = stream(t, conn, "from="+from) // and never read again
		p.Group("cats").Say("ann", "hello?")
		time.Sleep(11 * time.Second)
		synctest.Wait()
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, err := io.Copy(io.Discard, conn)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, err == nil || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, io.EOF), "it was closed: %v", err)
	})
}

func TestAQuietStreamIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, dial := served(t)
		e := stream(t, dial(), "from="+head(t, dial()))
		began := time.Now()
		for {
			text, err := e.in.ReadString('\n')
			require.NoError(t, err)
			if strings.HasPrefix(text, ":") {
				break
			}
		}
		assert.Equal(t, 15*time.Second, time.Since(began))
		require.NoError(t, e.conn.Close())
	})
}
