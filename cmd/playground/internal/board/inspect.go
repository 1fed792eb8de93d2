package board

import (
	"cmp"
	"slices"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// Inspection describes a line: everything that a user's message caused, or the calls that made one answer.
type Inspection struct {
	ID      string        `json:"id"`
	Chat    string        `json:"chat"`
	Event   EventFacts    `json:"event"`
	Answer  *AnswerFacts  `json:"answer,omitempty"` // of a line of the bot
	Answers []AnswerFacts `json:"answers"`          // to the event, in the order of their first call
	Upload  *Progress     `json:"upload,omitempty"` // in parts, the newest
	Calls   []call        `json:"calls"`
	Pushes  []Push        `json:"pushes,omitempty"`
	Ack     *int          `json:"ack,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
	event   *richmediatest.Event
}

// EventFacts describes a user's message or action.
type EventFacts struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	MsgID   string `json:"msgID,omitempty"`
	At      int64  `json:"at"`
	Payload string `json:"payload"`
	Left    int    `json:"left"`  // replies that it still takes; -1 if no count is documented
	Until   int64  `json:"until"` // the end of the window
}

// AnswerFacts describes one answer.
type AnswerFacts struct {
	ID       string  `json:"id,omitempty"` // "" if it is not in the chat
	By       string  `json:"by"`           // msg_id, event_id, or "" for a proactive message
	Seq      uint32  `json:"seq"`
	At       int64   `json:"at,omitempty"`
	Took     float64 `json:"took,omitempty"`
	Retries  int     `json:"retries"`
	Trace    string  `json:"trace,omitempty"`
	Route    string  `json:"route,omitempty"`
	Kind     string  `json:"kind,omitempty"`
	Name     string  `json:"name,omitempty"`
	Size     int64   `json:"size,omitempty"`
	Parts    int     `json:"parts,omitempty"`
	FileInfo string  `json:"fileInfo,omitempty"` // masked
	TTL      float64 `json:"ttl,omitempty"`      // s; 0 for a long-term one
	Expires  int64   `json:"expires,omitempty"`
	Replaced bool    `json:"replaced,omitempty"` // an earlier file_info was refused
	Collided bool    `json:"collided,omitempty"` // another reply with this msg_seq was taken for a repeat of this one
	Plugin   *Plugin `json:"plugin,omitempty"`
}

// Inspect describes the line with that id. ok is false if it is unknown, or too old.
func (b *Board) Inspect(id string) (in Inspection, ok bool) {
	in, ok = b.inspect(id)
	if ok && in.event != nil {
		left, until := in.event.RepliesLeft() // locks the platform: with the board's lock held it would deadlock
		in.Event.Left, in.Event.Until = left, until.UnixMilli()
	}
	return in, ok
}

func (b *Board) inspect(id string) (in Inspection, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.answers[id]
	t := b.turns[id]
	if a != nil {
		t = a.turn
	}
	if a == nil && t == nil {
		return in, false
	}
	in = Inspection{ID: id, Answers: []AnswerFacts{}, Calls: []call{}}
	var calls []*call
	began := time.Time{}
	if t != nil {
		in.Chat, in.Pushes, in.Ack, in.Notes, in.event, began = t.chat.key, t.Pushes, t.Ack, t.Notes, t.event, t.at
		in.Event = EventFacts{
			Type: string(t.event.Type()), ID: t.event.ID(), MsgID: t.event.MsgID(), At: ms(t.at),
			Payload: Mask(t.event.Body(), int64(len(t.event.Body()))),
		}
		for _, other := range t.answers {
			in.Answers = append(in.Answers, b.facts(other))
		}
	}
	if a != nil {
		facts := b.facts(a)
		in.Answer = &facts
		calls = a.calls()
		in.Upload = parts(a.job, calls)
	} else {
		calls = append(calls, t.others...)
		for _, other := range t.answers {
			calls = append(calls, other.calls()...)
			if p := parts(other.job, calls); p != nil {
				in.Upload = p
			}
		}
		for _, j := range t.jobs {
			calls = append(calls, j.calls...)
			if p := parts(j, calls); p != nil {
				in.Upload = p
			}
		}
	}
	in.Calls = shownCalls(calls, began)
	return in, true
}

// parts returns the progress of the upload in parts that calls belong to, nil if there is none.
func parts(j *job, calls []*call) *Progress {
	if j == nil || j.total == 0 || len(j.calls) == 0 || !slices.Contains(calls, j.calls[0]) {
		return nil
	}
	p := j.progress()
	return &p
}

func shownCalls(calls []*call, began time.Time) []call {
	out := []call{}
	seen := map[int]bool{}
	for _, c := range calls {
		if seen[c.Number] {
			continue
		}
		seen[c.Number] = true
		one := *c
		if began.IsZero() {
			began = c.at
		}
		one.Offset = millis(c.at.Sub(began))
		out = append(out, one)
	}
	slices.SortFunc(out, func(x, y call) int { return cmp.Compare(x.Number, y.Number) })
	return out
}

// calls returns the calls that made an answer. A file from the cache has none.
func (a *answer) calls() []*call {
	var out []*call
	if a.job != nil && a.route != "cache" {
		out = append(out, a.job.calls...)
	}
	for _, j := range a.again {
		if a.turn != nil && j.turn == a.turn {
			out = append(out, j.calls...)
		}
	}
	return append(out, a.sends...)
}

func (b *Board) facts(a *answer) AnswerFacts {
	sum := b.sum(a)
	f := AnswerFacts{
		ID: a.id, Seq: a.seq, At: ms(a.at), Took: sum.Took, Retries: sum.Retries, Route: sum.Route,
		Replaced: len(a.again) > 0, Collided: a.collided, Plugin: a.plugin,
	}
	if t := a.turn; t != nil {
		f.By = "event_id"
		if a.to == t.event.MsgID() {
			f.By = "msg_id"
		}
	}
	if n := len(a.sends); n > 0 {
		f.Trace = a.sends[n-1].Trace
	}
	if up := a.file; up != nil {
		f.Kind, f.Name, f.Size = kinds[up.Kind], up.Name, up.Size
		b.life(&f, up)
	}
	if a.job != nil {
		f.Parts = a.job.parts
	}
	return f
}

// life fills in how long the file_info lives, if there is one.
func (b *Board) life(f *AnswerFacts, up *richmediatest.Upload) {
	if up.FileInfo == "" {
		return
	}
	f.FileInfo, f.TTL = MaskFileInfo(up.FileInfo), up.TTL.Seconds()
	if up.TTL > 0 {
		f.Expires = ms(up.At.Add(up.TTL))
	}
	if !up.At.After(b.expired) {
		f.Expires = ms(b.expired)
	}
}

// ExpireFiles records that every file_info so far ended at now.
func (b *Board) ExpireFiles(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expired = now
	b.Feed.put("touch all", map[string]any{"t": "touch", "id": ""})
}
