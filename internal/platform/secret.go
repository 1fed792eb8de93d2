package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
		if at := address.FindStringIndex(v); at != nil && at[0] == 0 {
			s.addAddress(v) // all of it, which may hold a blank
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

// clean returns text without the secrets, however they are quoted, in the form of Clean.
func (s secrets) clean(text string) string {
	if text == "" {
		return ""
	}
	return Clean(s.replace(text))
}

// maxQuoted bounds how much of a text is looked at, in bytes. A secret that is cut at the end is not found, so that the end
// is not used: longest is more than any secret takes.
const (
	maxQuoted = 64 << 10
	longest   = 8 << 10
)

// replace returns text with each secret replaced by "...".
func (s secrets) replace(text string) string {
	end := len(text)
	if end > maxQuoted {
		text, end = text[:maxQuoted], maxQuoted-longest
	}
	in := fold(text)
	hit := make([]bool, len(text)+1) // bytes of a secret
	for _, value := range s {
		secret := fold(value).bytes
		if len(secret) < minSecret {
			continue
		}
		for from := 0; ; {
			i := bytes.Index(in.bytes[from:], secret)
			if i < 0 {
				break
			}
			from += i
			last := from + len(secret) - 1
			for b := in.start[from]; b < in.end[last]; b++ {
				hit[b] = true
			}
			from++
		}
	}
	var b strings.Builder
	for i := range end {
		switch {
		case !hit[i]:
			b.WriteByte(text[i])
		case i == 0 || !hit[i-1]:
			b.WriteString("...")
		}
	}
	return b.String()
}

// folded is a text in which every way to quote it is the same: without escapes, white space and case.
type folded struct {
	bytes      []byte
	start, end []int // of each byte, in the text
}

// fold undoes all levels of quoting: an address in JSON in a form, say.
func fold(text string) folded {
	f := folded{bytes: []byte(text), start: make([]int, len(text)), end: make([]int, len(text))}
	for i := range len(text) {
		f.start[i], f.end[i] = i, i+1
	}
	const most = 8
	for range most {
		if !bytes.ContainsAny(f.bytes, `\%&`) {
			break
		}
		before := len(f.bytes)
		if f = f.each(unquote); len(f.bytes) == before {
			break
		}
	}
	return f.each(letter) // not before: "100% f1" holds no escape
}

// each replaces the first n bytes by what they stand for, and goes on after them.
func (f folded) each(replace func([]byte) (plain []byte, n int)) folded {
	out := folded{bytes: make([]byte, 0, len(f.bytes)), start: make([]int, 0, len(f.bytes)), end: make([]int, 0, len(f.bytes))}
	for i := 0; i < len(f.bytes); {
		plain, n := replace(f.bytes[i:])
		for _, b := range plain {
			out.bytes = append(out.bytes, b)
			out.start, out.end = append(out.start, f.start[i]), append(out.end, f.end[i+n-1])
		}
		i += n
	}
	return out
}

// unquote undoes one level of quoting.
func unquote(b []byte) (plain []byte, n int) {
	switch c := b[0]; {
	case c == '\\' && len(b) >= 6 && b[1] == 'u':
		if r, err := strconv.ParseUint(string(b[2:6]), 16, 16); err == nil {
			return utf8.AppendRune(nil, rune(r)), 6
		}
		return nil, 1
	case c == '\\':
		return nil, 1
	case c == '%' && len(b) >= 3:
		if v, err := strconv.ParseUint(string(b[1:3]), 16, 8); err == nil {
			return []byte{byte(v)}, 3
		}
	case c == '&':
		const entity = 8
		if end := bytes.IndexByte(b[:min(len(b), entity)], ';'); end > 0 {
			if plain := html.UnescapeString(string(b[:end+1])); plain != string(b[:end+1]) {
				return []byte(plain), end + 1
			}
		}
	}
	return b[:1], 1
}

// letter returns a character in lower case, and nothing for white space, for what cannot be printed, and for the plus that
// is a blank in a query.
func letter(b []byte) (plain []byte, n int) {
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError:
		return b[:n], n
	case r == '+', unicode.IsSpace(r), !unicode.IsPrint(r):
		return nil, n
	}
	if lower := unicode.ToLower(r); lower != r {
		return utf8.AppendRune(nil, lower), n
	}
	return b[:n], n
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
