// Command test-your-bot is a bot that is there to be tested. Its tests are the example:
//
//	go test -v ./examples/test-your-bot
//
// They run in milliseconds, without credentials and without a network, on a fake of QQ's open platform that breaks what
// you tell it to. What they do can be watched, too:
//
//	go run ./examples/test-your-bot
//
// The tests are in bot_test.go: begin there. The bot is in bot.go.
package main

import (
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var example = stage.Example{Command: "go run ./examples/test-your-bot", Offline: stage.Play(play)}

func main() { example.Main() }

func play(s *stage.Stage) {
	cats, bob := s.Group("cats"), s.C2C("bob")
	s.Start(newBot)
	s.Say(cats, "ann", "cat", 1)

	s.Note("the next response to a send is lost")
	s.Lose(richmediatest.OpSend, 1)
	sends := s.Count(richmediatest.OpSend)
	s.Say(cats, "ann", "cat", 1)
	s.Stop()
	s.Note("sent %d times, with the same msg_seq, and shown once", s.Count(richmediatest.OpSend)-sends)

	s.Start(newBot)
	s.Note("every upload ends at a broken proxy")
	s.Page(richmediatest.OpUpload, -1, 502)
	s.Say(bob, "bob", "cat", 1)
	s.Note("the tests that hold all this: go test -v ./examples/test-your-bot")
}
