package board

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// sendForm holds the fields that tie a send to its answer.
type sendForm struct {
	MsgID   string  `json:"msg_id"`
	EventID string  `json:"event_id"`
	Seq     *uint32 `json:"msg_seq"`
	Media   struct {
		Info string `json:"file_info"`
	} `json:"media"`
}

// readSend reads a send's fields from JSON, or from the multipart form of a guild image, as far as the body was kept.
func readSend(in richmediatest.Call) (form sendForm) {
	kind, params, _ := mime.ParseMediaType(in.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		_ = json.Unmarshal(in.Body, &form) // a malformed body belongs to no answer
		return form
	}
	parts := multipart.NewReader(bytes.NewReader(in.Body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return form
		}
		to := map[string]*string{"msg_id": &form.MsgID, "event_id": &form.EventID}[part.FormName()]
		if to == nil {
			continue
		}
		value, _ := io.ReadAll(io.LimitReader(part, 512)) // the body may be cut off
		*to = string(value)
	}
}

func (form *sendForm) to() string {
	if form.MsgID != "" {
		return form.MsgID
	}
	return form.EventID
}

// sending ties a send to its answer. In guilds, where answers have no msg_seq, the send stays with the event until its
// message is shown.
func (b *Board) sending(c *call, in richmediatest.Call) {
	form := readSend(in)
	t := b.turns[form.to()]
	if t == nil {
		return
	}
	if form.Media.Info == "" { // the bot sends a text instead
		b.giveUp(t)
	}
	if c.to = form.to(); t.chat.guild() {
		t.others = append(t.others, c)
		b.touch(t)
		return
	}
	seq := uint32(1)
	if form.Seq != nil && *form.Seq != 0 {
		seq = *form.Seq
	}
	a := b.answer(c.to, seq)
	c.body = sha256.Sum256(in.Body)
	c.Again = slices.ContainsFunc(a.sends, func(old *call) bool { return old.body == c.body || !old.Running && !old.good() })
	c.answer, c.info = a, form.Media.Info
	a.sends = append(a.sends, c)
	b.touch(t)
}

// sentNow returns the running send whose message is being shown, if messages have no msg_seq: the oldest one.
func (b *Board) sentNow(c *chat, to string) *call {
	var found *call
	for _, one := range b.calls {
		fits := one.Op == richmediatest.OpSend && one.chat == c && one.answer == nil && one.to == to
		if fits && (found == nil || one.Number < found.Number) {
			found = one
		}
	}
	return found
}

// sentBy records the result of a send.
func (b *Board) sentBy(c *call, in richmediatest.Call) {
	b.refused(b.turns[c.to], c, in)
	a := c.answer
	if a == nil {
		if t := b.turns[c.to]; t != nil {
			b.touch(t)
		}
		return
	}
	if j := b.files[c.info]; j != nil && j != a.job && slices.Contains(staleFile, c.Code) {
		a.again = append(a.again, j)
	}
	if c.Code == codeRepeat && !c.Again {
		a.collided = true
		b.note(a.turn, fmt.Sprintf("%s: %d: another reply to this message had msg_seq %d, so the platform took this one for a repeat and did not show it",
			c.Op, c.Code, a.seq))
	}
	b.touchAnswer(a)
}

// unnumbered begins the answer of a message without msg_seq: a proactive one, or one in a guild.
func (b *Board) unnumbered(c *chat, to string) *answer {
	a := &answer{turn: b.turns[to], to: to}
	one := b.sentNow(c, to)
	if one != nil {
		one.answer = a
		a.sends = append(a.sends, one)
	}
	if t := a.turn; t != nil {
		t.answers = append(t.answers, a)
		t.others = slices.DeleteFunc(t.others, func(other *call) bool { return other == one })
	}
	return a
}
