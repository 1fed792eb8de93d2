package richmediatest

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// The input_state of a frame.
const (
	frameMore = 1
	frameLast = 10
)

// stream is a message of the bot that grows frame by frame.
type stream struct {
	chat  *Chat
	event *Event // that it answers, nil for a proactive one
	line  *Message
	text  string
	last  frameForm // the newest frame, to recognize its repeat
}

// frameForm are the fields of a POST to .../stream_messages.
type frameForm struct {
	content, contentType, mode string
	msgID, eventID, streamID   string
	state, index               int64
	seq                        uint32
	wakeUp                     bool
}

func parseFrame(body []byte) (form frameForm, bad *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return form, errField("%v", err)
	}
	texts := []struct {
		name string
		to   *string
	}{
		{"content_raw", &form.content},
		{"content_type", &form.contentType},
		{"input_mode", &form.mode},
		{"msg_id", &form.msgID},
		{"event_id", &form.eventID},
		{"stream_msg_id", &form.streamID},
	}
	for _, t := range texts {
		if *t.to, err = f.text(t.name); err != nil {
			return form, errField("%v", err)
		}
	}
	var seq int64
	numbers := []struct {
		name string
		to   *int64
	}{{"input_state", &form.state}, {"index", &form.index}, {"msg_seq", &seq}}
	for _, n := range numbers {
		if *n.to, _, err = f.integer(n.name); err != nil {
			return form, errField("%v", err)
		}
	}
	if form.wakeUp, err = f.boolean("is_wakeup"); err != nil {
		return form, errField("%v", err)
	}
	if seq < 0 || seq > math.MaxUint32 {
		return form, errField("msg_seq is out of range")
	}
	form.seq = uint32(max(seq, 1)) // 1 when absent, as in a send
	return form, form.check()
}

func (form *frameForm) check() *refusal {
	switch {
	case form.contentType != "text" && form.contentType != "markdown":
		return errField("content_type must be text or markdown")
	case form.mode != "append" && form.mode != "replace":
		return errField("input_mode must be append or replace")
	case form.state != frameMore && form.state != frameLast:
		return errField("input_state must be %d or %d", frameMore, frameLast)
	case form.index < 0:
		return errField("index must not be negative")
	case form.index == 0 && form.streamID != "":
		return errField("the first frame, of index 0, begins a stream and has no stream_msg_id")
	case form.index > 0 && form.streamID == "":
		return errField("a frame after the first needs stream_msg_id, the id of the first frame's answer")
	}
	return nil
}

// answers is the part of a send that says what is answered.
func (form *frameForm) answers() *sendForm {
	return &sendForm{msgID: form.msgID, eventID: form.eventID, seq: form.seq, wakeUp: form.wakeUp}
}

// sendFrame is POST /v2/users/{openid}/stream_messages. All frames of a stream share what they answer and one msg_seq, and cost
// one reply (docs 2026-08; openclaw/openclaw#104634). The newest frame sent again is accepted and changes nothing: a choice,
// without which a bot that lost an answer could not go on. A frame that is out of order, or comes after the last one, is
// refused with 40011000, also a choice.
func (p *Platform) sendFrame(_ *http.Request, to route, body []byte) (any, *refusal) {
	form, bad := parseFrame(body)
	if bad != nil {
		return nil, bad
	}
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	c, bad := p.recipient(to)
	if bad != nil {
		return nil, bad
	}
	var s *stream
	if form.index == 0 {
		s, bad = p.beginStream(c, form, now)
	} else {
		s, bad = p.growStream(c, form, now)
	}
	if bad != nil {
		return nil, bad
	}
	answer := p.sendAnswer(s.line.ID, s.line.Ref, now)
	answer["remain_msg_len"] = 0 // nothing is pending here
	return answer, nil
}

// beginStream accepts the first frame. The caller holds p.mu.
func (p *Platform) beginStream(c *Chat, form frameForm, now time.Time) (*stream, *refusal) {
	for _, s := range p.streams {
		if s.chat == c && s.last == form && s.event != nil {
			return s, nil
		}
	}
	event, bad := p.answered(c, form.answers(), now)
	if bad != nil {
		return nil, bad
	}
	s := &stream{chat: c, event: event, line: &Message{Seq: form.seq}}
	if event != nil {
		event.used[form.seq] = struct{}{}
		s.line.ReplyTo = form.answers().replyTo()
	} else {
		s.line.Seq = 0
	}
	s.show(form)
	p.streams[p.say(c, s.line)] = s
	return s, nil
}

// growStream accepts a later frame. The caller holds p.mu.
func (p *Platform) growStream(c *Chat, form frameForm, now time.Time) (*stream, *refusal) {
	s := p.streams[form.streamID]
	switch {
	case s == nil || s.chat != c:
		return nil, errField("no such stream_msg_id here")
	case s.last == form:
		return s, nil
	case form.msgID != s.last.msgID || form.eventID != s.last.eventID || form.seq != s.last.seq || form.wakeUp != s.last.wakeUp:
		return nil, errField("all frames of a stream have the same msg_id or event_id, and the same msg_seq")
	case form.contentType != s.last.contentType:
		return nil, errField("content_type is not that of the first frame")
	case s.last.state == frameLast:
		return nil, errField("the stream has ended")
	case form.index != s.last.index+1:
		return nil, errField("the next index is %d", s.last.index+1)
	case form.mode == "replace" && !strings.HasPrefix(form.content, s.text):
		return nil, refuse(40007, "流式消息已发送的内容不可修改")
	case s.event != nil && now.After(s.event.at.Add(windows[c.scene].length)):
		if form.msgID == "" {
			return nil, refuse(40034026, "请求参数event_id已过期")
		}
		return nil, refuse(40034005, "回复消息msg_id已过期")
	}
	s.show(form)
	p.wake()
	p.report(Happening{What: MessageGrown, Chat: c, Message: *s.line})
	return s, nil
}

// show adds the frame's text to the message.
func (s *stream) show(form frameForm) {
	if form.mode == "append" {
		s.text += form.content
	} else {
		s.text = form.content
	}
	s.last = form
	s.line.Frames++
	s.line.Growing = form.state == frameMore
	if form.contentType == "markdown" {
		s.line.Markdown = encode(map[string]string{"content": s.text})
	} else {
		s.line.Text = s.text
	}
}
