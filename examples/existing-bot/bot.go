package main

import (
	"context"
	_ "embed"
	"log"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/openapi"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

// bot receives and sends as botgo's own example does: handlers in botgo's shape, answers through botgo's openapi. Lines
// that end in "// +" are what the plugin has added to its handler of group messages.
type bot struct {
	api   openapi.OpenAPI
	media *richmedia.Plugin // +
	photo richmedia.Source
}

// newBot registers the bot's handlers, as ever.
func newBot(api openapi.OpenAPI, src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...) // +
	if err != nil {                           // +
		return nil, 0, err // +
	}
	b := &bot{api: api, media: media, photo: richmedia.FromBytes("cat.png", cat)}
	return media, event.RegisterHandlers(b.onGroupMessage(), b.onC2CMessage()), nil
}

// onGroupMessage is a handler of botgo's. The text goes out as it always did, with botgo's msg_seq of 1; the plugin numbers
// its replies from 1001 on, so that the two do not collide.
func (b *bot) onGroupMessage() event.GroupATMessageEventHandler {
	return func(payload *dto.WSPayload, data *dto.WSGroupATMessageData) error {
		ctx := context.Background()
		_, err := b.api.PostGroupMessage(ctx, data.GroupID, dto.MessageToCreate{Content: "one moment", MsgID: data.ID})
		if err != nil {
			return err
		}
		c, err := b.media.Context(payload) // +
		if err != nil {                    // +
			return err // +
		}
		_, err = c.ReplyImage(ctx, b.photo) // +
		return err
	}
}

// onC2CMessage does not keep botgo waiting for an upload: the Context may outlive its handler.
func (b *bot) onC2CMessage() event.C2CMessageEventHandler {
	return func(payload *dto.WSPayload, _ *dto.WSC2CMessageData) error {
		c, err := b.media.Context(payload)
		if err != nil {
			return err
		}
		go func() { // Shutdown waits for replies that have begun
			if _, err := c.ReplyImage(context.Background(), b.photo, richmedia.WithCaption("there you are")); err != nil {
				log.Print(err)
			}
		}()
		return nil
	}
}
