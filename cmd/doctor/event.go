package main

import (
	"slices"
	"strings"
)

// The scopes of a chat.
const (
	group       masked = "group"
	single      masked = "c2c"
	secondGroup masked = "second_group" // a second chat of the scope group
)

// paths are the scopes in the API.
var paths = map[masked]string{group: "/v2/groups/", single: "/v2/users/", secondGroup: "/v2/groups/"}

// chat is a chat that wrote to the bot. It stays in this process.
type chat struct {
	scope   masked
	openid  string
	msgID   string // of its newest message
	ref     string // REFIDX of that message
	eventID string // of an event that can be answered by event_id
	used    int    // replies to msgID
}

// event is what an envelope holds.
type event struct {
	typ    string
	id     string // outer
	d      map[string]any
	openid string
	scope  masked // "" if it is of no chat that is examined
}

// answerable are the types whose outer id is an event_id, docs 2026-08.
var answerable = []string{"INTERACTION_CREATE", "FRIEND_ADD", "C2C_MSG_RECEIVE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE", "GROUP_MEMBER_ADD"}

// messageTypes are the events of messages, by scope.
var messageTypes = map[masked][]masked{
	group:  {"GROUP_AT_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE"},
	single: {"C2C_MESSAGE_CREATE"},
}

// readEvent reads an envelope.
func readEvent(data []byte) event {
	outer := object(decode(data))
	e := event{typ: str(outer["t"]), id: str(outer["id"]), d: object(outer["d"])}
	author := object(e.d["author"])
	if id := str(e.d["group_openid"]); id != "" {
		e.openid, e.scope = id, group
		return e
	}
	for _, id := range []any{author["user_openid"], e.d["user_openid"], e.d["openid"]} {
		if s := str(id); s != "" {
			e.openid, e.scope = s, single
			return e
		}
	}
	return e
}

// message reports whether the event is a message in a chat that is examined.
func (e event) message() bool {
	return e.openid != "" && slices.Contains(messageTypes[e.scope], masked(e.typ))
}

// reference is the REFIDX of the event's message, "" if it has none.
func (e event) reference() string {
	list, _ := object(e.d["message_scene"])["ext"].([]any)
	for _, x := range list {
		for _, prefix := range []string{"msg_idx=", "msgIdx:"} {
			if ref, ok := strings.CutPrefix(str(x), prefix); ok {
				return ref
			}
		}
	}
	return ""
}

// describe records the shape of a message event.
func (s *session) describe(e event) {
	check := func(field masked) masked { return "event." + e.scope + "." + field }
	author := object(e.d["author"])
	s.facts.see(check("type"), oneOf(e.typ, messageTypes[e.scope]...))
	s.facts.note(check("shape"), shape(e.d))
	prefix := masked("the type")
	if !strings.HasPrefix(e.id, e.typ+":") {
		prefix = "another, " + length(e.id)
	}
	s.facts.see(check("outer_id_prefix"), prefix)
	s.facts.note(check("msg_id"), length(str(e.d["id"])))
	s.facts.note(check("openid"), length(e.openid))
	if e.scope == group {
		s.facts.see(check("group_id"), presence(e.d, "group_id"))
		s.facts.see(check("author.member_openid"), presence(author, "member_openid"))
	} else {
		s.facts.see(check("author.user_openid"), presence(author, "user_openid"))
	}
	for _, field := range []masked{"id", "union_openid"} {
		s.facts.see(check("author."+field), presence(author, string(field)))
	}
	s.facts.see(check("timestamp"), typeOf(e.d["timestamp"]))
	ref := masked("absent")
	if e.reference() != "" {
		ref = "present"
	}
	s.facts.see(check("msg_idx"), ref)
}
