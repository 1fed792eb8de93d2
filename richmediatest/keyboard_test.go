package richmediatest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// keyboard has a row of two buttons with these ids, whose data are the id and a bang.
func keyboard(ids ...string) map[string]any {
	var buttons []any
	for _, id := range ids {
		buttons = append(buttons, map[string]any{
			"id": id, "render_data": map[string]any{"label": "L" + id, "visited_label": "V" + id},
			"action": map[string]any{"type": 1, "data": id + "!"},
		})
	}
	return map[string]any{"content": map[string]any{"rows": []any{map[string]any{"buttons": buttons}}}}
}

func resolved(t *testing.T, ev *richmediatest.Event) map[string]any {
	t.Helper()
	data, _ := d(t, ev)["data"].(map[string]any)
	out, ok := data["resolved"].(map[string]any)
	require.True(t, ok)
	return out
}

func TestAPressedButtonHasTheIDOfTheKeyboard(t *testing.T) {
	b := newBot(t)
	for _, c := range []*richmediatest.Chat{b.p.Group("g"), b.p.C2C("ann"), b.p.Channel("news")} {
		t.Run(c.Scene(), func(t *testing.T) {
			send := func(seq int, kb map[string]any) {
				fields := []any{"msg_id", c.Say("ann", "hi").MsgID(), "keyboard", kb, "markdown", map[string]any{"content": "choose"}}
				if c.Scene() != "channel" {
					fields = append(fields, "msg_type", 2, "msg_seq", seq)
				}
				accepted(t, b.message(c, object(fields...)))
			}
			assert.NotContains(t, resolved(t, c.Press("ann", "yes!")), "button_id", "no keyboard yet")
			send(1, keyboard("yes", "no"))
			assert.Equal(t, "yes", resolved(t, c.Press("ann", "yes!"))["button_id"])
			in := resolved(t, c.PressID("ann", "no"))
			assert.Equal(t, "no", in["button_id"])
			assert.Equal(t, "no!", in["button_data"])
			if c.Scene() == "channel" {
				assert.Equal(t, c.Answers()[0].ID, in["message_id"])
			}
			send(2, keyboard("later"))
			assert.Equal(t, "yes", resolved(t, c.Press("ann", "yes!"))["button_id"], "of an older message")
			if c.Scene() == "channel" {
				assert.Equal(t, c.Answers()[0].ID, resolved(t, c.PressID("ann", "no"))["message_id"], "the message with the button")
			}
			assert.NotContains(t, resolved(t, c.Press("ann", "other")), "button_id")
			assert.PanicsWithValue(t, `richmediatest: PressID: `+c.Name()+` has no button with the id "none"`, func() { c.PressID("ann", "none") })
			assert.Equal(t, []richmediatest.Button{
				{ID: "yes", Label: "Lyes", Visited: "Vyes", Type: 1, Data: "yes!"},
				{ID: "no", Label: "Lno", Visited: "Vno", Type: 1, Data: "no!"},
			}, c.Answers()[0].Buttons())
		})
	}
	assert.Panics(t, func() { b.p.DM("ann").PressID("", "yes") })
	assert.Empty(t, richmediatest.Message{}.Buttons())
	assert.Empty(t, richmediatest.Message{Keyboard: []byte(`{"id":"template"}`)}.Buttons())
	assert.Empty(t, richmediatest.Message{Keyboard: []byte(`{"content":{"rows":7}}`)}.Buttons())
}
