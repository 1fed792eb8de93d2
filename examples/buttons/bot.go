package main

import (
	"context"
	_ "embed"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/keyboard"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

// onMessage sends a message with two buttons. The plugin fills in what is answered, and the msg_seq.
func onMessage(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyMessage(ctx, &dto.MessageToCreate{
		MsgType:  dto.MarkdownMsg,
		Markdown: &dto.Markdown{Content: "Which one?"}, // the platform has to grant a bot both of these
		Keyboard: &keyboard.MessageKeyboard{Content: &keyboard.CustomKeyboard{Rows: []*keyboard.Row{
			{Buttons: []*keyboard.Button{button("cat", "The cat"), button("secret", "The secret one")}},
		}}},
	})
	return err
}

// button is one that everybody may press. data comes back as c.ButtonData().
func button(data, label string) *keyboard.Button {
	return &keyboard.Button{
		ID:         data,
		RenderData: &keyboard.RenderData{Label: label, VisitedLabel: label, Style: 1},
		Action: &keyboard.Action{
			Type:       keyboard.ActionTypeCallback,
			Permission: &keyboard.Permission{Type: keyboard.PermissionTypAll},
			Data:       data,
		},
	}
}

// onPress answers a press, by its event_id. The plugin has acknowledged it already, as it came in: the button is free
// again, however long the upload takes.
func onPress(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", cat), richmedia.WithCaption("You pressed "+c.ButtonData()+"."))
	return err
}

// Codes of an acknowledgement, which the user is told of. There are 0 to 5.
const done, noPermission = 0, 4

// onPressManual decides by itself, for a bot with WithManualAck. It has 3 s for that, so the acknowledgement comes first.
func onPressManual(ctx context.Context, c *richmedia.Context) error {
	if c.ButtonData() == "secret" {
		return c.Ack(ctx, noPermission)
	}
	if err := c.Ack(ctx, done); err != nil {
		return err
	}
	return onPress(ctx, c)
}

// automatic is a bot whose presses the plugin acknowledges, with "done".
func automatic(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	return newBot(src, onPress, opts...)
}

// manual is one that does it itself.
func manual(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	return newBot(src, onPressManual, append(opts, richmedia.WithManualAck())...)
}

func newBot(src oauth2.TokenSource, press richmedia.Handler, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(onMessage), media.C2CMessage(onMessage), media.Interaction(press)), nil
}
