package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// answer is what the platform answered: an object, null, or nothing that could be read. Its fields are raw JSON, "" if there is
// none, and are decoded one by one, so that one of an unexpected type does not hide the others.
type answer struct {
	body   []byte
	object bool

	code, errCode, message, traceID string // of every answer
	id, timestamp, extInfo, data    string // of a message
}

// readAnswer returns an answer without fields if body is no JSON object: an HTML page, or nothing.
func readAnswer(body []byte) answer {
	a := answer{body: body}
	fields := gjson.ParseBytes(body)
	if a.object = fields.IsObject() && json.Valid(body); !a.object {
		return a
	}
	fields.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "code":
			a.code = value.Raw
		case "err_code":
			a.errCode = value.Raw
		case "message":
			a.message = value.Raw
		case "trace_id":
			a.traceID = value.Raw
		case "id":
			a.id = value.Raw
		case "timestamp":
			a.timestamp = value.Raw
		case "ext_info":
			a.extInfo = value.Raw
		case "data":
			a.data = value.Raw
		}
		return true
	})
	return a
}

// codes returns err_code, or code if there is none, and code if the two differ.
func (a *answer) codes() (code, alias int) {
	code, alias = integer(a.errCode), integer(a.code)
	if code == 0 {
		code = alias
	}
	if alias == code {
		alias = 0
	}
	return code, alias
}

// integer returns 0 if raw, JSON or "", is no integer.
func integer(raw string) int {
	n, err := parseNumber(raw)
	if err != nil {
		return 0
	}
	return int(n)
}

// text returns "" if raw, JSON or "", is no string.
func text(raw string) string {
	if raw == "" || raw[0] != '"' {
		return ""
	}
	if strings.IndexByte(raw, '\\') < 0 && utf8.ValidString(raw) {
		return strings.Clone(raw[1 : len(raw)-1]) // which does not keep the whole answer in memory
	}
	var s string
	_ = json.Unmarshal([]byte(raw), &s)
	return s
}

// number is an integer that may come as a JSON string.
type number int64

// UnmarshalJSON accepts 300 and "300"; null and "" are 0.
func (n *number) UnmarshalJSON(b []byte) (err error) {
	*n, err = parseNumber(string(b))
	return err
}

func parseNumber(raw string) (number, error) {
	s := strings.Trim(raw, `"`)
	if s == "" || s == "null" {
		return 0, nil
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no integer", s)
	}
	return number(i), nil
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
