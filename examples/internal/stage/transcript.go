package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tencent-connect/botgo/dto/keyboard"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// transcript prints chats as their users see them, and in brackets what stands behind each of the bot's answers.
type transcript struct {
	w        io.Writer
	platform *richmediatest.Platform
	last     *richmediatest.Chat
	shown    map[*richmediatest.Chat]int // lines
	answers  map[*richmediatest.Chat]int // of the bot among them
	acks     map[string]int              // codes by the ids of presses
	reused   int
}

func newTranscript(w io.Writer, platform *richmediatest.Platform) transcript {
	return transcript{
		w: w, platform: platform, shown: map[*richmediatest.Chat]int{}, answers: map[*richmediatest.Chat]int{}, acks: map[string]int{},
	}
}

func (t *transcript) note(text string) {
	t.last = nil
	_, _ = fmt.Fprintf(t.w, "* %s\n", text)
}

// show prints what is new in the chat, up to that many answers.
func (t *transcript) show(chat *richmediatest.Chat, answers int) {
	lines := chat.Messages()
	events := map[string]bool{} // ids of lines that are no messages
	for i, m := range lines {
		events[m.ID] = m.Event != ""
		if i < t.shown[chat] {
			continue
		}
		if m.Bot && answers == 0 {
			return
		}
		if t.last != chat {
			t.last = chat
			_, _ = fmt.Fprintf(t.w, "%s %q\n", chat.Scene(), chat.Name())
		}
		text := "  " + line(m)
		if m.Bot {
			answers--
			t.answers[chat]++
			text += "  (" + t.behind(m, events[m.ReplyTo]) + ")"
		} else if code, ok := t.acks[m.ID]; ok {
			text += fmt.Sprintf("  (acknowledged with %d)", code)
		}
		t.shown[chat]++
		_, _ = fmt.Fprintln(t.w, text)
	}
}

// behind says how an answer came about.
func (t *transcript) behind(m richmediatest.Message, toEvent bool) string {
	var facts []string
	switch {
	case m.Media == nil:
	case m.Media.Reused: // which the line says by itself
		t.reused++
	default:
		facts = append(facts, m.Media.Upload.Route)
	}
	if m.Seq != 0 {
		facts = append(facts, fmt.Sprintf("msg_seq %d", m.Seq))
	}
	if m.Quotes != "" {
		facts = append(facts, "quoting")
	}
	by := "by msg_id"
	if toEvent {
		by = "by event_id"
	}
	return strings.Join(append(facts, by), ", ")
}

func (t *transcript) end() {
	answers := 0
	for _, n := range t.answers {
		answers += n
	}
	_, _ = fmt.Fprintf(t.w, "%d answers, %d uploaded, %d reused\n", answers, len(t.platform.Uploads()), t.reused)
}

// line is a message on one line, markdown and buttons as they look and not as they travel.
func line(m richmediatest.Message) string {
	if m.Markdown == nil {
		return m.String()
	}
	var markdown struct{ Content string }
	var buttons keyboard.MessageKeyboard
	_ = json.Unmarshal(m.Markdown, &markdown) // the platform has read both
	_ = json.Unmarshal(m.Keyboard, &buttons)
	text := m.User + ": " + markdown.Content
	if buttons.Content != nil {
		for _, row := range buttons.Content.Rows {
			for _, b := range row.Buttons {
				text += " [" + b.RenderData.Label + "]"
			}
		}
	}
	return text
}
