package platform

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// sendTimeout bounds one attempt of a send. The platform asks for 5 s at least, "else sent, but you never saw
// it" (docs 2025-04).
const sendTimeout = 15 * time.Second

// Sent is the answer to a message.
type Sent struct {
	ID        string // "" when the reply was in the chat already, or waits for an audit
	Timestamp string // RFC 3339, or "" when the platform sent something else
	Duplicate bool   // (msg_id, msg_seq) was known: the reply is in the chat already
	Again     bool   // a Duplicate of an earlier attempt of this very call, whose answer was lost
	Audited   bool   // accepted, and shown after an audit (guilds)
	AuditID   string // of that audit, by which MESSAGE_AUDIT_PASS and MESSAGE_AUDIT_REJECT name it
}

var errNoID = errors.New("the answer holds no message id")

// Send posts the JSON object message. With dedup the platform knows the message by its msg_seq: a send whose
// outcome is unknown is repeated, and "msg_seq used" means that it is in the chat.
func (c *Client) Send(ctx context.Context, chat Chat, message []byte, dedup bool) (Sent, error) {
	r := &request{timeout: sendTimeout, repeatable: dedup}
	r.length, r.open = fixed(message)
	return c.send(ctx, chat, r)
}

// send posts r to chat. What is repeatable has a msg_seq.
func (c *Client) send(ctx context.Context, chat Chat, r *request) (Sent, error) {
	var sent Sent
	dedup := r.repeatable
	r.op, r.endpoint, r.chat, r.method, r.path = "send", endpointMessages, chat, http.MethodPost, chat.path("/messages")
	r.decode = func(body []byte) (err error) {
		sent, err = decodeSent(body, dedup)
		return err
	}
	err := c.do(ctx, r)
	var e *Error
	if dedup && errors.As(err, &e) && e.Class() == Duplicate {
		return Sent{Duplicate: true, Again: e.before}, nil
	}
	return sent, err
}

// decodeSent reads what can be read. An answer without an id is not trusted (protocol section 5): where a
// repetition is harmless it is made, and then tells for certain. Where it is not, a well-formed answer without
// an error is a message that was sent.
func decodeSent(body []byte, repeatable bool) (Sent, error) {
	var a struct {
		ID        any             `json:"id"`
		Timestamp any             `json:"timestamp"`
		Code      json.RawMessage `json:"code"`
		ErrCode   json.RawMessage `json:"err_code"`
		Data      json.RawMessage `json:"data"`
	}
	if len(body) == 0 {
		return Sent{}, errEmpty
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return Sent{}, undecodable(err)
	}
	id, _ := a.ID.(string)
	audited := codes[integer(a.Code)].class == Audit || codes[integer(a.ErrCode)].class == Audit
	if id == "" && repeatable && !audited {
		return Sent{}, errNoID
	}
	sent := Sent{ID: id, Timestamp: rfc3339(a.Timestamp), Audited: audited}
	if audited {
		sent.AuditID = auditID(a.Data)
	}
	return sent, nil
}

// auditID reads what is known of an audit; "" where the answer does not say it.
func auditID(data json.RawMessage) string {
	var d struct {
		Audit struct {
			ID string `json:"audit_id"`
		} `json:"message_audit"`
	}
	_ = json.Unmarshal(data, &d)
	return d.Audit.ID
}

// rfc3339 takes both documented forms: a string (docs 2026-08), or unix seconds (docs 2025-04).
func rfc3339(v any) string {
	switch t := v.(type) {
	case string:
		return strings.TrimSpace(t)
	case float64:
		return time.Unix(int64(t), 0).Format(time.RFC3339)
	}
	return ""
}
