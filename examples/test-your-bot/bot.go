package main

import (
	"context"
	_ "embed"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

func onMessage(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", cat),
		richmedia.WithCaption("meow"), richmedia.WithFallbackText("The cat is asleep."))
	return err
}

// newBot takes options, so that a test can give the fake platform's address. That is all it takes to make a bot testable.
func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(onMessage), media.C2CMessage(onMessage)), nil
}
