package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// answer is what the platform answered: an object, null, or nothing that could be read.
type answer struct {
	body   []byte
	object gjson.Result // none unless body is a JSON object

	// What every answer may hold: {"message","code","err_code","trace_id"}.
	code, errCode    int
	message, traceID string
}

// readAnswer returns an answer without fields if body is no JSON object: an HTML page, or nothing.
func readAnswer(body []byte) answer {
	a := answer{body: body}
	if object := gjson.ParseBytes(body); object.IsObject() && json.Valid(body) {
		a.object = object
	}
	for name, v := range fields(a.object) {
		switch name {
		case "code":
			a.code = integer(v.Raw)
		case "err_code":
			a.errCode = integer(v.Raw)
		case "message":
			a.message = text(v)
		case "trace_id":
			a.traceID = text(v)
		}
	}
	return a
}

// unusable returns why a holds nothing to decode; nil if it is an object or null.
func (a answer) unusable() error {
	switch {
	case len(a.body) == 0:
		return errEmpty
	case a.object.Exists():
		return nil
	}
	if err := json.Unmarshal(a.body, &struct{}{}); err != nil {
		return undecodable(err)
	}
	return nil
}

// codes returns err_code, or code if there is none, and code if the two differ.
func (a answer) codes() (code, alias int) {
	code, alias = a.errCode, a.code
	if code == 0 {
		code = alias
	}
	if alias == code {
		alias = 0
	}
	return code, alias
}

// fields ranges over the fields of an object; over nothing if object is none. Of two with the same name the last one is to
// be used, as encoding/json does; their names are exact. Each is read by itself: one of an unexpected type must not hide the
// others.
func fields(object gjson.Result) iter.Seq2[string, gjson.Result] {
	return func(yield func(string, gjson.Result) bool) {
		if object.IsObject() {
			object.ForEach(func(name, v gjson.Result) bool { return yield(name.Str, v) })
		}
	}
}

// field returns the field of object with that name, none if there is none.
func field(object gjson.Result, name string) (found gjson.Result) {
	for each, v := range fields(object) {
		if each == name {
			found = v
		}
	}
	return found
}

// text returns a copy of v, which does not keep the whole answer in memory; "" if v is no string. Invalid UTF-8 becomes U+FFFD.
func text(v gjson.Result) string {
	if v.Type != gjson.String {
		return ""
	}
	return strings.Clone(strings.ToValidUTF8(v.Str, "\uFFFD"))
}

// integer returns the integer that is raw, or in the string that is raw; 0 if there is none.
func integer(raw string) int {
	n, err := parseNumber(raw)
	if err != nil {
		return 0
	}
	return int(n)
}

// number is an integer that may come as a JSON string.
type number int64

// UnmarshalJSON accepts 300 and "300"; null and "" are 0.
func (n *number) UnmarshalJSON(b []byte) error {
	parsed, err := parseNumber(string(b))
	if err == nil {
		*n = parsed
	}
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
