package richmediatest

import (
	"net"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
)

// Reconnect sends op 7 to every connected session and closes with 4009, after which a bot resumes.
func (p *Platform) Reconnect() {
	p.endConns(func(c *conn) {
		c.write(encodeEnvelope(envelope{Op: dto.WSReconnect}))
		c.shut(errs.WSCodeBackendSessionTimeOut)
	})
}

// DropGateway closes every websocket with that code. After 4008 and 4009 the session can be resumed (docs 2026-08), and after
// a code below 4000, such as 1001 (going away) or 1012 (service restart), which are of servers in front of the platform; after
// any other code it is gone, and the bot has to identify anew. botgo v0.2.1 identifies anew after all of them but 4009: what
// was pushed meanwhile is lost.
func (p *Platform) DropGateway(code int) {
	resumable := code < 4000 || code == errs.WSCodeBackendSessionTimeOut || code == errs.WSCodeBackendRateLimit
	p.endConns(func(c *conn) {
		if s := c.session; s != nil && !resumable {
			p.gateway.forget(s)
		}
		c.shut(code)
	})
}

// HangUpGateway ends every websocket's connection in order (FIN) without a close frame, as a proxy that is restarted does. The
// session can be resumed. botgo v0.2.1 identifies anew.
func (p *Platform) HangUpGateway() {
	p.endConns(func(c *conn) {
		c.end(outgoing{cut: func(below net.Conn) {
			if half, ok := tcp(below).(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		}})
	})
}

// ResetGateway resets every websocket's connection (RST), as a broken line does. The session can be resumed, and botgo v0.2.1
// does so.
func (p *Platform) ResetGateway() {
	p.endConns(func(c *conn) {
		c.end(outgoing{cut: func(below net.Conn) {
			conn := tcp(below)
			if abrupt, ok := conn.(interface{ SetLinger(sec int) error }); ok {
				_ = abrupt.SetLinger(0)
			}
			_ = conn.Close()
		}})
	})
}

// tcp is the connection below TLS.
func tcp(c net.Conn) net.Conn {
	if wrapped, ok := c.(interface{ NetConn() net.Conn }); ok {
		return wrapped.NetConn()
	}
	return c
}

func (p *Platform) endConns(end func(c *conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.gateway.conns {
		end(c)
	}
}
