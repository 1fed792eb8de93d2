package richmedia

import (
	"encoding/json"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// ref ties a message to the event that it answers.
type ref struct {
	MsgID   string `json:"msg_id,omitempty"`
	EventID string `json:"event_id,omitempty"`
	MsgSeq  uint32 `json:"msg_seq,omitempty"`

	Reference *reference `json:"message_reference,omitempty"`
}

// reference names the message that is quoted: by its REFIDX, in guilds by its id.
type reference struct {
	MessageID string `json:"message_id"`
}

// wireMessage is a message of a group or a single chat. botgo's own type cannot carry file_info, which is a string and need
// not be base64.
type wireMessage struct {
	ref
	Content  string        `json:"content,omitempty"`
	MsgType  int           `json:"msg_type"`
	Media    *wireMedia    `json:"media,omitempty"`
	Markdown *wireMarkdown `json:"markdown,omitempty"`
}

type wireMedia struct {
	FileInfo string `json:"file_info"`
}

type wireMarkdown struct {
	Content string `json:"content"`
}

const (
	msgTypeMarkdown = 2
	msgTypeMedia    = 7
)

// guildMessage is a message of a guild channel or a DM, which has neither msg_type nor msg_seq.
type guildMessage struct {
	ref
	Content  string        `json:"content,omitempty"`
	Image    string        `json:"image,omitempty"` // a URL, which the platform copies
	Markdown *wireMarkdown `json:"markdown,omitempty"`
}

// textMessage returns the form of a text in scope.
func textMessage(scope Scope, text string) func(ref) any {
	if scope.guild() {
		return func(r ref) any { return guildMessage{ref: r, Content: text} }
	}
	return func(r ref) any { return wireMessage{ref: r, Content: text} }
}

// longMessage returns the form of a text in scope, which may be Markdown.
func longMessage(scope Scope, text string, markdown bool) func(ref) any {
	switch {
	case !markdown:
		return textMessage(scope, text)
	case scope.guild():
		return func(r ref) any { return guildMessage{ref: r, Markdown: &wireMarkdown{text}} }
	}
	return func(r ref) any { return wireMessage{ref: r, MsgType: msgTypeMarkdown, Markdown: &wireMarkdown{text}} }
}

// mediaMessage returns the form of an uploaded file in a group or a single chat, with out's caption.
func mediaMessage(f File, out *outgoing) func(ref) any {
	return func(r ref) any {
		return wireMessage{ref: r, MsgType: msgTypeMedia, Media: &wireMedia{f.Info}, Content: out.caption}
	}
}

// guildURLMessage returns the form of an image by URL in a guild, with out's caption.
func guildURLMessage(url string, out *outgoing) func(ref) any {
	return func(r ref) any { return guildMessage{ref: r, Content: out.caption, Image: url} }
}

// guildImageMessage returns the form of an image as bytes in a guild, with out's caption: multipart/form-data with the
// bytes as file_image.
func guildImageMessage(image platform.Image, out *outgoing) func(ref) any {
	return func(r ref) any {
		image.Fields = map[string]string{"msg_id": r.MsgID, "event_id": r.EventID, "content": out.caption}
		if r.Reference != nil {
			quoted, _ := json.Marshal(r.Reference) // a struct of one string
			image.Fields["message_reference"] = string(quoted)
		}
		return image
	}
}
