// Command voice-bot is a bot that is sent a voice and answers with its transcript, and with the voice at double speed.
//
//	go run ./examples/voice-bot
//
// needs no credentials and no network, but an installed ffmpeg: users of a fake of QQ's open platform write to the bot, and their
// chats are printed. With -live the same bot runs on the real platform.
//
// The bot is in bot.go, how it starts ffmpeg in ffmpeg.go: begin with bot.go.
package main

import (
	"encoding/binary"
	"math"

	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var example = stage.Example{Command: "go run ./examples/voice-bot", Offline: stage.Play(play), Live: stage.Websocket(newBot)}

func main() { example.Main() }

func play(s *stage.Stage) {
	s.Start(newBot)
	// Users record in a format that few programs read; the platform offers a wav beside it.
	said := richmediatest.Attachment{
		FileName: "voice.amr", ContentType: "voice", Data: []byte("#!AMR\n\x3c"), VoiceWAV: tone(4), VoiceText: "good morning",
	}
	for _, chat := range []*richmediatest.Chat{s.Group("cats"), s.C2C("carol")} {
		s.Say(chat, "carol", "", 2, said)
		s.Say(chat, "carol", "hello", 1)
		s.Quote(chat, "carol", "again", 5, 2)
	}
}

const rate = 8000 // samples a second

// tone returns a wav of a tone.
func tone(seconds int) []byte {
	const size = 2 // bytes of a sample
	n := uint32(seconds * rate * size)
	out := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+n)...)
	out = append(out, "WAVEfmt "...)
	for _, field := range []uint32{16, 1<<16 | 1, rate, rate * size, 8*size<<16 | size} { // pcm, one channel
		out = binary.LittleEndian.AppendUint32(out, field)
	}
	out = binary.LittleEndian.AppendUint32(append(out, "data"...), n)
	for i := range seconds * rate {
		sample := int16(8000 * math.Sin(2*math.Pi*440*float64(i)/rate))
		out = binary.LittleEndian.AppendUint16(out, uint16(sample)) //nolint:gosec // the same bits
	}
	return out
}
