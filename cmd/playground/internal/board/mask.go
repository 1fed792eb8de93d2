package board

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// maxShown is how many bytes of a request or an answer are kept.
const maxShown = 6 << 10

// secrets are the lower-case names of fields whose values are masked at any depth.
var secrets = map[string]bool{
	"access_token": true, "token": true, "clientsecret": true, "client_secret": true, "secret": true, "signature": true,
	"authorization": true, "auth_token": true,
}

func secret(key string) bool { return secrets[strings.ToLower(key)] }

var (
	queries = regexp.MustCompile(`(?i)(https?://[^\s?"']*)\?[^\s"']*`)
	pairs   = regexp.MustCompile(`(?i)\b(auth_token|access_token|token|secret|signature)=[^&\s"']+`)
)

// maskText masks credentials in a text: queries of URLs, and pairs such as auth_token=...
func maskText(s string) string {
	return pairs.ReplaceAllString(queries.ReplaceAllString(s, "$1?••••"), "$1=••••")
}

// MaskError returns err's text with credentials masked.
func MaskError(err error) string { return maskText(err.Error()) }

// MaskFileInfo returns the ends of a file_info and its length, enough to distinguish two of them.
func MaskFileInfo(v string) string {
	if len(v) < 16 {
		return "••••"
	}
	return fmt.Sprintf("%s••••%s (%d)", v[:3], v[len(v)-3:], len(v))
}

// MaskURL returns rawURL without its query, which may be a credential.
func MaskURL(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "••••"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = ""
		return u.String() + "?••••"
	}
	return u.String()
}

// Mask returns a body for the page: JSON indented, in its own order, with secrets masked, and cut off where body is. HTML and
// XML are returned as they are. Of anything else only the size is shown.
func Mask(body []byte, size int64) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	switch body[0] {
	case '{', '[':
		return clip(maskJSON(body, size))
	case '<':
		return clip(string(body))
	}
	return fmt.Sprintf("(%d bytes)", size)
}

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "\n…"
}

func maskJSON(body []byte, size int64) string {
	var out strings.Builder
	m := masker{dec: json.NewDecoder(bytes.NewReader(body)), out: &out}
	m.dec.UseNumber()
	if err := m.value("", 0); err != nil {
		if m.key == "file_data" {
			out.WriteString(`"(base64)"`)
		}
		_, _ = fmt.Fprintf(&out, "\n… (%d bytes in all)", size)
	}
	return out.String()
}

// masker copies JSON token by token.
type masker struct {
	dec *json.Decoder
	out *strings.Builder
	key string // whose value is next
}

func (m *masker) value(key string, depth int) error {
	m.key = key
	t, err := m.dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return m.inside(t, depth)
	case string:
		m.quote(maskValue(key, t))
	case json.Number:
		if secret(key) {
			m.quote("••••")
			break
		}
		m.out.WriteString(t.String())
	case nil:
		m.out.WriteString("null")
	default:
		_, _ = fmt.Fprint(m.out, t)
	}
	return nil
}

func (m *masker) inside(open json.Delim, depth int) error {
	if depth > 32 {
		return fmt.Errorf("too deep")
	}
	m.out.WriteString(open.String())
	first := true
	for m.dec.More() {
		if !first {
			m.out.WriteByte(',')
		}
		first = false
		m.line(depth + 1)
		key := ""
		if open == '{' {
			t, err := m.dec.Token()
			if err != nil {
				return err
			}
			key, _ = t.(string)
			m.quote(key)
			m.out.WriteString(": ")
		}
		if err := m.value(key, depth+1); err != nil {
			return err
		}
	}
	t, err := m.dec.Token()
	if err != nil {
		return err
	}
	if !first {
		m.line(depth)
	}
	_, _ = fmt.Fprint(m.out, t)
	return nil
}

func (m *masker) line(depth int) {
	m.out.WriteByte('\n')
	m.out.WriteString(strings.Repeat("  ", depth))
}

func (m *masker) quote(s string) {
	var one bytes.Buffer
	enc := json.NewEncoder(&one)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string, into memory
	m.out.Write(bytes.TrimSuffix(one.Bytes(), []byte("\n")))
}

func maskValue(key, v string) string {
	switch {
	case secret(key):
		return "••••"
	case key == "file_info":
		return MaskFileInfo(v)
	case key == "file_data":
		return fmt.Sprintf("(base64, %d characters)", len(v))
	case strings.HasPrefix(v, "http://"), strings.HasPrefix(v, "https://"):
		return MaskURL(v)
	}
	return maskText(v)
}
