// Command existing-bot is a bot that was there before the plugin: its handlers have botgo's shape, it sends through botgo,
// and a few lines let it answer with media as well. The guide is docs/existing-bots.md.
//
//	go run ./examples/existing-bot
//
// needs no credentials and no network: the bot runs against a fake of QQ's open platform on this machine. With -live the
// same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import (
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
)

var example = stage.Example{
	Command: "go run ./examples/existing-bot",
	Offline: stage.Play(play),
	Live:    stage.Websocket(start),
}

func main() { example.Main() }

// start passes the bot the openapi that it had before.
func start(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	appID := src.(interface{ GetAppID() string }).GetAppID() // botgo's token sources know it
	return newBot(botgo.NewOpenAPI(appID, src), src, opts...)
}

func play(s *stage.Stage) {
	s.Start(start)
	s.Say(s.Group("cats"), "alice", "a photo, please", 2)
	s.Say(s.C2C("carol"), "carol", "a photo, please", 1)
}
