package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
)

// Websocket connects a bot whose idea is in its handlers, as examples/websocket does it.
func Websocket(bot Bot) Run {
	return func(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
		src := token.NewQQBotTokenSource(credentials)
		media, intents, err := bot(src, opts...)
		if err != nil {
			return err
		}
		gateway, err := botgo.NewOpenAPI(credentials.AppID, src).WS(ctx, nil, "")
		if err != nil {
			return errors.Join(fmt.Errorf("ask the platform for its gateway: %w", err), media.Shutdown(ctx))
		}
		ended := make(chan error, 1)
		go func() { ended <- botgo.NewSessionManager().Start(gateway, src, &intents) }() // it returns only if it cannot begin
		select {
		case <-ctx.Done():
		case err = <-ended:
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return errors.Join(err, media.Shutdown(stopping))
	}
}
