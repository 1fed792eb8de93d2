// Command picture-bot is a bot that is sent a picture and a word, or quotes a picture with a word, and answers with the picture in half
// or double size, turned or in grey.
//
//	cd examples/picture-bot && go run .
//
// needs no credentials and no network: users of a fake of QQ's open platform write to the bot, and their chats are
// printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go, what it does with pictures in picture.go: begin with bot.go.
package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var example = stage.Example{Command: "go run .", Offline: stage.Play(play), Live: stage.Websocket(newBot)}

func main() { example.Main() }

func play(s *stage.Stage) {
	s.Start(newBot)
	photo := richmediatest.Attachment{FileName: "photo.png", Data: painted(320, 200)}
	for _, chat := range []*richmediatest.Chat{s.Group("cats"), s.C2C("carol")} {
		s.Say(chat, "carol", "half", 1, photo)
		s.Say(chat, "carol", "what can you do?", 1, photo)
		s.Quote(chat, "carol", "turn", 2, 1)
		s.Quote(chat, "carol", "grey", 1, 1) // the bot's own picture
	}
}

// painted returns a png.
func painted(width, height int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.NRGBA{R: uint8(x * 255 / width), G: uint8(y * 255 / height), B: 128, A: 255}) //nolint:gosec // below 256
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // a buffer takes it
	}
	return out.Bytes()
}
