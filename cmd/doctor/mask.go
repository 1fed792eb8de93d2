package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// masked is text that may leave the process. A constant is one by itself; what the platform or the user sent becomes one only
// through the functions of this file, which keep lengths, types and small numbers.
type masked string

// maxDigits is the length of the longest number that is shown. App ids have nine digits and more, error codes at most eight.
const maxDigits = 8

// number masks an integer.
func number(n int64) masked {
	s := strconv.FormatInt(n, 10)
	if len(strings.TrimPrefix(s, "-")) > maxDigits {
		return masked(fmt.Sprintf("<number of %d digits>", len(s)))
	}
	return masked(s)
}

// took masks a duration.
func took(d time.Duration) masked { return masked(d.Round(time.Millisecond).String()) }

// length masks a string: its length is left.
func length(s string) masked { return masked(fmt.Sprintf("<%d characters>", len(s))) }

// oneOf returns s if it is one of the known words.
func oneOf(s string, known ...masked) masked {
	if slices.Contains(known, masked(s)) {
		return masked(s)
	}
	return "another: " + length(s)
}

// presence reports whether a field is in the object.
func presence(object map[string]any, field string) masked {
	switch v, ok := object[field]; {
	case !ok:
		return "absent"
	case v == "":
		return "empty"
	default:
		return "present"
	}
}

// encoding is the form of a file_info.
func encoding(info string) masked {
	if raw, err := base64.StdEncoding.DecodeString(info); err == nil && base64.StdEncoding.EncodeToString(raw) == info {
		return "padded base64"
	}
	return "not base64"
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// typeOf is the JSON type of a value, and whether a string is a number.
func typeOf(v any) masked {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case json.Number:
		return "number"
	case string:
		if digits.MatchString(v) {
			return "string of digits"
		}
		return "string"
	case []any:
		return "list"
	}
	return "object"
}

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// maxShape bounds how deep a shape goes.
const maxShape = 5

// shape is the fields of a JSON value with their types, in alphabetical order. A list has the shape of its first element.
// A name that does not look like a field's is masked, because a map's keys may be ids.
func shape(v any) masked { return shapeAt(v, maxShape) }

func shapeAt(v any, depth int) masked {
	if depth == 0 {
		return "..."
	}
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + shapeAt(v[0], depth-1) + "]"
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		parts := make([]string, len(names))
		for i, name := range names {
			shown := masked(name)
			if !fieldName.MatchString(name) || strings.IndexFunc(name, isDigit) >= 0 && len(name) > 12 {
				shown = "<name>"
			}
			parts[i] = string(shown + ":" + shapeAt(v[name], depth-1))
		}
		return masked("{" + strings.Join(parts, " ") + "}")
	}
	return typeOf(v)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// decode reads JSON and keeps its numbers as they are written. It returns nil if data is no JSON.
func decode(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// object returns v as a JSON object, which is empty if v is none.
func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

// integer reads a number, which the platform writes as one or as a string. It is 0 if v is neither.
func integer(v any) int64 {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	}
	return 0
}

// str returns v if it is a string.
func str(v any) string {
	s, _ := v.(string)
	return s
}
