//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/redisstore"
)

// settings are what an instance is started with, all of them with the same.
type settings struct {
	AppID, Secret string
	Redis         string // address; "" for a memory of the instance's own
	Shared        bool   // agree on events, too
	Inline        bool   // acknowledge an event when it is answered, so that another instance gets it when this one dies
}

// bot is one instance. On the real platform it is the same.
type bot struct {
	media   *richmedia.Plugin
	redis   redis.UniversalClient // nil without
	webhook http.Handler
}

func newBot(s settings, opts ...richmedia.Option) (*bot, error) {
	b := &bot{}
	if s.Redis != "" {
		b.redis = redis.NewUniversalClient(&redis.UniversalOptions{
			Addrs:                 strings.Split(s.Redis, ","), // several are a cluster
			ContextTimeoutEnabled: true,
			PoolSize:              8, // a thousand instances share Redis's 10,000 connections
		})
		opts = append(opts, richmedia.WithStore(redisstore.New(b.redis, "mybot:")))
		if s.Shared {
			opts = append(opts, richmedia.WithSharedEvents())
		}
	}
	if s.Inline {
		opts = append(opts, richmedia.WithInline())
	}
	credentials := &token.QQBotCredentials{AppID: s.AppID, AppSecret: s.Secret}
	media, err := richmedia.New(token.NewQQBotTokenSource(credentials), opts...)
	if err != nil {
		return nil, errors.Join(err, b.closeRedis())
	}
	b.media, b.webhook = media, richmedia.WebhookHandler(credentials)
	event.RegisterHandlers(media.GroupATMessage(answer))
	return b, nil
}

// answer sends the picture that the user names. Which instance gets the message is chance: none keeps anything that
// another one would need.
func answer(ctx context.Context, c *richmedia.Context) error {
	_, err := c.ReplyImage(ctx, richmedia.FromBytes("picture.png", picture(c.Text())), richmedia.WithCaption(c.Text()))
	return err
}

// picture stands in for what a real bot draws or has: a different one for each name.
func picture(name string) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))) // a bytes.Buffer takes everything
	_, _ = fmt.Fprintf(&b, "picture %s", name)                  // behind the image's end, where nobody minds
	return b.Bytes()
}

// stop ends the instance: the plugin when no more events come, so that what was taken is answered, and Redis after it.
func (b *bot) stop(ctx context.Context) error {
	return errors.Join(b.media.Shutdown(ctx), b.closeRedis())
}

func (b *bot) closeRedis() error {
	if b.redis == nil {
		return nil
	}
	return b.redis.Close()
}
