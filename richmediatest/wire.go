package richmediatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// fields is a JSON object whose values are read one by one with their exact name and type. encoding/json alone would take
// "File_Type" for file_type; the platform does not. A null is an absent field.
type fields map[string]json.RawMessage

func parseFields(body []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("the body is no JSON object: %w", err)
	}
	if f == nil {
		return nil, fmt.Errorf("the body is null, not a JSON object")
	}
	for k, v := range f {
		if string(v) == "null" {
			delete(f, k)
		}
	}
	return f, nil
}

// value decodes the named field into v and reports whether it is there.
func (f fields) value(name string, v any, want string) (bool, error) {
	raw, ok := f[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return true, fmt.Errorf("%s is no %s", name, want)
	}
	return true, nil
}

func (f fields) text(name string) (string, error) {
	var s string
	_, err := f.value(name, &s, "string")
	return s, err
}

func (f fields) integer(name string) (n int64, ok bool, err error) {
	ok, err = f.value(name, &n, "integer")
	return n, ok, err
}

func (f fields) boolean(name string) (bool, error) {
	var b bool
	_, err := f.value(name, &b, "boolean")
	return b, err
}

// object returns the named field, which must be a JSON object, or nil when it is absent.
func (f fields) object(name string) (json.RawMessage, error) {
	raw, ok := f[name]
	if !ok {
		return nil, nil
	}
	if !strings.HasPrefix(string(bytes.TrimSpace(raw)), "{") {
		return nil, fmt.Errorf("%s is no object", name)
	}
	return bytes.Clone(raw), nil
}
