package richmedia_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// botgo's own logger prints the app secret and every body. Set this one before botgo.NewOpenAPI.
func ExampleSlog() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})
	defer botgo.SetLogger(log.DefaultLogger)
	botgo.SetLogger(richmedia.Slog(slog.New(handler)))

	// What botgo logs when it asks for a token, and for each event.
	log.Debugf("retrieve access token URL:%v req:%v", "https://bots.qq.com/app/getAppAccessToken", `{"appId":"102000001","clientSecret":"DG5g3B4j9X2KOErG"}`)
	log.Debugf("http callback body: %s,len:%d", `{"op":0,"d":{"content":"hi"}}`, 29)
	// Output:
	// level=DEBUG msg="retrieve access token URL:https://bots.qq.com/app/getAppAccessToken req:(55 bytes withheld)"
	// level=DEBUG msg="http callback body: (29 bytes withheld),len:29"
}

// A bot's test: the platform, the plugin on it, and what a user says.
func ExampleWithPlatform() {
	p := richmediatest.New()
	media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p))
	if err != nil {
		panic(err)
	}
	defer media.Close() //nolint:errcheck // nothing is running
	club := p.Group("club")
	c, err := media.Context(club.Say("alice", "hi").Payload())
	if err != nil {
		panic(err)
	}
	if _, err := c.ReplyText(context.Background(), "hello, alice"); err != nil {
		panic(err)
	}
	fmt.Println(club.Answers()[0])
	// Output: bot: hello, alice
}
