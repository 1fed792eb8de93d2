// Command quickstart is a bot on botgo that answers with images, videos, voices and files.
//
//	go run ./examples/quickstart
//
// needs no credentials and no network: the bot runs against a fake of QQ's open platform on this machine, a few
// users write to it, and their chats are printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import (
	"context"

	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
)

var example = stage.Example{Command: "go run ./examples/quickstart", Offline: stage.Play(play), Live: live}

func main() { example.Main() }

// live is the bot with only what it has with it.
func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	return run(ctx, credentials, richmedia.FromFS(files, "media/cat.png"), opts...)
}

// photoURL is on the fake platform's web: a reply with FromURL lets the platform fetch the media.
const photoURL = "https://example.com/photo.png"

// play lets users act one after the other, and waits for the bot's answers each time.
func play(s *stage.Stage) {
	s.Do(func() error {
		photo, err := files.ReadFile("media/cat.png")
		s.Host(photoURL, photo)
		return err
	})
	s.Run(func(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
		return run(ctx, credentials, richmedia.FromURL(photoURL), opts...)
	})
	s.Do(func() error { return s.WaitReady(s.Context()) })

	cats, carol := s.Group("cats"), s.C2C("carol")
	s.Add(cats, "alice", 1)
	s.Say(cats, "alice", "cat", 1)
	s.Say(cats, "bob", "cat", 1) // the same picture: nothing is uploaded
	s.Say(cats, "bob", "clip", 2)
	s.Say(cats, "alice", "hello", 1)
	s.Say(cats, "alice", "report", 1)
	s.Press(cats, "bob", "purr", 1)

	s.Add(carol, "carol", 1) // uploaded again: what was uploaded for groups cannot go to single chats
	s.Say(carol, "carol", "cat", 1)
	s.Say(carol, "carol", "clip", 2)
	s.Say(carol, "carol", "hello", 1)
	s.Say(carol, "carol", "report", 1)
	s.Say(carol, "carol", "note buy milk", 1)
	s.Press(carol, "carol", "purr", 1)
}
