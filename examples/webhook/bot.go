package main

import (
	"context"
	_ "embed"
	"errors"
	"net"
	"net/http"
	"time"

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

// run serves the platform's pushes until ctx ends, and then answers what it has taken.
func run(ctx context.Context, listener net.Listener, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	src := token.NewQQBotTokenSource(credentials)
	media, _, err := newBot(src, opts...) //nolint:contextcheck // a handler's ctx comes from the plugin
	if err != nil {
		return err
	}
	server := newServer(credentials) // in the place of websocket's gateway
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }() // in the place of websocket's session manager
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	// In this order: the server lets no more pushes in, then the plugin answers those that it has. The other way round a
	// push that comes in between is refused, though the bot has time for it.
	return errors.Join(err, within(ctx, 10*time.Second, server.Shutdown), within(ctx, 30*time.Second, media.Shutdown))
}

// newServer has the bot at /qqbot. WebhookHandler answers a push at once (handlers run on goroutines of the plugin), so
// the timeouts are for slow clients only; none of them ends a handler. It answers 401 to callers that do not know the secret.
func newServer(credentials *token.QQBotCredentials) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("/qqbot", richmedia.WebhookHandler(credentials))
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
	}
}

// within calls stop with a time limit of its own: ctx, with which it begins, is over.
func within(ctx context.Context, limit time.Duration, stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return stop(ctx)
}
