package board

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// healed are the refusals that a bot can recover from by itself: repeats, and a file_info that has ended.
var healed = []int{40054005, 304080, 40034004}

// Note puts what the bot's own error handler said beside the event with that id.
func (b *Board) Note(to, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.turns[to]; t != nil {
		b.giveUp(t)
		b.note(t, text)
	}
}

// Explained says when a bot tells of its failures by Note. Where fn answers false, what the platform refuses for good is
// noted instead. fn is called while the platform and the board are locked.
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

// refused notes a call that was refused for good, for the author of a bot who would look for its answer in vain.
func (b *Board) refused(t *turn, c *call, in richmediatest.Call) {
	final := c.Status >= 400 && c.Status < 500 && c.Status != 429 && !slices.Contains(healed, c.Code)
	if t == nil || !final || b.explained != nil && b.explained() {
		return
	}
	var said struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(in.Answer, &said) // a page has no message
	b.note(t, fmt.Sprintf("%s: HTTP %d, %d %s", c.Op, c.Status, c.Code, said.Message))
}
