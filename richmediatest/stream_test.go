package richmediatest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// streaming is a bot that answers one message with a stream.
type streaming struct {
	*bot
	chat *richmediatest.Chat
	ev   *richmediatest.Event
	id   string // stream_msg_id
}

func newStreaming(t *testing.T, opts ...richmediatest.Option) *streaming {
	t.Helper()
	b := newBot(t, opts...)
	chat := b.p.C2C("ann")
	return &streaming{bot: b, chat: chat, ev: chat.Say("", "tell me a story")}
}

// frame sends a frame of type text in append mode with these changes.
func (s *streaming) frame(index int, text string, change ...any) reply {
	s.t.Helper()
	fields := map[string]any{
		"content_raw": text, "content_type": "text", "input_mode": "append", "input_state": 1,
		"index": index, "msg_id": s.ev.MsgID(), "msg_seq": 7,
	}
	if index > 0 {
		fields["stream_msg_id"] = s.id
	}
	for i := 0; i < len(change); i += 2 {
		fields[change[i].(string)] = change[i+1]
		if change[i+1] == nil {
			delete(fields, change[i].(string))
		}
	}
	r := s.post("/v2/users/"+s.chat.OpenID()+"/stream_messages", encoded(fields))
	if index == 0 && r.status == 200 {
		s.id = r.text("id")
	}
	return r
}

func TestAStreamIsOneMessageAndOneReply(t *testing.T) {
	s := newStreaming(t)
	first := s.frame(0, "Once ")
	accepted(t, first)
	assert.Regexp(t, `\+08:00$`, first.json["timestamp"])
	assert.Contains(t, first.json, "remain_msg_len")
	said, _ := first.json["ext_info"].(map[string]any)
	assert.Equal(t, s.chat.Answers()[0].Ref, said["ref_idx"])
	assert.True(t, s.chat.Answers()[0].Growing)

	accepted(t, s.frame(1, "upon "))
	accepted(t, s.frame(2, "a time", "input_state", 10))
	answers := s.chat.Answers()
	require.Len(t, answers, 1)
	assert.Equal(t, "Once upon a time", answers[0].Text)
	assert.Equal(t, first.text("id"), answers[0].ID)
	assert.EqualValues(t, 7, answers[0].Seq)
	assert.Equal(t, s.ev.MsgID(), answers[0].ReplyTo)
	assert.Equal(t, 3, answers[0].Frames)
	assert.False(t, answers[0].Growing)
	left, _ := s.ev.RepliesLeft()
	assert.Equal(t, 3, left, "three frames cost one reply")
	assert.Equal(t, 3, s.p.Count(richmediatest.OpStream))

	refused(t, s.message(s.chat, object("msg_type", 0, "content", "x", "msg_id", s.ev.MsgID(), "msg_seq", 7)), 400, 40054005, 40054005)
	refused(t, s.frame(3, " more"), 400, 40011000, 40011000)
}

func TestAFrameReplacesTheTextWithoutChangingWhatWasSent(t *testing.T) {
	s := newStreaming(t)
	markdown := func(index int, text string) reply {
		return s.frame(index, text, "content_type", "markdown", "input_mode", "replace")
	}
	accepted(t, markdown(0, "# A"))
	accepted(t, markdown(1, "# A\nstory"))
	refused(t, markdown(2, "# B\nstory"), 400, 40007, 40007)
	accepted(t, markdown(2, "# A\nstory of old"))
	accepted(t, s.frame(3, "!", "content_type", "markdown", "input_state", 10))
	assert.JSONEq(t, `{"content":"# A\nstory of old!"}`, string(s.chat.Answers()[0].Markdown))
	assert.Empty(t, s.chat.Answers()[0].Text)
}

func TestTheNewestFrameCanBeSentAgain(t *testing.T) {
	s := newStreaming(t)
	first := s.frame(0, "a")
	again := s.frame(0, "a")
	accepted(t, again)
	assert.Equal(t, first.text("id"), again.text("id"), "a bot that lost the first answer can go on")
	accepted(t, s.frame(1, "b"))
	accepted(t, s.frame(1, "b"))
	refused(t, s.frame(1, "c"), 400, 40011000, 40011000)
	refused(t, s.frame(0, "a"), 400, 40054005, 40054005)
	accepted(t, s.frame(2, "c", "input_state", 10))
	accepted(t, s.frame(2, "c", "input_state", 10))
	require.Len(t, s.chat.Answers(), 1)
	assert.Equal(t, "abc", s.chat.Answers()[0].Text)
	assert.Equal(t, 3, s.chat.Answers()[0].Frames)
	refused(t, s.frame(0, "x", "msg_seq", 7), 400, 40054005, 40054005)
}

func TestAMalformedFrameIsRefused(t *testing.T) {
	s := newStreaming(t)
	for name, change := range map[string][]any{
		"content_raw a number":  {"content_raw", 7},
		"content_type unknown":  {"content_type", "html"},
		"no content_type":       {"content_type", nil},
		"input_mode unknown":    {"input_mode", "insert"},
		"no input_mode":         {"input_mode", nil},
		"input_state unknown":   {"input_state", 2},
		"input_state a string":  {"input_state", "1"},
		"no input_state":        {"input_state", nil},
		"index negative":        {"index", -1},
		"index a string":        {"index", "0"},
		"begins with an id":     {"stream_msg_id", "ROBOT1.0_x"},
		"begins at 1":           {"index", 1},
		"msg_seq negative":      {"msg_seq", -1},
		"is_wakeup with msg_id": {"is_wakeup", true},
	} {
		t.Run(name, func(t *testing.T) { refused(t, s.frame(0, "x", change...), 400, 40011000, 40011000) })
	}
	refused(t, s.frame(0, "x", "msg_id", nil), 400, 40034105, 40034105)
	refused(t, s.frame(0, "x", "msg_id", "none"), 400, 40034024, 40034024)
	accepted(t, s.frame(0, "a"))
	other := s.chat.Say("", "and now?")
	for name, change := range map[string][]any{
		"a gap":                {"index", 2},
		"another stream":       {"stream_msg_id", "ROBOT1.0_x"},
		"another msg_seq":      {"msg_seq", 8},
		"no msg_seq":           {"msg_seq", nil},
		"another message":      {"msg_id", other.MsgID()},
		"an event_id":          {"event_id", "INTERACTION_CREATE:x"},
		"another content_type": {"content_type", "markdown"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, s.frame(1, "x", change...), 400, 40011000, 40011000) })
	}
	assert.Equal(t, "a", s.chat.Answers()[0].Text)
	group := s.p.Group("g")
	r := s.post("/v2/groups/"+group.OpenID()+"/stream_messages", `{}`)
	assert.Equal(t, 404, r.status, "C2C only")
	other2 := s.p.C2C("bob")
	s.chat = other2
	refused(t, s.frame(1, "x"), 400, 40011000, 40011000)
}

func TestAStreamEndsWithTheReplyWindowAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreaming(t)
		accepted(t, s.frame(0, "a"))
		for seq := range 3 {
			accepted(t, s.message(s.chat, object("msg_type", 0, "content", "x", "msg_id", s.ev.MsgID(), "msg_seq", seq+1)))
		}
		refused(t, s.frame(0, "b", "msg_seq", 9), 400, 40034128, 40034128)
		accepted(t, s.frame(1, "b"))
		press := s.chat.Press("", "x")
		byEvent := []any{"msg_id", nil, "event_id", press.ID(), "msg_seq", 1}
		older := s.id
		accepted(t, s.frame(0, "p", byEvent...))
		time.Sleep(time.Hour + time.Second)
		s.token = s.newToken()
		refused(t, s.frame(1, "q", byEvent...), 400, 40034026, 40034026)
		s.id = older
		refused(t, s.frame(2, "c"), 400, 40034005, 40034005)
	})
}

func TestAProactiveStreamHasNoNumber(t *testing.T) {
	s := newStreaming(t, richmediatest.WithProactive())
	accepted(t, s.frame(0, "a", "msg_id", nil))
	accepted(t, s.frame(1, "b", "msg_id", nil, "input_state", 10))
	assert.Equal(t, "ab", s.chat.Answers()[0].Text)
	assert.Zero(t, s.chat.Answers()[0].Seq)
	accepted(t, s.frame(0, "a", "msg_id", nil))
	assert.Len(t, s.chat.Answers(), 2, "nothing distinguishes a repeat from a second message")
}

func TestStreamsAreLimitedTo50FramesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreaming(t, richmediatest.WithRateLimits())
		for i := range 50 {
			accepted(t, s.frame(i, "x"))
		}
		refused(t, s.frame(50, "x"), 400, 50002, 50002)
		time.Sleep(time.Second)
		accepted(t, s.frame(50, "x"))
	})
}

func TestAWatcherSeesAStreamGrow(t *testing.T) {
	s := newStreaming(t)
	var texts []string
	stop := s.p.Watch(func(h richmediatest.Happening) {
		if h.What == richmediatest.MessageShown || h.What == richmediatest.MessageGrown {
			texts = append(texts, h.Message.Text)
		}
	})
	accepted(t, s.frame(0, "a"))
	accepted(t, s.frame(1, "b"))
	accepted(t, s.frame(1, "b"))
	stop()
	assert.Equal(t, []string{"a", "ab"}, texts)
}
