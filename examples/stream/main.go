// Command stream is a bot whose answers grow while they are written, such as an AI's.
//
//	go run ./examples/stream
//
// needs no credentials and no network: users of a fake of QQ's open platform write to the bot, and what they see is printed,
// each time that the text has grown. With -live the same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import (
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var example = stage.Example{Command: "go run ./examples/stream", Offline: stage.Play(play), Live: stage.Websocket(newBot)}

func main() { example.Main() }

func play(s *stage.Stage) {
	s.Start(newBot)
	var grown []string
	stop := s.Watch(func(h richmediatest.Happening) {
		if h.What == richmediatest.MessageGrown {
			grown = append(grown, h.Message.Text)
		}
	})
	s.Say(s.C2C("carol"), "carol", "cats", 2)
	stop()
	s.Note("the text grew %d times: one reply, in frames", len(grown))
	for i := 0; i < len(grown)-1; i += 3 {
		s.Note("%s", grown[i])
	}
	s.Note("groups have no streams: one message")
	s.Say(s.Group("cats"), "alice", "cats", 2)
}
