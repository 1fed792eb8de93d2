package richmedia

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

// On registers h for events of a type, also of one that botgo has no typed handler for (GROUP_MESSAGE_CREATE,
// GROUP_ADD_ROBOT, GROUP_MSG_RECEIVE, C2C_MSG_RECEIVE, ...), and returns the intent to add to the bot's. Only this plugin's
// bot's events reach h, also if the process runs several bots. A later On, or a later adapter such as GroupATMessage, for the
// same type replaces h and logs a warning. Events that the platform does not let a bot answer reach h too; their replies
// fail with ErrUnsupported. An event name that is unknown here is registered, and a warning is logged once.
//
// On may be called at any time and from any goroutine: unlike event.RegisterHandlers it writes nothing that botgo reads
// without a lock. A nil h panics.
func (p *Plugin) On(eventType dto.EventType, h Handler) dto.Intent {
	if !knownEvent(eventType) {
		registered.warnOnce(p, eventType)
	}
	registered.add(&registration{p: p, h: h, name: fmt.Sprintf("On(%s)", eventType), on: true}, eventType)
	// botgo has no intent for the events that it does not know (docs 2026-08 have them).
	if intent := dto.EventToIntent(eventType); intent != 0 {
		return intent
	}
	if strings.HasPrefix(string(eventType), "GROUP_MEMBER_") || eventType == eventGroupJoinRequest {
		return intentGroupMember
	}
	return dto.IntentGroupMessages
}

const intentGroupMember dto.Intent = 1 << 24

// registered is the process's table of handlers. botgo keeps one handler for each event type, for all bots of the process.
var registered = &registry{
	handlers:  map[dto.EventType][]*registration{},
	installed: map[dto.EventType]bool{},
	warned:    map[dto.EventType]bool{},
	ended:     map[dto.EventType]map[string]bool{},
	forwarded: map[*dto.WSPayload]bool{},
}

// registry finds the handler of an event by its type and its bot.
type registry struct {
	mu        sync.Mutex
	handlers  map[dto.EventType][]*registration // of open plugins, in order of registration
	installed map[dto.EventType]bool            // botgo passes events of the type to handle
	warned    map[dto.EventType]bool
	ended     map[dto.EventType]map[string]bool // the bots, by app id, whose handlers of On ended with their plugins
	forwarded map[*dto.WSPayload]bool           // events that are with a handler of botgo's
}

// registration is a handler of one plugin.
type registration struct {
	p    *Plugin
	h    Handler
	name string // what registered it, for the log
	on   bool   // by On: botgo does not know it
}

// adapter registers h for types. The bot passes the adapter to event.RegisterHandlers, wraps it or calls it.
func (p *Plugin) adapter(name string, h Handler, types ...dto.EventType) *registration {
	r := &registration{p: p, h: h, name: name}
	registered.add(r, types...)
	return r
}

// take runs r's handler for an event of r's bot, and finds the handler of an event of another bot of the process. If r's plugin
// is shut down, also while the event waits for a place in its queue, another open one of the same bot takes it.
func (r *registration) take(payload *dto.WSPayload) error {
	bot := r.p.owner(payload)
	var refused error
	if payload == nil || bot != otherBot && r.p.accepting() {
		var shut bool
		if shut, refused = r.p.handle(payload, r.h); !shut {
			return refused
		}
	}
	for {
		other := registered.find(payload, thisBot, (*Plugin).accepting)
		if other == nil {
			break
		}
		var shut bool
		if shut, refused = other.p.handle(payload, other.h); !shut {
			return refused
		}
	}
	switch {
	case refused != nil:
		return refused
	case bot != otherBot:
		_, err := r.p.handle(payload, r.h) // ErrClosed
		return err
	}
	err := registered.forward(payload)
	if errors.Is(err, ErrWrongBot) {
		r.p.malformed(payload, err)
	}
	return err
}

// add puts r into the table, in the place of another handler of the same plugin, and lets botgo pass events of the types to
// the table.
func (t *registry) add(r *registration, types ...dto.EventType) {
	if r.h == nil {
		panic("richmedia: " + r.name + ": the handler is nil; pass a func(ctx context.Context, c *richmedia.Context) error")
	}
	replaced := map[dto.EventType]string{}
	defer func() { // after the lock: the bot's logger may register handlers itself
		for typ, old := range replaced {
			r.p.cfg.log.Warnf("richmedia: %s replaces the handler of %s that %s registered", r.name, typ, old)
		}
	}()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, typ := range types {
		if !t.installed[typ] {
			t.installed[typ] = true
			event.RegisterHandler(dto.WSDispatchEvent, typ, func(payload *dto.WSPayload, _ []byte) error { return t.handle(payload) })
		}
		if !r.p.accepting() {
			t.end(r, typ)
			continue
		}
		delete(t.ended[typ], r.p.appID)
		var others []*registration
		for _, old := range t.handlers[typ] {
			if old.p != r.p {
				others = append(others, old)
				continue
			}
			replaced[typ] = old.name
		}
		t.handlers[typ] = append(others, r)
	}
}

// remove deletes the handlers of p: events of its bot go to another open plugin of the bot, or nowhere.
func (t *registry) remove(p *Plugin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for typ, list := range t.handlers {
		var others []*registration
		for _, r := range list {
			if r.p != p {
				others = append(others, r)
				continue
			}
			t.end(r, typ)
		}
		if t.handlers[typ] = others; others == nil {
			delete(t.handlers, typ)
		}
	}
}

// find returns the handler that was registered last for payload's type by a plugin to which the event belongs as bot says, and
// which is as wanted.
func (t *registry) find(payload *dto.WSPayload, bot ownership, wanted func(*Plugin) bool) *registration {
	t.mu.Lock()
	list := t.handlers[payload.Type] // never changed in place
	t.mu.Unlock()
	for _, r := range slices.Backward(list) { // asks the event's token source, which is the bot's own code
		if r.p.owner(payload) == bot && wanted(r.p) {
			return r
		}
	}
	return nil
}

// handle is what botgo calls for an event. If the last registration for its bot is one of On, that handler runs; else what
// stands in botgo's DefaultHandlers: an adapter, a function that wraps one, or a handler of the bot's own.
func (t *registry) handle(payload *dto.WSPayload) error {
	each := func(*Plugin) bool { return true } // one that is shut down knows an open one
	r := t.find(payload, thisBot, each)
	if r == nil {
		r = t.find(payload, unknownBot, each)
	}
	if r != nil && r.on {
		return r.take(payload)
	}
	err := t.forward(payload)
	switch {
	case !errors.Is(err, ErrWrongBot):
		return err
	case t.hasEnded(payload):
		return ErrClosed // the platform pushes it again, to the process that comes after this one
	case r == nil && !t.has(payload.Type):
		return nil // nobody wants the event: botgo drops it silently too
	}
	return err
}

// end notes that a handler of On ended with its plugin, or began after it. An adapter knows that by itself. It needs t.mu.
func (t *registry) end(r *registration, typ dto.EventType) {
	if !r.on {
		return
	}
	if t.ended[typ] == nil {
		t.ended[typ] = map[string]bool{}
	}
	t.ended[typ][r.p.appID] = true
}

// hasEnded reports whether a handler of On that ended with its plugin was for the event. An event or a plugin that does not
// say its bot may be of any.
func (t *registry) hasEnded(payload *dto.WSPayload) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := t.ended[payload.Type]
	id := botOf(payload)
	return len(ended) > 0 && (id == "" || ended[id] || ended[""])
}

// has reports whether any plugin handles events of a type.
func (t *registry) has(typ dto.EventType) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.handlers[typ]) > 0
}

// forward passes an event to botgo's handler of its type, and to botgo's Plain handler if that one is an adapter of another
// bot. The error is ErrWrongBot if neither takes it, and if an adapter among them tries to forward it again.
func (t *registry) forward(payload *dto.WSPayload) error {
	if !t.begin(payload) {
		return ErrWrongBot
	}
	defer t.forget(payload)
	if call, ok := typedHandlers[payload.Type]; ok {
		if called, err := call(payload); called && !errors.Is(err, ErrWrongBot) {
			return err
		}
	}
	if plain := event.DefaultHandlers.Plain; plain != nil {
		return plain(payload, payload.RawMessage)
	}
	return ErrWrongBot
}

func (t *registry) begin(payload *dto.WSPayload) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forwarded[payload] {
		return false
	}
	t.forwarded[payload] = true
	return true
}

func (t *registry) forget(payload *dto.WSPayload) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.forwarded, payload)
}

// warnOnce logs an event name that is unknown here, once for the process.
func (t *registry) warnOnce(p *Plugin, typ dto.EventType) {
	t.mu.Lock()
	known := t.warned[typ]
	t.warned[typ] = true
	t.mu.Unlock()
	if known {
		return
	}
	p.cfg.log.Warnf("richmedia: On(%s): the event is not known here; it is registered, and replies to it are tried by event_id", typ)
}

// ownership is whose event it is, as a plugin sees it.
type ownership uint8

const (
	unknownBot ownership = iota // the event or the plugin does not say its bot
	thisBot
	otherBot
)

// owner reports whether the event is one of p's bot.
func (p *Plugin) owner(payload *dto.WSPayload) ownership {
	if payload == nil || payload.Session == nil {
		return unknownBot
	}
	s, id := payload.Session, botOf(payload)
	switch {
	case id != "" && p.appID != "":
		if id == p.appID {
			return thisBot
		}
		return otherBot
	case sameSource(s.TokenSource, p.source):
		return thisBot
	}
	return unknownBot
}

// botOf returns the app id of the event's bot, "" if the event does not say it. botgo's webhook sets Session.AppID only, and
// its websocket Session.TokenSource only.
func botOf(payload *dto.WSPayload) string {
	s := payload.Session
	switch {
	case s == nil:
		return ""
	case s.AppID != "":
		return s.AppID
	}
	return appIDOf(s.TokenSource)
}

// appIDOf returns the app id that a token source knows, as botgo's does; "" if it knows none.
func appIDOf(src oauth2.TokenSource) string {
	if s, ok := src.(interface{ GetAppID() string }); ok {
		return s.GetAppID()
	}
	return ""
}

// sameSource reports whether a and b are one token source. Values that cannot be compared are not.
func sameSource(a, b oauth2.TokenSource) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
