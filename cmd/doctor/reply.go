package main

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
)

// allowed are the replies to one message, docs 2026-08.
var allowed = map[masked]int{group: 5, secondGroup: 5, single: 4}

// checkReplies answers the messages that the user wrote.
func (s *session) checkReplies(ctx context.Context) error {
	for _, c := range s.scopes() {
		if err := s.answerImage(ctx, c); err != nil {
			return err
		}
	}
	first := s.scopes()[0]
	for _, ask := range []func(context.Context, *chat) error{s.answerElsewhere, s.answerQuote, s.answerVoices} {
		if err := ask(ctx, first); err != nil {
			return err
		}
	}
	return s.answerEvent(ctx)
}

// errProactive is a message that would answer nothing. It is never sent.
var errProactive = errors.New("a message without msg_id and event_id would be proactive")

// send posts a message that answers by msg_id, or by event_id if the message has one. A chat whose replies are used up gets
// none: ok is false.
func (s *session) send(ctx context.Context, c *chat, body map[string]any) (a answer, ok bool, err error) {
	if body["event_id"] == nil {
		if c.used >= allowed[c.scope] {
			return a, false, nil
		}
		body["msg_id"] = c.msgID
	}
	if str(body["msg_id"]) == "" && str(body["event_id"]) == "" {
		return a, false, errProactive
	}
	a, err = s.client.call(ctx, toMessages, http.MethodPost, paths[c.scope]+c.openid+"/messages", body)
	if a.accepted() && body["msg_id"] != nil {
		c.used++
	}
	return a, err == nil, err
}

// answer sends and records what came back.
func (s *session) answer(ctx context.Context, c *chat, check masked, body map[string]any) error {
	a, ok, err := s.send(ctx, c, body)
	if err != nil || !ok {
		return err
	}
	s.facts.see(check, a.outcome())
	s.explain(check, a)
	if a.accepted() {
		of := "send." + c.scope + "."
		if c.scope == secondGroup {
			of = "send.group."
		}
		s.facts.see(of+"timestamp", typeOf(a.body["timestamp"]))
		s.facts.see(of+"id", presence(a.body, "id"))
		s.facts.see(of+"ref_idx", presence(object(a.body["ext_info"]), "ref_idx"))
	}
	return nil
}

// info returns a file_info of a kind in a chat's scope, "" if the platform accepts no such upload.
func (s *session) info(ctx context.Context, c *chat, k kind) (string, error) {
	of := "upload." + c.scope + "." + k.name
	for _, upload := range []func(context.Context, *chat, kind) error{s.inline, s.inParts} {
		if s.answers[of] != "" {
			break
		}
		if err := upload(ctx, c, k); err != nil {
			return "", err
		}
	}
	return s.answers[of], nil
}

func media(info string, seq int) map[string]any {
	return map[string]any{"msg_type": 7, "media": map[string]string{"file_info": info}, "msg_seq": seq}
}

// answerImage sends an image with a caption, and once more under the same msg_seq.
func (s *session) answerImage(ctx context.Context, c *chat) error {
	info, err := s.info(ctx, c, kinds[0])
	if err != nil || info == "" {
		return err
	}
	for _, check := range []masked{"image", "same_seq"} {
		body := media(info, 1)
		body["content"] = "doctor"
		if err := s.answer(ctx, c, "send."+c.scope+"."+check, body); err != nil {
			return err
		}
	}
	return nil
}

// answerElsewhere sends the image of a group to the single chat, which must not work, and to the second group.
func (s *session) answerElsewhere(ctx context.Context, c *chat) error {
	info := s.answers["upload.group.image"]
	if c.scope != group || info == "" {
		return nil
	}
	if other := s.chats[single]; other != nil {
		if err := s.answer(ctx, other, "send.c2c.info_of_group", media(info, 2)); err != nil {
			return err
		}
	}
	if other := s.chats[secondGroup]; other != nil {
		return s.answer(ctx, other, "send.group.second_group", media(info, 1))
	}
	return nil
}

// answerQuote sends a text that quotes the user's message.
func (s *session) answerQuote(ctx context.Context, c *chat) error {
	if c.ref == "" {
		return nil
	}
	return s.answer(ctx, c, "send."+c.scope+".message_reference", map[string]any{
		"msg_type": 0, "content": "doctor: a quote", "msg_seq": 3, "message_reference": map[string]string{"message_id": c.ref},
	})
}

// answerVoices sends a voice without and one with a file_name, and asks how the second one looks.
func (s *session) answerVoices(ctx context.Context, c *chat) error {
	plain, err := s.info(ctx, c, kinds[2])
	if err != nil || plain == "" {
		return err
	}
	if err := s.answer(ctx, c, "send."+c.scope+".voice", media(plain, 4)); err != nil {
		return err
	}
	a, err := s.files(ctx, c, map[string]any{
		"file_type": kinds[2].typ, "file_name": kinds[2].file, "file_data": base64.StdEncoding.EncodeToString(kinds[2].content()),
	})
	if err != nil {
		return err
	}
	of := "send." + c.scope + ".named_voice"
	s.facts.see(of+".upload", a.outcome())
	if !a.accepted() {
		return nil
	}
	if err := s.answer(ctx, c, of, media(str(a.body["file_info"]), 5)); err != nil {
		return err
	}
	choice, err := s.con.ask(ctx, text{"      How is the second voice shown? v: as a voice, c: as a file card >", "      第二条语音显示成什么？v：语音，c：文件卡片 >"})
	if shown, ok := map[string]masked{"v": "voice", "c": "file card"}[choice]; ok {
		s.facts.note(of+".shown", shown)
	}
	return err
}

// answerEvent answers an event by event_id, with and without msg_seq.
func (s *session) answerEvent(ctx context.Context) error {
	e, err := s.await(ctx, switchPushes)
	if err != nil || e.openid == "" {
		return err
	}
	for _, c := range s.chats {
		if c.eventID != e.id {
			continue
		}
		s.facts.note("send.event_id.type", oneOf(e.typ, knownTypes()...))
		if err := sleep(ctx, s.cfg.lag); err != nil {
			return err
		}
		body := map[string]any{"msg_type": 0, "content": "doctor: event_id with msg_seq", "event_id": c.eventID, "msg_seq": 7}
		if err := s.answer(ctx, c, "send.event_id.with_seq", body); err != nil {
			return err
		}
		body = map[string]any{"msg_type": 0, "content": "doctor: event_id without msg_seq", "event_id": c.eventID}
		return s.answer(ctx, c, "send.event_id.without_seq", body)
	}
	return nil
}
