// Command websocket is a bot to which events come over botgo's websocket, which comes back when it breaks.
// examples/webhook is the same bot behind an HTTP server, and differs in two lines.
//
//	go run ./examples/websocket
//
// needs no credentials and no network: the bot connects to a fake of QQ's open platform on this machine, which breaks the
// connection once. With -live the same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import "github.com/botgo-contrib/richmedia/examples/internal/stage"

var example = stage.Example{Command: "go run ./examples/websocket", Offline: stage.Play(play), Live: run}

func main() { example.Main() }

func play(s *stage.Stage) {
	s.Run(run)
	s.Do(func() error { return s.WaitReady(s.Context()) })
	s.Note("connected")
	s.Say(s.Group("cats"), "alice", "cat", 1)

	s.Reconnect()
	s.Note("the platform ends the connection; somebody writes before botgo is back")
	s.Say(s.C2C("carol"), "carol", "cat", 1)
}
