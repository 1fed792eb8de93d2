package platform

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// sendTimeout bounds one attempt of a send. The platform asks for at least 5 s, "else sent, but you never saw it" (docs
// 2025-04).
const sendTimeout = 15 * time.Second

// Sent is the answer to a message.
type Sent struct {
	ID        string // "" if the reply was in the chat already, or waits for an audit
	Timestamp string // RFC 3339, or "" if the platform sent something else
	RefIdx    string // the REFIDX by which another message can quote this one; "" if the platform sent none
	Duplicate bool   // (msg_id, msg_seq) was known: the reply is in the chat already
	Again     bool   // a Duplicate of an earlier attempt of this very call, whose answer was lost
	Audited   bool   // accepted, and shown after an audit (guilds)
	AuditID   string // of that audit, as MESSAGE_AUDIT_PASS and MESSAGE_AUDIT_REJECT name it
}

var errNoID = errors.New("the answer holds no message id")

// Send posts the JSON object message. With dedup the platform knows the message by its msg_seq: a send with an unknown
// outcome is repeated, and "msg_seq used" means that the message is in the chat.
func (c *Client) Send(ctx context.Context, chat Chat, message []byte, dedup bool) (Sent, error) {
	sent, err := c.send(ctx, chat, &request{
		timeout: sendTimeout, endpoint: endpointMessages, path: chat.path("/messages"), repeatable: dedup, content: message,
	})
	if err == nil {
		return sent, nil
	}
	var answers struct {
		MsgID   string `json:"msg_id"`
		EventID string `json:"event_id"`
	}
	_ = json.Unmarshal(message, &answers) // of another type: not passive
	return sent, passive(err, answers.MsgID != "" || answers.EventID != "")
}

// passive notes in err whether the message answers an event.
func passive(err error, answers bool) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.passive = answers
	}
	return err
}

// send posts r, a message, to chat. A repeatable r has a msg_seq, or is a later frame of a stream.
func (c *Client) send(ctx context.Context, chat Chat, r *request) (Sent, error) {
	var sent Sent
	dedup := r.repeatable
	r.op, r.chat, r.method = "send", chat, http.MethodPost
	r.decode = func(a answer) (err error) {
		sent, err = decodeSent(a, dedup)
		return err
	}
	err := c.do(ctx, r)
	if e, ok := errors.AsType[*Error](err); ok && dedup && e.Class() == Duplicate {
		return Sent{Duplicate: true, Again: e.before}, nil
	}
	return sent, err
}

// decodeSent decodes the fields that it can. An answer without an id is not trusted (protocol section 5): a repeatable
// message is sent again, and the answer to that is certain. For any other message, a well-formed answer without an error
// means that it was sent.
func decodeSent(a answer, repeatable bool) (Sent, error) {
	if err := a.unusable(); err != nil {
		return Sent{}, err
	}
	sent := Sent{Audited: codes[a.code].class == Audit || codes[a.errCode].class == Audit}
	for name, v := range fields(a.object) {
		switch name {
		case "id":
			sent.ID = text(v)
		case "timestamp":
			sent.Timestamp = rfc3339(v)
		case "ext_info":
			sent.RefIdx = text(field(v, "ref_idx"))
		case "data":
			if sent.Audited {
				sent.AuditID = text(field(field(v, "message_audit"), "audit_id"))
			}
		}
	}
	if sent.ID == "" && repeatable && !sent.Audited {
		return Sent{}, errNoID
	}
	return sent, nil
}

// rfc3339 accepts both documented forms: a string (docs 2026-08), or unix seconds (docs 2025-04).
func rfc3339(v gjson.Result) string {
	if v.Type == gjson.Number {
		return time.Unix(int64(v.Num), 0).Format(time.RFC3339)
	}
	return strings.TrimSpace(text(v))
}
