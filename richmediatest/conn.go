package richmediatest

import (
	"fmt"
	"net"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
)

const (
	socketWriteLimit = 5 * time.Second
	maxSocketFrame   = 64 << 10

	// socketPatience ends the connection of a bot that missed two heartbeats.
	socketPatience = 2*heartbeatInterval*time.Millisecond + time.Second
)

// conn is one websocket. Its queue has room for twice a whole backlog; a bot that does not read is cut off and can
// resume.
type conn struct {
	ws      *websocket.Conn
	out     chan outgoing
	session *session // guarded by Platform.mu, like closing
	closing bool
}

// outgoing is a frame, or how the connection ends: by a close with that code, or by a function on the connection below.
type outgoing struct {
	data []byte
	code int
	cut  func(net.Conn)
}

// write queues a frame. The caller holds Platform.mu.
func (c *conn) write(data []byte) { c.queue(outgoing{data: data}) }

// shut queues the close; the session is free for a resume at once. The caller holds Platform.mu.
func (c *conn) shut(code int) { c.end(outgoing{code: code}) }

// end queues the end of the connection behind the frames before it. The caller holds Platform.mu.
func (c *conn) end(how outgoing) {
	c.queue(how)
	c.closing = true
	if c.session != nil && c.session.conn == c {
		c.session.conn = nil
	}
}

func (c *conn) queue(o outgoing) {
	if c.closing {
		return
	}
	select {
	case c.out <- o:
	default:
		c.closing = true
		_ = c.ws.Close()
	}
}

// runConn reads until the connection ends and owns the goroutine that writes.
func (p *Platform) runConn(ws *websocket.Conn) {
	c := &conn{ws: ws, out: make(chan outgoing, 2*maxBacklog)}
	p.mu.Lock()
	p.gateway.conns[c] = struct{}{}
	c.write(encodeEnvelope(envelope{
		Op: dto.WSHello, Data: fmt.Appendf(nil, `{"heartbeat_interval":%d}`, heartbeatInterval),
	}))
	p.mu.Unlock()
	if p.life.ctx.Err() != nil { // closed between the upgrade and the entry in conns
		_ = ws.Close()
	}
	ended, written := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(written)
		c.writeAll(ended)
	}()
	ws.SetReadLimit(maxSocketFrame)
	for {
		p.mu.Lock()
		if !c.closing { // the writer has set a nearer deadline behind its close
			_ = ws.SetReadDeadline(time.Now().Add(socketPatience))
		}
		p.mu.Unlock()
		_, data, err := ws.ReadMessage()
		if err != nil {
			break
		}
		p.mu.Lock()
		if !c.closing {
			p.handle(c, data)
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	delete(p.gateway.conns, c)
	c.closing = true
	if c.session != nil && c.session.conn == c {
		c.session.conn = nil
	}
	p.wake()
	p.reportBots()
	p.mu.Unlock()
	close(ended)
	<-written
	_ = ws.Close()
}

// writeAll writes what is queued until the connection has ended or a close was written.
func (c *conn) writeAll(ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case o := <-c.out:
			deadline := time.Now().Add(socketWriteLimit)
			if o.cut != nil {
				o.cut(c.ws.NetConn())
				_ = c.ws.SetReadDeadline(time.Now().Add(time.Second)) // for a bot that keeps its side open
				return
			}
			if o.code != 0 {
				text := websocket.FormatCloseMessage(o.code, closeReasons[o.code])
				_ = c.ws.WriteControl(websocket.CloseMessage, text, deadline)
				// The bot answers the close and the reader ends; one that does not is not waited for long.
				_ = c.ws.SetReadDeadline(time.Now().Add(time.Second))
				return
			}
			_ = c.ws.SetWriteDeadline(deadline)
			if err := c.ws.WriteMessage(websocket.TextMessage, o.data); err != nil {
				_ = c.ws.Close()
				return
			}
		}
	}
}

var closeReasons = map[int]string{
	errs.WSCodeBackendUnknownOpCode:       "unknown opcode",
	errs.WSCodeBackendDecodeError:         "decode error",
	errs.WSCodeBackendNotAuthenticate:     "not authenticated",
	errs.WSCodeBackendAuthenticationFail:  "authentication fail",
	errs.WSCodeBackendAlreadyAuthenticate: "already authenticated",
	errs.WSCodeBackendInvalidSeq:          "invalid seq",
	errs.WSCodeBackendSessionTimeOut:      "session timed out",
	errs.WSCodeBackendInvalidShard:        "invalid shard",
	errs.WSCodeBackendInvalidIntents:      "invalid intents",
	errs.WSCodeBackendDisallowdIntents:    "disallowed intents",
}
