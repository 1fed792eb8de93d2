package main

import (
	"context"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// offline examines a fake platform of this process. There is nobody to ask: what the user would do happens by itself.
func offline(ctx context.Context, con *console, sizes []int, unit int, opts ...richmediatest.Option) (s *session, err error) {
	p := richmediatest.New(append([]richmediatest.Option{richmediatest.WithoutData()}, opts...)...)
	address, err := p.Listen()
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }() //nolint:contextcheck // it cleans up after ctx has ended
	for _, k := range kinds {
		data, err := files.ReadFile("media/" + k.file)
		if err != nil {
			return nil, err
		}
		p.Host(mediaBase+"/"+k.file, data)
	}
	bot := p.Credentials()
	cfg := config{
		appID: bot.AppID, secret: bot.AppSecret, api: address, tokens: address, media: mediaBase, send: true, yes: true,
		webhook: address, listen: "127.0.0.1:0", patience: 10 * time.Second, timeout: 10 * time.Second,
		sizes: sizes, unit: unit,
	}
	s = newSession(cfg, con, &client{http: newHTTP(), api: address, tokens: address, appID: cfg.appID, timeout: cfg.timeout})
	defer s.close()
	s.demo, s.author = true, func(want wish) { act(ctx, p, want) }
	return s, s.examine(ctx)
}

// act does in the fake platform what the user is asked for.
func act(ctx context.Context, p *richmediatest.Platform, want wish) {
	switch {
	case want.validate != "":
		p.PushToURL("http://" + want.validate)
		_ = p.ValidateWebhook(ctx) // the webhook has recorded it
		p.PushToURL("")
	case want.event:
		p.Group("doctor").RejectPushes("ann")
		p.Group("doctor").AllowPushes("ann")
	case want.scope == group:
		p.Group("doctor").Say("ann", "hello")
	case want.scope == secondGroup:
		p.Group("second").Say("ann", "hello")
	case want.scope == single:
		p.C2C("ann").Say("ann", "hello")
	}
}
