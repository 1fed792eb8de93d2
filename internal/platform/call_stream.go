package platform

import (
	"context"
	"encoding/json"
)

// Frame is one request of a stream, a message of a single chat that grows. All frames of a stream have the same Markdown,
// MsgID, EventID and MsgSeq, and cost one reply (docs 2026-08; openclaw/openclaw#104634).
type Frame struct {
	Content  string
	Markdown bool
	Replace  bool // Content is the whole text so far; else it follows the text of the frames before
	Last     bool
	Index    int    // from 0 on
	StreamID string // the ID of the first frame's answer; "" in the first frame
	MsgID    string
	EventID  string
	MsgSeq   uint32 // 0: none
}

// The input_state of a frame.
const (
	frameMore = 1
	frameLast = 10
)

// SendFrame posts f. A frame whose outcome is unknown is repeated as it is, under its index: the platform knows the first
// one by its msg_seq, without which it is not repeated, and the others by their stream. The answer to the first frame has
// the stream's ID.
func (c *Client) SendFrame(ctx context.Context, chat Chat, f Frame) (Sent, error) {
	wire := struct {
		Content     string `json:"content_raw"`
		ContentType string `json:"content_type"`
		Mode        string `json:"input_mode"`
		State       int    `json:"input_state"`
		Index       int    `json:"index"`
		StreamID    string `json:"stream_msg_id,omitempty"`
		MsgID       string `json:"msg_id,omitempty"`
		EventID     string `json:"event_id,omitempty"`
		MsgSeq      uint32 `json:"msg_seq,omitempty"`
	}{f.Content, "text", "append", frameMore, f.Index, f.StreamID, f.MsgID, f.EventID, f.MsgSeq}
	if f.Markdown {
		wire.ContentType = "markdown"
	}
	if f.Replace {
		wire.Mode = "replace"
	}
	if f.Last {
		wire.State = frameLast
	}
	body, err := json.Marshal(wire)
	if err != nil {
		return Sent{}, &Error{Op: "send", Err: err, final: true}
	}
	sent, err := c.send(ctx, chat, &request{
		timeout: sendTimeout, endpoint: endpointStreams, path: chat.path("/stream_messages"), content: body,
		repeatable: f.MsgSeq != 0 || f.Index > 0,
	})
	return sent, passive(err, f.MsgID != "" || f.EventID != "")
}
