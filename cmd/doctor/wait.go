package main

import (
	"context"
	"slices"
	"time"
)

// wish is what the user is asked to do.
type wish struct {
	scope masked
	ask   text
	event bool // an event that can be answered by event_id, not a message

	validate string // the address of a webhook that the console is to check
}

var (
	writeInGroup = wish{scope: group, ask: text{
		"      Write to the bot in a group: mention it and add a word.", "      请在群里 @机器人 并写一个词。",
	}}
	writeSingle = wish{scope: single, ask: text{
		"      Write to the bot in a single chat.", "      请在单聊里给机器人发一条消息。",
	}}
	writeInSecondGroup = wish{scope: secondGroup, ask: text{
		"      Write to the bot in another group, if it is in one; it shows whether an upload can be used in both.",
		"      如果机器人还在另一个群里，请在那里也 @它 写一个词；这能看出一次上传能否用于两个群。",
	}}
	switchPushes = wish{event: true, ask: text{
		"      Switch the bot's own messages off and on again, in its settings in the group or single chat; the event can be answered by event_id.",
		"      请在群或单聊的机器人设置里，把「允许主动消息」关掉再打开；这个事件可用 event_id 回复。",
	}}
)

// checkEvents waits for messages to the bot.
func (s *session) checkEvents(ctx context.Context) error {
	wishes := []wish{writeInGroup, writeSingle}
	if s.cfg.send {
		wishes = append(wishes, writeInSecondGroup)
	}
	for _, want := range wishes {
		if s.chats[want.scope] != nil { // it wrote earlier
			continue
		}
		if _, err := s.await(ctx, want); err != nil {
			return err
		}
	}
	s.partial = s.partial || s.chats[group] == nil || s.chats[single] == nil
	if !s.hasChat() {
		s.con.say(text{"      Nobody wrote, so that there is no chat to upload through.", "      没有人发消息，因此没有可用于上传的会话。"})
	}
	return nil
}

// await asks for something and waits until it happens, the user skips it, or patience ends. It reports whether it happened.
func (s *session) await(ctx context.Context, want wish) (event, error) {
	if err := s.ensureSource(ctx); err != nil || s.source == nil {
		return event{}, err
	}
	s.con.say(want.ask)
	if s.con.lines != nil {
		s.con.say(text{"      Type s and Enter to skip.", "      输入 s 并回车可跳过。"})
	}
	if s.author != nil {
		s.author(want)
	}
	patience := time.NewTimer(s.cfg.patience)
	defer patience.Stop()
	for {
		select {
		case data, ok := <-s.source.events():
			if !ok {
				s.source.close()
				s.source = nil
				if err := s.ensureSource(ctx); err != nil || s.source == nil {
					return event{}, err
				}
				continue
			}
			if e := readEvent(data); s.take(e, want) {
				s.con.say(text{"      Received %s: %s", "      已收到 %s：%s"}, oneOf(e.typ, knownTypes()...), shape(e.d))
				return e, nil
			}
		case line, ok := <-s.con.lines:
			if !ok {
				s.con.lines = nil
			}
			if line == "s" {
				return event{}, nil
			}
		case <-patience.C:
			s.con.say(text{"      Nothing came: skipped.", "      没有等到，已跳过。"})
			return event{}, nil
		case <-ctx.Done():
			return event{}, context.Cause(ctx)
		}
	}
}

// knownTypes are the event types that may be printed.
func knownTypes() []masked {
	known := slices.Concat(messageTypes[group], messageTypes[single])
	for _, typ := range answerable {
		known = append(known, masked(typ))
	}
	return known
}

// take remembers what an event says of its chat, and reports whether the event is what was asked for.
func (s *session) take(e event, want wish) bool {
	if e.scope == "" {
		return false
	}
	scope := e.scope
	if first := s.chats[group]; scope == group && first != nil && first.openid != e.openid {
		scope = secondGroup
	}
	c := s.chats[scope]
	switch {
	case slices.Contains(answerable, e.typ) && c != nil:
		c.eventID = e.id
		return want.event
	case !e.message():
		return false
	case c == nil:
		c = &chat{scope: scope, openid: e.openid}
		s.chats[scope] = c
		if scope != secondGroup {
			s.describe(e)
		}
	case c.openid != e.openid:
		return false // another user's single chat
	}
	c.msgID, c.ref, c.used = str(e.d["id"]), e.reference(), 0
	return !want.event && scope == want.scope
}

// maxReconnects bounds how often a connection is made for one wait.
const maxReconnects = 3

// ensureSource connects to the gateway if no events come otherwise. Without a gateway the source stays nil.
func (s *session) ensureSource(ctx context.Context) error {
	if s.source != nil || s.gateway == "" || s.intents == 0 {
		if s.source == nil {
			s.con.say(text{"      Skipped: no events can come, because the gateway refused the connection.", "      已跳过：网关拒绝了连接，收不到事件。"})
		}
		return nil
	}
	for range maxReconnects {
		outcome, conn, err := s.tryIntents(ctx, s.intents)
		if err != nil {
			return err
		}
		if conn != nil {
			s.listenTo(conn)
			return nil
		}
		s.facts.note("socket.reconnect", outcome)
	}
	s.con.say(text{"      Skipped: the gateway no longer accepts a connection.", "      已跳过：网关不再接受连接。"})
	return nil
}
