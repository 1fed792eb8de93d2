package platform

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Image is a message to a guild's chat with the bytes of an image.
type Image struct {
	Fields map[string]string // content, msg_id, event_id, message_reference; empty fields are left out
	Type   string            // MIME type
	Size   int64
	Open   func(context.Context) (io.ReadCloser, error)
}

// SendImage posts m as multipart/form-data, its bytes as file_image, streamed. Guilds have no msg_seq: a message that may
// have arrived is not repeated.
func (c *Client) SendImage(ctx context.Context, chat Chat, m Image) (Sent, error) {
	head, tail, contentType, err := form(m)
	if err != nil {
		return Sent{}, &Error{Op: "send", Err: err, final: true}
	}
	sent, err := c.send(ctx, chat, &request{
		timeout: inlineTimeout, endpoint: endpointMessages, path: chat.path("/messages"), contentType: contentType,
		secret: func(s *secrets) { s.addText(m.Fields["content"]) },
		length: int64(len(head)) + m.Size + int64(len(tail)),
		open: func(ctx context.Context) (io.ReadCloser, error) {
			data, err := m.Open(ctx)
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.MultiReader(strings.NewReader(head), data, strings.NewReader(tail)), data}, nil
		},
	})
	return sent, passive(err, m.Fields["msg_id"] != "" || m.Fields["event_id"] != "")
}

// form returns the text before and after the bytes.
func form(m Image) (head, tail, contentType string, _ error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for _, name := range []string{"msg_id", "event_id", "content", "message_reference"} {
		if m.Fields[name] == "" {
			continue
		}
		if err := w.WriteField(name, m.Fields[name]); err != nil {
			return "", "", "", err
		}
	}
	_, extension, _ := strings.Cut(m.Type, "/")
	_, err := w.CreatePart(textproto.MIMEHeader{ // the chat shows no name: the bot's file name is not sent
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file_image"; filename="image.%s"`, extension)},
		"Content-Type":        {m.Type},
	})
	if err != nil {
		return "", "", "", err
	}
	before := buf.Len()
	if err := w.Close(); err != nil {
		return "", "", "", err
	}
	all := buf.String()
	return all[:before], all[before:], w.FormDataContentType(), nil
}
