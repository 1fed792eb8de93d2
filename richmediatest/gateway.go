package richmediatest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
	"github.com/tencent-connect/botgo/token"
)

const (
	socketPath        = "/websocket"
	heartbeatInterval = 41250 // ms, as captured
	maxBacklog        = 1024  // events that a session keeps for a resume
	maxSessions       = 64
)

// gateway holds the websocket side. All of it is guarded by Platform.mu.
type gateway struct {
	sessions map[string]*session
	order    []*session // oldest first
	conns    map[*conn]struct{}
	reported int // connected sessions, as last reported to Watch
}

// session is created by identify and found again by resume.
type session struct {
	id      string
	intents dto.Intent
	shard   [2]uint32
	seq     uint32
	backlog []frame
	lost    uint32 // the highest seq that the backlog had to let go
	conn    *conn  // nil while nobody is connected
}

type frame struct {
	seq  uint32
	data []byte
}

// serveGateway is GET /gateway and GET /gateway/bot. With this max_concurrency botgo waits 1 s before it connects, not 2.
func (p *Platform) serveGateway(r *http.Request, _ route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer := map[string]any{"url": "ws" + strings.TrimPrefix(p.base(), "http") + socketPath}
	if strings.HasSuffix(r.URL.Path, "/bot") {
		answer["shards"] = 1
		answer["session_start_limit"] = map[string]int{
			"total": 1000, "remaining": 1000, "reset_after": 14400000, "max_concurrency": 5,
		}
	}
	return answer, nil
}

// dispatch queues an event for every session that asked for it, connected or not. A chat belongs to one shard.
func (p *Platform) dispatch(e *Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.gateway.order {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(e.chat.openid))
		if s.intents&e.intent() == 0 || hash.Sum32()%s.shard[1] != s.shard[0] {
			continue
		}
		s.seq++
		f := frame{seq: s.seq, data: encodeEnvelope(envelope{Seq: s.seq, Type: e.typ, ID: e.id, Data: e.data})}
		s.backlog = append(s.backlog, f)
		if len(s.backlog) > maxBacklog {
			s.lost, s.backlog = s.backlog[0].seq, s.backlog[1:]
		}
		if s.conn != nil {
			s.conn.write(f.data)
		}
	}
}

// handle handles one frame of the bot. The caller holds p.mu.
func (p *Platform) handle(c *conn, data []byte) {
	var in struct {
		Op   *dto.OPCode     `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Op == nil {
		c.shut(errs.WSCodeBackendDecodeError)
		return
	}
	switch *in.Op {
	case dto.WSHeartbeat:
		if c.session == nil {
			c.shut(errs.WSCodeBackendNotAuthenticate)
			return
		}
		c.write(encodeEnvelope(envelope{Op: dto.WSHeartbeatAck}))
	case dto.WSIdentity:
		p.identify(c, in.Data)
	case dto.WSResume:
		p.resume(c, in.Data)
	default:
		c.shut(errs.WSCodeBackendUnknownOpCode)
	}
}

func (p *Platform) identify(c *conn, data []byte) {
	var in struct {
		Token   string     `json:"token"`
		Intents dto.Intent `json:"intents"`
		Shard   []uint32   `json:"shard"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		c.shut(errs.WSCodeBackendDecodeError)
		return
	}
	if in.Shard == nil {
		in.Shard = []uint32{0, 1}
	}
	value, ok := strings.CutPrefix(in.Token, token.TypeQQBot+" ")
	switch {
	case c.session != nil:
		c.shut(errs.WSCodeBackendAlreadyAuthenticate)
	case !ok || !p.tokenGood(value):
		c.shut(errs.WSCodeBackendAuthenticationFail)
	case len(in.Shard) != 2 || in.Shard[1] == 0 || in.Shard[0] >= in.Shard[1]:
		c.shut(errs.WSCodeBackendInvalidShard)
	case in.Intents <= 0 || in.Intents&^knownIntents != 0:
		c.shut(errs.WSCodeBackendInvalidIntents)
	case in.Intents&^p.cfg.intents != 0:
		c.shut(errs.WSCodeBackendDisallowdIntents)
	default:
		s := &session{id: p.hexID(36), intents: in.Intents, shard: [2]uint32(in.Shard), conn: c, seq: 1}
		p.gateway.add(s)
		c.session = s
		c.write(encodeEnvelope(envelope{Seq: 1, Type: "READY", Data: encode(map[string]any{
			"version": 1, "session_id": s.id, "shard": s.shard,
			"user": map[string]any{"id": p.botID(), "username": "bot", "bot": true},
		})}))
		p.wake()
		p.reportBots()
	}
}

func (p *Platform) resume(c *conn, data []byte) {
	var in struct {
		Token     string `json:"token"`
		SessionID string `json:"session_id"`
		Seq       uint32 `json:"seq"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		c.shut(errs.WSCodeBackendDecodeError)
		return
	}
	s := p.gateway.sessions[in.SessionID]
	switch {
	case c.session != nil:
		c.shut(errs.WSCodeBackendAlreadyAuthenticate)
	case !p.tokenGood(strings.TrimPrefix(in.Token, token.TypeQQBot+" ")): // botgo sends the bare token
		c.shut(errs.WSCodeBackendAuthenticationFail)
	case s == nil || in.Seq < s.lost:
		c.write(encodeEnvelope(envelope{Op: dto.WSInvalidSession, Data: json.RawMessage("false")}))
	case in.Seq > s.seq:
		c.shut(errs.WSCodeBackendInvalidSeq)
	default:
		if s.conn != nil {
			s.conn.shut(errs.WSCodeBackendSessionTimeOut)
		}
		s.conn, c.session = c, s
		for _, f := range s.backlog {
			if f.seq > in.Seq {
				c.write(f.data)
			}
		}
		s.seq++
		c.write(encodeEnvelope(envelope{Seq: s.seq, Type: "RESUMED", Data: json.RawMessage(`""`)}))
		p.wake()
		p.reportBots()
	}
}

// tokenGood is checkToken for callers that hold p.mu.
func (p *Platform) tokenGood(value string) bool {
	now := time.Now()
	for _, t := range p.tokens {
		if t.value == value && t.good(now) {
			return true
		}
	}
	return false
}

// add adds a new session and drops an unconnected one of the same shard: the bot has abandoned it.
func (g *gateway) add(s *session) {
	kept := g.order[:0:0]
	for i, old := range g.order {
		gone := old.conn == nil && (old.shard == s.shard || i < len(g.order)-maxSessions)
		if gone {
			delete(g.sessions, old.id)
			continue
		}
		kept = append(kept, old)
	}
	g.order = append(kept, s)
	g.sessions[s.id] = s
}

// forget ends a session for good: its resume is answered with op 9.
func (g *gateway) forget(s *session) {
	delete(g.sessions, s.id)
	for i, old := range g.order {
		if old == s {
			g.order = append(g.order[:i:i], g.order[i+1:]...)
			return
		}
	}
}

// WaitReady waits until a bot is connected over the websocket and has got READY or RESUMED, or until ctx ends.
func (p *Platform) WaitReady(ctx context.Context) error {
	err := p.wait(ctx, func() bool {
		for _, s := range p.gateway.order {
			if s.conn != nil {
				return true
			}
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("no bot is connected%s: %w", p.lastTrouble(), err)
	}
	return nil
}

// serveSocket is the websocket itself.
func (p *Platform) serveSocket(w http.ResponseWriter, r *http.Request) {
	call := p.record(OpSocket, r)
	answer := &answerRecorder{ResponseWriter: w}
	defer p.recordAnswer(call, answer)
	p.intercepted(OpSocket, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(http.ServerContextKey) == nil {
			p.write(w, nil, &refusal{status: http.StatusNotImplemented, code: http.StatusNotImplemented, message: "websocket: call Listen first"})
			return
		}
		rec, _ := w.(*answerRecorder)
		if rec != nil {
			rec.status, w = http.StatusSwitchingProtocols, rec.ResponseWriter
		}
		upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			if rec != nil {
				rec.status = http.StatusBadRequest
			}
			return // Upgrade has answered
		}
		p.runConn(ws)
	})).ServeHTTP(answer, r)
}
