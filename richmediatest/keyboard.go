package richmediatest

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
)

// Button is a button of a message's keyboard.
type Button struct {
	ID      string // button_id of its interaction; "" if the keyboard has none
	Label   string // render_data.label
	Visited string // render_data.visited_label
	Type    int    // action.type: 0 opens a link, 1 makes an interaction, 2 enters a command
	Data    string // action.data
}

// Buttons returns the buttons of the message's keyboard, row by row; none of a keyboard that is a template's id.
func (m Message) Buttons() []Button {
	var keyboard struct {
		Content struct {
			Rows []struct {
				Buttons []struct {
					ID     string `json:"id"`
					Render struct {
						Label   string `json:"label"`
						Visited string `json:"visited_label"`
					} `json:"render_data"`
					Action struct {
						Type int    `json:"type"`
						Data string `json:"data"`
					} `json:"action"`
				} `json:"buttons"`
			} `json:"rows"`
		} `json:"content"`
	}
	if json.Unmarshal(m.Keyboard, &keyboard) != nil {
		return nil
	}
	var out []Button
	for _, row := range keyboard.Content.Rows {
		for _, b := range row.Buttons {
			out = append(out, Button{
				ID: b.ID, Label: b.Render.Label, Visited: b.Render.Visited, Type: b.Action.Type, Data: b.Action.Data,
			})
		}
	}
	return out
}

// Press lets user press a button of one of the bot's messages: INTERACTION_CREATE of type 11 with that button_data. Its
// button_id is the id of the newest button with that data; a button that is in no keyboard of this chat has none.
func (c *Chat) Press(user, buttonData string) *Event { return c.Interact(user, 11, buttonData) }

// PressID lets user press the newest button with that id in the bot's messages, as Press does by its data. It panics if there
// is none, see [Chat.Buttons].
func (c *Chat) PressID(user, buttonID string) *Event {
	c.only("PressID", sceneGroup, sceneC2C, sceneChannel)
	c.p.mu.Lock()
	pressed, ok := c.button(func(b Button) bool { return b.ID == buttonID })
	c.p.mu.Unlock()
	if !ok {
		panic(fmt.Sprintf("richmediatest: PressID: %s has no button with the id %q", c.name, buttonID))
	}
	return c.interaction(c.speaker(user), 11, pressed)
}

// pressed is a button and the message that it belongs to.
type pressed struct {
	Button
	messageID string // "" if the bot has sent no message
}

// button returns the newest button in the bot's messages for which is returns true. The caller holds p.mu.
func (c *Chat) button(is func(Button) bool) (pressed, bool) {
	for m := range c.keyboards() {
		buttons := m.Buttons()
		if i := slices.IndexFunc(buttons, is); i >= 0 {
			return pressed{buttons[i], m.ID}, true
		}
	}
	return pressed{messageID: c.lastAnswer()}, false
}

// keyboards yields the bot's messages that have one, newest first. The caller holds p.mu.
func (c *Chat) keyboards() iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		for _, lines := range [][]*Message{c.lines, c.pressable} {
			for _, m := range slices.Backward(lines) {
				if m.Bot && m.Keyboard != nil && !yield(m) {
					return
				}
			}
		}
	}
}

// Buttons returns the buttons that users of the chat can press, those of the newest message first.
func (c *Chat) Buttons() []Button {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	var out []Button
	for m := range c.keyboards() {
		out = append(out, m.Buttons()...)
	}
	return out
}

// lastAnswer is the id of the bot's newest message, "" for none. The caller holds p.mu.
func (c *Chat) lastAnswer() string {
	for _, m := range slices.Backward(c.lines) {
		if m.Bot {
			return m.ID
		}
	}
	return ""
}
