package richmedia

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"github.com/tencent-connect/botgo/dto"
)

// envelope is a push as far as the handler of an event is chosen by it. A field of an unexpected type is read for what it
// says, so that it does not cost the event: botgo's own type refuses the whole payload.
type envelope struct {
	Op looseNumber `json:"op"`
	S  looseNumber `json:"s"`
	T  looseText   `json:"t"`
	ID looseText   `json:"id"`
	D  any         `json:"d"`
}

// readEnvelope reports whether body is an object with an op that can be read; none is 0, an event, as in botgo.
func readEnvelope(body []byte) (*envelope, bool) {
	e := &envelope{}
	if err := json.Unmarshal(body, e); err != nil || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return nil, false
	}
	return e, e.Op != unreadable
}

// payload returns the event as botgo's webhook hands it to handlers, which find their bot by the session's app id.
func (e *envelope) payload(appID string, body []byte) *dto.WSPayload {
	p := &dto.WSPayload{Data: e.D, RawMessage: body, Session: &dto.Session{AppID: appID}}
	p.OPCode, p.Type, p.EventID = dto.OPCode(e.Op), dto.EventType(e.T), string(e.ID)
	if e.S != unreadable {
		p.Seq = uint32(e.S)
	}
	return p
}

// looseNumber is a number from 0 to 1<<32-1, or a string that holds one.
type looseNumber int64

const unreadable looseNumber = -1

func (n *looseNumber) UnmarshalJSON(data []byte) error {
	if string(data) != "null" { // as absent
		*n = parseLoose(string(unquoted(data)))
	}
	return nil
}

func parseLoose(s string) looseNumber {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f < 0 || f > math.MaxUint32 {
		return unreadable
	}
	return looseNumber(f)
}

// looseText is a string, or the text of a number or a bool.
type looseText string

func (t *looseText) UnmarshalJSON(data []byte) error {
	*t = looseText(unquoted(data))
	return nil
}

// unquoted returns the text of a scalar, and nothing of a list, an object or null.
func unquoted(data []byte) []byte {
	switch data[0] {
	case '{', '[', 'n':
		return nil
	case '"':
		if bytes.IndexByte(data, '\\') < 0 {
			return data[1 : len(data)-1]
		}
		var s string
		_ = json.Unmarshal(data, &s) // it is valid, or it would not be here
		return []byte(s)
	}
	return data
}

// sequence reads the d of a heartbeat.
func sequence(d any) (uint32, bool) {
	n := parseLoose(scalar(d))
	return uint32(max(n, 0)), n != unreadable
}

// scalar returns the text of a decoded string or number, and "" of anything else.
func scalar(d any) string {
	switch d := d.(type) {
	case string:
		return d
	case float64:
		return strconv.FormatFloat(d, 'f', -1, 64)
	}
	return ""
}
