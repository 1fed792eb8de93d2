package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	opDispatch  = 0
	opHeartbeat = 1
	opIdentify  = 2
	opHello     = 10

	// maxWaiting is how many events wait for a step; further ones are dropped, because only the newest matter.
	maxWaiting = 256
	maxFrame   = 1 << 20
)

// source is where events come from, as the bytes of their envelopes.
type source interface {
	events() <-chan []byte // closed when the source ends
	close()
}

// socket is a connection to the gateway, identified.
type socket struct {
	ws     *websocket.Conn
	out    chan []byte
	end    context.CancelFunc
	ended  sync.WaitGroup
	mu     sync.Mutex // of seq
	seq    *int64
	beat   time.Duration
	readyD map[string]any // d of READY
}

// refusedClose is a connection that the gateway closed with a code.
type refusedClose struct{ code int }

// Error implements error.
func (c *refusedClose) Error() string { return "closed by the gateway" }

// proxyOf returns the proxy of an HTTP client for its websockets.
func proxyOf(c *http.Client) func(*http.Request) (*url.URL, error) {
	if t, ok := c.Transport.(*http.Transport); ok {
		return t.Proxy
	}
	return nil
}

// identify connects and identifies. A refusal by the gateway is a *refusedClose.
func (s *session) identify(ctx context.Context, intents int) (*socket, error) {
	if err := s.client.pace.wait(ctx, toSocket); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.timeout)
	defer cancel()
	ws, resp, err := s.dialer.DialContext(ctx, s.gateway, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	c := &socket{ws: ws, out: make(chan []byte, maxWaiting)}
	defer context.AfterFunc(ctx, func() { _ = ws.SetReadDeadline(time.Now()) })() // unblocks a gateway that says nothing
	if err := c.greet(s.client.token, intents); err != nil {
		_ = ws.Close()
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the step
	c.end = end
	c.ended.Go(func() { c.beats(life) })
	c.ended.Go(c.reads)
	return c, nil
}

// frame is one message of the gateway.
type frame struct {
	Op   *int            `json:"op"`
	Seq  *int64          `json:"s"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

// greet reads the hello, identifies, and waits for READY.
func (c *socket) greet(token string, intents int) error {
	c.ws.SetReadLimit(maxFrame)
	hello, _, err := c.read()
	if err != nil {
		return err
	}
	var said struct {
		Interval int64 `json:"heartbeat_interval"`
	}
	if hello.Op == nil || *hello.Op != opHello || json.Unmarshal(hello.Data, &said) != nil || said.Interval < 1 {
		return errors.New("no hello")
	}
	c.beat = time.Duration(said.Interval) * time.Millisecond
	if err := c.ws.WriteJSON(map[string]any{"op": opIdentify, "d": map[string]any{
		"token": "QQBot " + token, "intents": intents, "shard": []int{0, 1},
	}}); err != nil {
		return err
	}
	for {
		f, _, err := c.read()
		if err != nil {
			return err
		}
		if f.Type == "READY" {
			c.readyD = object(decode(f.Data))
			return nil
		}
		if f.Op != nil && *f.Op == 9 {
			return &refusedClose{9}
		}
	}
}

// read reads one frame.
func (c *socket) read() (f frame, data []byte, err error) {
	_, data, err = c.ws.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return f, nil, &refusedClose{closed.Code}
	case err != nil:
		return f, nil, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, nil, err
	}
	if f.Seq != nil {
		c.mu.Lock()
		c.seq = f.Seq
		c.mu.Unlock()
	}
	return f, data, nil
}

// reads passes the events on until the connection ends.
func (c *socket) reads() {
	defer close(c.out)
	defer c.end()
	for {
		f, data, err := c.read()
		if err != nil {
			return
		}
		if f.Op == nil || *f.Op != opDispatch || f.Type == "" {
			continue
		}
		select {
		case c.out <- data:
		default:
		}
	}
}

// beats sends the heartbeats. Nothing else writes after the identify.
func (c *socket) beats(ctx context.Context) {
	t := time.NewTicker(c.beat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			c.mu.Lock()
			seq := c.seq
			c.mu.Unlock()
			if c.ws.WriteJSON(map[string]any{"op": opHeartbeat, "d": seq}) != nil {
				_ = c.ws.Close()
				return
			}
		}
	}
}

func (c *socket) events() <-chan []byte { return c.out }

// close ends the connection and waits for its goroutines.
func (c *socket) close() {
	c.end()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	_ = c.ws.Close()
	c.ended.Wait()
}
