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

// answer is what the platform answered: an object, null, or nothing that could be read. Its fields are read one by one, so
// that one of an unexpected type does not hide the others.
type answer struct {
	body   []byte
	fields gjson.Result
}

// readAnswer returns an answer without fields if body is no JSON object: an HTML page, or nothing.
func readAnswer(body []byte) answer {
	a := answer{body: body}
	if fields := gjson.ParseBytes(body); fields.IsObject() && json.Valid(body) {
		a.fields = fields
	}
	return a
}

// text returns the string at path, "" if there is none.
func (a answer) text(path string) string {
	switch v := a.fields.Get(path); {
	case v.Type != gjson.String:
		return ""
	case strings.IndexByte(v.Raw, '\\') < 0 && utf8.ValidString(v.Raw):
		return strings.Clone(v.Str) // which does not keep the whole answer in memory
	default:
		return text(json.RawMessage(v.Raw))
	}
}

// integer returns the integer at path, 0 if there is none.
func (a answer) integer(path string) int {
	v := a.fields.Get(path)
	if !v.Exists() {
		return 0
	}
	return integer(json.RawMessage(v.Raw))
}

// codes returns err_code, or code if there is none, and code if the two differ.
func (a answer) codes() (code, alias int) {
	code, alias = a.integer("err_code"), a.integer("code")
	if code == 0 {
		code = alias
	}
	if alias == code {
		alias = 0
	}
	return code, alias
}

// integer returns 0 if raw is no integer.
func integer(raw json.RawMessage) int {
	var n number
	if n.UnmarshalJSON(raw) != nil {
		return 0
	}
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
