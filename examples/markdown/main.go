// Command markdown is a bot that answers with a report: Markdown with two charts, which it draws itself, and buttons.
//
//	cd examples/markdown && go run .
//
// needs no credentials and no network: users of a fake of QQ's open platform write to the bot, and their chats are
// printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go, what it draws in chart.go: begin with bot.go.
package main

import "github.com/botgo-contrib/richmedia/examples/internal/stage"

var example = stage.Example{Command: "go run .", Offline: stage.Play(play), Live: stage.Websocket(newBot)}

func main() { example.Main() }

func play(s *stage.Stage) {
	s.Start(newBot)
	team := s.Group("team")
	s.Say(team, "alice", "how was the week?", 1)
	s.Press(team, "bob", "again", 1) // the charts are there already
	s.Press(team, "alice", "thanks", 1)
}
