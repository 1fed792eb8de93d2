// Command echo is a bot that sends back what it is sent, in every scene: texts, images, videos, voices and files.
//
//	go run ./examples/echo
//
// needs no credentials and no network: users of a fake of QQ's open platform write to the bot, and their chats are
// printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go: begin there.
package main

import (
	"embed"
	"io/fs"

	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

//go:embed media
var media embed.FS

var example = stage.Example{Command: "go run ./examples/echo", Offline: stage.Play(play), Live: stage.Websocket(newBot)}

func main() { example.Main() }

// play lets users of every scene send one of each.
func play(s *stage.Stage) {
	s.Start(newBot)
	for _, chat := range []*richmediatest.Chat{s.Group("cats"), s.C2C("carol"), s.Channel("lounge"), s.DM("dave")} {
		// A message each: a message takes 4 or 5 replies.
		s.Say(chat, "carol", "hello", 1)
		s.Say(chat, "carol", "", 1, richmediatest.Attachment{FileName: "picture.png", Data: read("picture.png")})
		s.Say(chat, "carol", "", 1, richmediatest.Attachment{FileName: "clip.mp4", Data: read("clip.mp4")})
		s.Say(chat, "carol", "", 2, richmediatest.Attachment{
			FileName: "voice.amr", ContentType: "voice", Data: read("voice.amr"),
			VoiceText: "good morning", VoiceWAV: read("voice.wav"), // the platform offers both
		})
		s.Say(chat, "carol", "", 1, richmediatest.Attachment{FileName: "list.txt", ContentType: "file", Data: []byte("milk\nbread\n")})
	}
}

// read gives a file that users send.
func read(name string) []byte {
	data, err := fs.ReadFile(media, "media/"+name)
	if err != nil {
		panic(err) // it is embedded
	}
	return data
}
