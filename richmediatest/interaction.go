package richmediatest

import (
	"maps"
	"net/http"
	"time"
)

// ackWindow is how long an interaction can be acknowledged: docs 2026-08 say 3 s.
const ackWindow = 3 * time.Second

// acknowledge is PUT /interactions/{d.id} with {"code":0..5}: once, within 3 s, types 11 and 12 only. 630001 is the
// platform's code for invalid parameters here, 630003 for another bot's.
func (p *Platform) acknowledge(r *http.Request, to route, body []byte) (any, *refusal) {
	bad := func(why string) *refusal { return refuse(630001, "互动回调数据更新无效参数: %s", why) }
	f, err := parseFields(body)
	if err != nil {
		return nil, bad(err.Error())
	}
	code, ok, err := f.integer("code")
	if err != nil || !ok || code < 0 || code > 5 {
		return nil, bad("code must be an integer from 0 to 5")
	}
	if appID := r.Header.Get("X-Callback-AppID"); appID != "" && appID != p.cfg.appID {
		return nil, refuse(630003, "互动回调数据AppID不匹配")
	}
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.byID["interaction "+to.id]
	switch {
	case e == nil:
		return nil, bad("no such interaction")
	case e.interaction != 11 && e.interaction != 12:
		return nil, bad("this type of interaction accepts no ACK")
	case now.After(e.at.Add(ackWindow)):
		return nil, bad("too late")
	}
	if _, again := p.acks[to.id]; again {
		return nil, bad("acknowledged before")
	}
	p.acks[to.id] = int(code)
	p.wake()
	p.report(Happening{What: ButtonAcked, Chat: e.chat, Event: e, Ack: int(code)})
	return map[string]any{}, nil
}

// Acks returns the acknowledged interactions so far: code by interaction id, see [Event.InteractionID].
func (p *Platform) Acks() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.acks)
}
