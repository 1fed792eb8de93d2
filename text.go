package richmedia

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// tags are what the platform writes into the content of a message. What a user types cannot be one: it comes with its "<"
// escaped. The forms of faces are <faceType=1,faceId="300",ext="..."> (AstrBotDevs/AstrBot#6294) and <faceType=101 faceName=微笑>
// (qqbot-nodejs).
var (
	tags     = regexp.MustCompile(`<(faceType=|qqbot-cmd-input |qqbot-cmd-enter )([^<>]*)>(?:</qqbot-cmd-(?:input|enter)>)?`)
	faceExt  = regexp.MustCompile(`(?:^|,)\s*ext="([^"]*)"`)
	faceName = regexp.MustCompile(`[\s,]faceName="?([^"\s,/]+)`)
	command  = regexp.MustCompile(`(?:^|\s)text=(?:"([^"]*)"|'([^']*)')`)
)

// unescaped undoes the escapes of a message's content, once: a user who types &lt; sends &amp;lt;.
var unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&apos;", "'", "&amp;", "&")

// readable returns content as its author saw it: faces as their text in brackets, commands as their text, and escapes undone.
// A tag without a text stays as it is.
func readable(content string) string {
	if !strings.ContainsAny(content, "<&") {
		return content
	}
	var b strings.Builder
	rest := 0
	for _, at := range tags.FindAllStringSubmatchIndex(content, -1) {
		text := ""
		if name, inside := content[at[2]:at[3]], content[at[4]:at[5]]; name == "faceType=" {
			text = face(inside)
		} else {
			text = commandText(inside)
		}
		if text == "" {
			continue
		}
		// The text of a tag has escapes of its own, and a "&" in front of a tag begins none with it.
		b.WriteString(unescaped.Replace(content[rest:at[0]]))
		b.WriteString(text)
		rest = at[1]
	}
	b.WriteString(unescaped.Replace(content[rest:]))
	return b.String()
}

// face returns the text of a face in brackets, which some faces have already; "" if the tag holds none.
func face(inside string) string {
	text := ""
	if m := faceExt.FindStringSubmatch(inside); m != nil {
		text = faceText(m[1])
	}
	if m := faceName.FindStringSubmatch(inside); text == "" && m != nil {
		text = unescaped.Replace(m[1])
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		return text
	}
	return "[" + text + "]"
}

// faceText decodes ext, base64 of JSON with a text, of a face.
func faceText(ext string) string {
	ext = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(ext, "="))
	data, err := base64.RawStdEncoding.DecodeString(ext)
	if err != nil {
		return ""
	}
	var said struct {
		Text looseString `json:"text"`
	}
	_ = json.Unmarshal(data, &said) // a tag without a text
	return string(said.Text)
}

// commandText returns the text of a command that was tapped in a message of the bot, which wrote it percent-encoded (docs
// 2026-08, text chains); "" if the tag holds none.
func commandText(inside string) string {
	m := command.FindStringSubmatch(inside)
	if m == nil {
		return ""
	}
	text := unescaped.Replace(m[1] + m[2])
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}
