package platform

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secrets are values that must not stand in a text: the token, the file_info and the addresses of the call whose failure
// is described. A platform, or a proxy in front of it, may quote the request.
type secrets []string

// minSecret is the length from which on a value is replaced. Shorter ones are parts of common words.
const minSecret = 5

func (s *secrets) add(value string) {
	if len(value) >= minSecret {
		*s = append(*s, value)
	}
}

// addAddress adds the parts of an address that may be credentials: user and password, query, fragment.
func (s *secrets) addAddress(a string) {
	rest, fragment, _ := strings.Cut(a, "#")
	rest, query, _ := strings.Cut(rest, "?")
	s.add(fragment)
	s.add(query)
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		if _, value, ok := strings.Cut(pair, "="); ok {
			s.add(value)
		}
	}
	if _, rest, ok := strings.Cut(rest, "//"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			user, password, _ := strings.Cut(rest[:at], ":")
			s.add(rest[:at])
			s.add(user)
			s.add(password)
		}
	}
}

// addMessage adds the file_info and the addresses of a JSON message.
func (s *secrets) addMessage(message []byte) {
	var v any
	if json.Unmarshal(message, &v) == nil {
		s.addValue("", v)
	}
}

func (s *secrets) addValue(key string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, v := range v {
			s.addValue(key, v)
		}
	case []any:
		for _, v := range v {
			s.addValue(key, v)
		}
	case string:
		if key == "file_info" {
			s.add(v)
		}
		s.addText(v)
	}
}

// addText adds the addresses in a text of the bot.
func (s *secrets) addText(text string) {
	for _, a := range address.FindAllString(text, -1) {
		s.addAddress(a)
	}
}

// clean returns text without the secrets, in each form in which they may be quoted, and then as Clean does.
func (s secrets) clean(text string) string {
	if re := s.pattern(); re != nil {
		text = re.ReplaceAllString(text, "...")
		text = re.ReplaceAllString(oneLine(text), "...")
	}
	return Clean(text)
}

// pattern matches the secrets, nil if there are none. The longest comes first: one may be a part of another.
func (s secrets) pattern() *regexp.Regexp {
	var forms []string
	for _, value := range s {
		quoted := strconv.Quote(value)
		values := []string{value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value), quoted[1 : len(quoted)-1]}
		for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
			if plain, err := unescape(value); err == nil {
				values = append(values, plain, url.QueryEscape(plain), url.PathEscape(plain))
			}
		}
		if encoded, err := json.Marshal(value); err == nil {
			values = append(values, string(encoded[1:len(encoded)-1]))
		}
		for _, v := range values {
			if v = strings.ToValidUTF8(v, ""); len(v) >= minSecret {
				forms = append(forms, v, oneLine(v))
			}
		}
	}
	forms = slices.DeleteFunc(forms, func(v string) bool { return len(v) < minSecret })
	if len(forms) == 0 {
		return nil
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	forms = slices.Compact(forms)
	for i, v := range forms {
		forms[i] = regexp.QuoteMeta(v)
	}
	return regexp.MustCompile("(?i)" + strings.Join(forms, "|"))
}

// hide returns err if its text is clean, else an error with the clean text that still is err for errors.Is and errors.As.
func (s secrets) hide(err error) error {
	if err == nil {
		return nil
	}
	if text := s.clean(err.Error()); text != err.Error() {
		return &hidden{text: text, err: err}
	}
	return err
}

// hidden is an error whose text held a secret. It does not unwrap, so that nothing prints the text.
type hidden struct {
	text string
	err  error
}

func (e *hidden) Error() string        { return e.text }
func (e *hidden) Is(target error) bool { return errors.Is(e.err, target) }
func (e *hidden) As(target any) bool   { return errors.As(e.err, target) }
