package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

func onMessage(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromBytes("cat.png", cat), richmedia.WithCaption("meow"))
	return err
}

func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(onMessage), media.C2CMessage(onMessage)), nil
}

// run holds the connection to the platform until ctx ends, and then answers what it has taken.
func run(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	src := token.NewQQBotTokenSource(credentials)
	media, intents, err := newBot(src, opts...) //nolint:contextcheck // a handler's ctx comes from the plugin
	if err != nil {
		return err
	}
	gateway, err := botgo.NewOpenAPI(credentials.AppID, src).WS(ctx, nil, "") // in the place of webhook's server
	if err != nil {
		return fmt.Errorf("ask the platform for its gateway: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- botgo.NewSessionManager().Start(gateway, src, &intents) }() // in the place of webhook's Serve
	select {
	case <-ctx.Done():
	case err = <-ended: // it could not begin: once connected, botgo connects again forever
	}
	// botgo has no way to end a connection. The plugin takes no more events from it, and answers those that it has.
	return errors.Join(err, within(ctx, 30*time.Second, media.Shutdown))
}

// within calls stop with a time limit of its own: ctx, with which it begins, is over.
func within(ctx context.Context, limit time.Duration, stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return stop(ctx)
}
