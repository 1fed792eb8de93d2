package main

import (
	"fmt"
	"strings"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// transcript shows the chats as their users see them, and what stands behind each of the bot's answers.
func transcript(platform *richmediatest.Platform) string {
	var out strings.Builder
	answers, reused := 0, 0
	for _, chat := range []*richmediatest.Chat{platform.Group("cats"), platform.C2C("carol")} {
		fmt.Fprintf(&out, "%s chat %q\n\n", chat.Scene(), chat.Name())
		writeRow(&out, "#", "", "kind", "format", "bytes", "upload", "msg_seq", "answers", "text or name")
		number := map[string]string{} // of a line, by the id that answers to it name
		for i, m := range chat.Messages() {
			if !m.Bot {
				number[m.ID] = answerTo(i+1, m)
				fmt.Fprintf(&out, "%3d  %s\n", i+1, m)
				continue
			}
			answers++
			kind, format, size, upload, text := "text", "", "", "", m.Text
			if f := m.Media; f != nil {
				kind, size, upload = richmedia.Kind(f.Kind).String(), fmt.Sprint(f.Size), f.Upload.Route
				format, _, _ = strings.Cut(f.Format, ";")
				if f.Reused {
					reused++
					upload = "reused"
				}
				if f.Kind == int(richmedia.KindFile) {
					text = f.Name
				}
			}
			writeRow(&out, i+1, "bot", kind, format, size, upload, m.Seq, number[m.ReplyTo], text)
		}
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "%d answers, %d uploads, %d reused, %d buttons acknowledged\n",
		answers, len(platform.Uploads()), reused, len(platform.Acks()))
	return out.String()
}

// answerTo is a line's number, and the id by which the platform wants it to be answered.
func answerTo(number int, m richmediatest.Message) string {
	if m.Event != "" {
		return fmt.Sprintf("%d by event_id", number)
	}
	return fmt.Sprintf("%d by msg_id", number)
}

func writeRow(out *strings.Builder, cells ...any) {
	line := fmt.Sprintf("%3v    %-4s %-5s  %-15s  %6v  %-6s  %7v  %-14s  %s", cells...)
	out.WriteString(strings.TrimRight(line, " ") + "\n")
}
