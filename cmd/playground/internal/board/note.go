package board

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// codeRepeat is the refusal of a msg_seq that was used before.
const codeRepeat = 40054005

var (
	staleFile   = []int{304080, 40034004}                     // the refusals of a file_info that has ended
	recoverable = append(slices.Clone(staleFile), codeRepeat) // what a bot recovers from
)

// Note shows the text of the bot's error handler beside the event with that msg_id or event_id.
func (b *Board) Note(to, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.turns[to]; t != nil {
		b.giveUp(t)
		b.note(t, text)
	}
}

// Explained sets the function that reports whether the bot describes its failures by Note. While it returns false, final
// refusals of the platform are noted instead. fn is called while the platform and the board are locked.
func (b *Board) Explained(fn func() bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.explained = fn
}

func (b *Board) note(t *turn, text string) {
	if slices.Contains(t.Notes, text) {
		return
	}
	t.Notes = append(t.Notes, text)
	c := t.chat
	c.line(&Message{
		ID: "note-" + strconv.Itoa(c.next) + "-" + t.shownAs, Event: "NOTE", Text: text, At: b.p.Now().UnixMilli(), ReplyTo: &Quote{ID: t.shownAs},
	}, b.Feed)
	b.touch(t)
}

// refused notes a call that was refused for good: without the note a bot's author sees only that no answer came.
func (b *Board) refused(t *turn, c *call, in richmediatest.Call) {
	final := c.Status >= 400 && c.Status < 500 && c.Status != 429 && !slices.Contains(recoverable, c.Code)
	if t == nil || !final || b.explained != nil && b.explained() {
		return
	}
	var said struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(in.Answer, &said) // an HTML answer has no message
	b.note(t, fmt.Sprintf("%s: HTTP %d, %d %s", c.Op, c.Status, c.Code, said.Message))
}
