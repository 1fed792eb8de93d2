package board

import (
	"strconv"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// turn is a user's message or action, and everything that the bot did about it.
type turn struct {
	event   *richmediatest.Event
	chat    *chat
	at      time.Time
	shownAs string    // id of its line
	answers []*answer // in the order of their first call
	jobs    []*job    // uploads that no answer has claimed
	others  []*call   // acknowledgements and the like
	Pushes  []Push
	Ack     *int
	Notes   []string // texts of the bot's error handler
	plugin  []Plugin // the plugin's uploads that no reply has claimed
}

// answer is one message of the bot, from its first call on, whether it has arrived or not.
type answer struct {
	turn     *turn // nil for a proactive message
	id       string
	key      string // to and msg_seq; "" without a msg_seq
	to       string // msg_id or event_id that it answers
	seq      uint32
	at       time.Time // when it was shown
	file     *richmediatest.Upload
	job      *job // that made the file; nil if unknown
	route    string
	collided bool   // another reply with the same msg_seq was taken for a repeat
	again    []*job // other uploads for the same answer, whose file_info was refused
	sends    []*call
	plugin   *Plugin
}

// Sum is the line under an answer in the chat.
type Sum struct {
	Route   string  `json:"route,omitempty"`
	Took    float64 `json:"took"`    // ms from the user's message to the answer; 0 for a proactive message
	Retries int     `json:"retries"` // repeated calls
}

// Plugin is the plugin's own trace of a reply, for the demonstration bot.
type Plugin struct {
	Route     string  `json:"route,omitempty"`
	Attempts  int     `json:"attempts"`
	Waited    float64 `json:"waited"` // ms, as the two below
	Upload    float64 `json:"upload"`
	Send      float64 `json:"send"`
	Duplicate bool    `json:"duplicate,omitempty"`
	Fallback  bool    `json:"fallback,omitempty"`
	Err       string  `json:"err,omitempty"`
}

// happened begins a turn.
func (b *Board) happened(c *chat, id string, at time.Time, e *richmediatest.Event) {
	t := &turn{event: e, chat: c, at: at, shownAs: id}
	c.last = t
	b.turns[e.ID()] = t
	if e.MsgID() != "" {
		b.turns[e.MsgID()] = t
	}
	if e.InteractionID() != "" {
		b.turns["button "+e.InteractionID()] = t
	}
	b.age = append(b.age, t)
	if len(b.age) > maxTurns {
		for _, old := range b.age[:maxTurns/10] {
			b.forget(old)
		}
		b.age = append([]*turn(nil), b.age[maxTurns/10:]...)
	}
}

func (b *Board) forget(t *turn) {
	delete(b.turns, t.event.ID())
	delete(b.turns, t.event.MsgID())
	delete(b.turns, "button "+t.event.InteractionID())
	for _, a := range t.answers {
		delete(b.answers, a.key)
		delete(b.answers, a.id)
	}
}

// answered ties a line of the bot to its calls.
func (b *Board) answered(c *chat, m *Message, in richmediatest.Message) {
	a := b.answer(in.ReplyTo, in.Seq)
	if a == nil || in.Seq == 0 {
		a = b.unnumbered(c, in.ReplyTo)
	}
	a.id, a.at = m.ID, in.Time
	b.answers[m.ID] = a
	if in.Media != nil {
		file := *in.Media.Upload
		file.Data = nil // bytes are kept in media, which is bounded
		a.file = &file
		b.claim(a)
	}
	m.Sum = b.sum(a)
}

// answer returns the answer to an event by its msg_seq, and begins it if necessary. It returns nil for an unknown event, and in
// guilds.
func (b *Board) answer(to string, seq uint32) *answer {
	t := b.turns[to]
	if t == nil || t.chat.guild() {
		return nil
	}
	key := to + "#" + strconv.FormatUint(uint64(seq), 10)
	a := b.answers[key]
	if a == nil {
		a = &answer{turn: t, key: key, to: to, seq: seq}
		b.answers[key] = a
		t.answers = append(t.answers, a)
	}
	return a
}

// claim determines how the answer's file came to the platform: by its own upload, by an upload shared with another answer, or
// by an earlier one.
func (b *Board) claim(a *answer) {
	j := b.files[a.file.FileInfo]
	if a.job = j; j == nil {
		a.route = a.file.Route
		return
	}
	since := time.Time{}
	if a.turn != nil {
		since = a.turn.at
	}
	switch {
	case !j.claimed && !j.began.Before(since):
		j.claimed, a.route = true, a.file.Route
	case j.ended.After(since):
		a.route = "joined"
	default:
		a.route = "cache"
	}
	if a.turn != nil {
		a.turn.dropJob(j)
	}
}

func (t *turn) dropJob(j *job) {
	for i, other := range t.jobs {
		if other == j {
			t.jobs = append(t.jobs[:i:i], t.jobs[i+1:]...)
			return
		}
	}
}

// sum returns the line under the answer.
func (b *Board) sum(a *answer) *Sum {
	s := &Sum{Route: a.route}
	if a.plugin != nil && a.plugin.Route != "" {
		s.Route = a.plugin.Route
	}
	if a.turn != nil && !a.at.IsZero() {
		s.Took = millis(a.at.Sub(a.turn.at))
	}
	for _, c := range a.sends {
		if c.Again {
			s.Retries++
		}
	}
	if a.job != nil && a.route != "joined" && a.route != "cache" {
		s.Retries += a.job.retries
	}
	return s
}

// touch tells the pages that a turn has changed, so that they fetch it again if they show it.
func (b *Board) touch(t *turn) {
	b.Feed.put("touch "+t.shownAs, map[string]any{"t": "touch", "chat": t.chat.key, "id": t.shownAs})
}

// touchAnswer is like touch, and also updates the line under the answer.
func (b *Board) touchAnswer(a *answer) {
	if a.turn != nil {
		b.touch(a.turn)
	}
	if a.id == "" {
		return
	}
	sum := b.sum(a)
	for _, c := range b.chats {
		m := c.byID[a.id]
		if m == nil || m.Sum != nil && *m.Sum == *sum {
			continue
		}
		m.Sum = sum
		b.Feed.put("sum "+a.id, map[string]any{"t": "sum", "chat": c.key, "id": a.id, "sum": sum})
	}
}

// Reply records the plugin's trace of a reply to the event with the id to. msgID is the id of its message, if known.
func (b *Board) Reply(to string, seq uint32, msgID string, media bool, in Plugin) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.answer(to, seq)
	if a == nil {
		a = b.answers[msgID]
	}
	if a == nil || a.turn == nil {
		return
	}
	if t := a.turn; media && len(t.plugin) > 0 {
		in.Route, t.plugin = t.plugin[0].Route, t.plugin[1:]
	}
	a.plugin = &in
	b.touchAnswer(a)
}

// Upload records the plugin's trace of an upload for the event with that id.
func (b *Board) Upload(to, route string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.turns[to]; t != nil {
		t.plugin = append(t.plugin, Plugin{Route: route})
	}
}
