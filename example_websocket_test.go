//go:build !race

// botgo's own websocket client races inside itself (version 0.2.1), so the race detector stops what runs over it.

package richmedia_test

import (
	"context"
	"log"
	"net/http"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// A bot that gets its events over a websocket. On the real platform the credentials are the bot's own, such as
// &token.QQBotCredentials{AppID: os.Getenv("QQBOT_APPID"), AppSecret: os.Getenv("QQBOT_SECRET")}, and Start is called
// without a goroutine of its own: it serves until it fails.
func Example_websocket() {
	platform := richmediatest.New() // stands in for the real one
	if _, err := platform.Listen(); err != nil {
		log.Panic(err)
	}
	defer platform.Close()                          //nolint:errcheck // nothing is left to lose
	defer http.DefaultClient.CloseIdleConnections() // of botgo's token source
	defer platform.UseBotgo()()
	credentials := platform.Credentials()

	cat := func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"), richmedia.WithCaption("meow"))
		return err
	}
	src := token.NewQQBotTokenSource(credentials)
	media, err := richmedia.New(src)
	if err != nil {
		log.Panic(err)
	}
	defer media.Close() //nolint:errcheck // always nil
	intents := event.RegisterHandlers(media.GroupATMessage(cat), media.C2CMessage(cat))
	gateway, err := botgo.NewOpenAPI(credentials.AppID, src).WS(context.Background(), nil, "")
	if err != nil {
		log.Panic(err)
	}
	go func() {
		log.Panic(botgo.NewSessionManager().Start(gateway, src, &intents))
	}()

	if err := platform.WaitReady(context.Background()); err != nil {
		log.Panic(err)
	}
	carol := platform.C2C("carol")
	carol.Say("carol", "a cat, please")
	show(carol, 1)

	// Output:
	// carol: a cat, please
	// bot: [image image/png, 16113 bytes] meow
}
