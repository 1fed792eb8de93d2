package main

import (
	"context"
	"fmt"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

// echo sends back what it is sent: the text, and every image, video, voice and file. It serves all scenes.
func echo(ctx context.Context, c *richmedia.Context) error {
	if text := c.Text(); text != "" {
		if _, err := c.ReplyText(ctx, text); err != nil {
			return err
		}
	}
	for _, a := range c.Attachments() {
		if a.VoiceText != "" { // what the platform has understood
			if _, err := c.ReplyText(ctx, fmt.Sprintf("You said: %q", a.VoiceText)); err != nil {
				return err
			}
		}
		// Where the media cannot be sent, as a video cannot in a guild, the text takes its place.
		_, err := c.Reply(ctx, a.Kind(), richmedia.FromAttachment(a), richmedia.WithFallbackText("I cannot send that back: "+a.FileName))
		if err != nil {
			return err
		}
	}
	return nil
}

// newBot lets echo have the messages of every scene.
func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	intents := event.RegisterHandlers(
		media.GroupATMessage(echo),
		media.C2CMessage(echo),
		media.ATMessage(echo),
		media.DirectMessage(echo),
	)
	return media, intents, nil // botgo's session manager wants the intents, see examples/websocket
}
