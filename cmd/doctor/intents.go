package main

import (
	"context"
	"errors"

	"github.com/gorilla/websocket"
)

// intents are those of the documents and of botgo.
var intents = []struct {
	name masked
	bit  int
}{
	{"group_and_c2c", 1 << 25},
	{"interaction", 1 << 26},
	{"guilds", 1 << 0},
	{"guild_members", 1 << 1},
	{"guild_messages", 1 << 9},
	{"guild_message_reactions", 1 << 10},
	{"direct_message", 1 << 12},
	{"enter_aio", 1 << 23},
	{"group_member", 1 << 24},
	{"message_audit", 1 << 27},
	{"forum", 1 << 28},
	{"audio", 1 << 29},
	{"guild_at_message", 1 << 30},
}

// allIntents is the sum of intents.
func allIntents() int {
	sum := 0
	for _, i := range intents {
		sum |= i.bit
	}
	return sum
}

// The close codes that answer the question.
const (
	closedUnknownIntent = 4013
	closedNotGranted    = 4014
)

// checkIntents finds out which intents the bot was granted, and stays connected if events are to come this way.
func (s *session) checkIntents(ctx context.Context) error {
	if s.gateway == "" {
		s.con.say(text{"      left out: there is no gateway", "      略过：没有网关"})
		return nil
	}
	outcome, conn, err := s.tryIntents(ctx, allIntents())
	if err != nil {
		return err
	}
	if outcome == granted {
		s.intents = allIntents()
		s.facts.see("socket.ready", shape(conn.readyD))
		s.facts.see("socket.heartbeat", number(conn.beat.Milliseconds())+" ms")
		for _, i := range intents {
			s.facts.see("intents."+i.name, granted)
		}
		s.listenTo(conn)
		return nil
	}
	s.facts.note("intents.together", outcome)
	if outcome != closed(closedNotGranted) && outcome != closed(closedUnknownIntent) {
		s.con.say(text{
			"      The gateway refuses the connection (%s): if the bot is set to a webhook, use -webhook.",
			"      网关拒绝了连接（%s）：如果机器人配置的是 webhook，请用 -webhook。",
		}, outcome)
		return nil
	}
	for _, i := range intents {
		outcome, conn, err := s.tryIntents(ctx, i.bit)
		if err != nil {
			return err
		}
		s.facts.see("intents."+i.name, outcome)
		if conn != nil {
			s.intents |= i.bit
			s.facts.see("socket.ready", shape(conn.readyD))
			s.facts.see("socket.heartbeat", number(conn.beat.Milliseconds())+" ms")
			conn.close()
		}
	}
	return nil
}

const granted masked = "granted"

func closed(code int) masked { return "closed: " + number(int64(code)) }

// tryIntents identifies with some intents. The error is the end of ctx.
func (s *session) tryIntents(ctx context.Context, bits int) (masked, *socket, error) {
	conn, err := s.identify(ctx, bits)
	var refused *refusedClose
	switch {
	case err == nil:
		return granted, conn, nil
	case context.Cause(ctx) != nil:
		return "", nil, context.Cause(ctx)
	case errors.As(err, &refused):
		return closed(refused.code), nil, nil
	case errors.Is(err, websocket.ErrBadHandshake):
		return "no websocket", nil, nil
	}
	return "no answer: " + silence(err), nil, nil
}

// listenTo makes conn the source of events, unless a webhook is.
func (s *session) listenTo(conn *socket) {
	if s.cfg.webhook != "" {
		conn.close()
		return
	}
	if s.source != nil {
		s.source.close()
	}
	s.source = conn
}
