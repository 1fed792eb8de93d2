// Command buttons is a bot that sends buttons and answers a press with an image.
//
//	go run ./examples/buttons
//
// needs no credentials and no network: users of a fake of QQ's open platform press the buttons, first of a bot whose
// presses are acknowledged by the plugin, then of one that does it itself. With -live the first one runs on the real
// platform, and with -live -manual the second.
//
// The bot is in bot.go: begin there.
package main

import (
	"context"
	"flag"

	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
)

var byHand = flag.Bool("manual", false, "with -live: the bot that acknowledges presses itself")

var example = stage.Example{Command: "go run ./examples/buttons", Offline: stage.Play(play), Live: live}

func main() { example.Main() }

func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	bot := automatic
	if *byHand {
		bot = manual
	}
	return stage.Websocket(bot)(ctx, credentials, opts...)
}

func play(s *stage.Stage) {
	cats, carol := s.Group("cats"), s.C2C("carol")

	s.Note("the plugin acknowledges")
	s.Start(automatic)
	s.Say(cats, "alice", "what do you have?", 1)
	s.Press(cats, "bob", "cat", 1)
	s.Say(carol, "carol", "what do you have?", 1)
	s.Press(carol, "carol", "secret", 1)
	s.Stop()

	s.Note("the bot acknowledges: 0 is done, 4 is no permission")
	s.Start(manual)
	s.Press(cats, "bob", "cat", 1)
	s.Press(cats, "bob", "secret", 0)
}
