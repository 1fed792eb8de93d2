package main

import (
	"context"
	_ "embed"
	"os"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

func onMessage(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", cat), richmedia.WithCaption("meow"))
	return err
}

// newBot makes a bot that keeps its uploads in dir. The plugin looks there before it uploads, and says when to forget.
func newBot(dir string, src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, err
	}
	media, err := richmedia.New(src, append(opts, richmedia.WithStore(dirStore{dir}))...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(onMessage), media.C2CMessage(onMessage)), nil
}
