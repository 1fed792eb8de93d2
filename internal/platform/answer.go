package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// answer is the part that every answer of the platform may hold: {"message","code","err_code","trace_id"}. The fields are
// decoded one by one: one of an unexpected type must not hide the others.
type answer struct {
	Code    json.RawMessage `json:"code"`
	ErrCode json.RawMessage `json:"err_code"`
	Message json.RawMessage `json:"message"`
	TraceID json.RawMessage `json:"trace_id"`
}

// decodeAnswer returns an empty answer if data is no JSON object: an HTML page, or nothing.
func decodeAnswer(data []byte) (a answer) {
	if err := json.Unmarshal(data, &a); err != nil {
		return answer{}
	}
	return a
}

// codes returns err_code, or code if there is none, and code if the two differ.
func (a answer) codes() (code, alias int) {
	code, alias = integer(a.ErrCode), integer(a.Code)
	if code == 0 {
		code = alias
	}
	if alias == code {
		alias = 0
	}
	return code, alias
}

func (a answer) message() string { return text(a.Message) }
func (a answer) traceID() string { return text(a.TraceID) }

// integer returns 0 if raw is no integer.
func integer(raw json.RawMessage) int {
	if len(raw) == 0 { // the usual case, for which json would allocate an error
		return 0
	}
	var n number
	_ = json.Unmarshal(raw, &n)
	return int(n)
}

// text returns "" if raw is no string.
func text(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// number is an integer that may come as a JSON string.
type number int64

// UnmarshalJSON accepts 300 and "300"; null and "" are 0.
func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		return nil
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is no integer", s)
	}
	*n = number(i)
	return nil
}

// undecodable returns the error for an answer that could not be decoded, without quoting it: it may hold a file_info.
func undecodable(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("the answer is not JSON, or was cut off")
	}
	if field, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("the answer's field " + field.Field + " is a JSON " + field.Value)
	}
	return errors.New("the answer could not be decoded")
}
