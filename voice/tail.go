package voice

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// tail keeps the last bytes that ffmpeg wrote to its standard error. It is safe for concurrent use.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// tailSize is how much is kept, in bytes.
const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p[max(0, len(p)-tailSize):]...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = t.b[:copy(t.b, t.b[over:])]
	}
	return len(p), nil
}

// known are lines that hold the reason, and their meaning; other lines follow them, differently in each version.
var known = []struct{ said, means string }{
	{"matches no streams", "the input has no audio"},
	{"not on whitelist", "a picture, a playlist or another format that is not opened here"},
	{"moov atom not found", "the input is cut short"},
	{"Empty output", "the input holds no sound"},
	{"Invalid data found when processing input", "it is damaged, or in a format that ffmpeg cannot read"},
}

// noise stands before and between the words: the part of ffmpeg that writes, such as "[mp3 @ 0x55d0c8a7b2c0] ", and
// colours.
var noise = regexp.MustCompile(`^(\[[^\]]* @ [^\]]*\] ?)+|\x1b\[[0-9;]*m`)

// reason returns why ffmpeg failed, in one line: the known one, else the last one. file is the name of the input, "" if it
// has none; it means nothing to a reader.
func (t *tail) reason(file string) string {
	t.mu.Lock()
	text := strings.ToValidUTF8(string(t.b), "?")
	t.mu.Unlock()
	if file != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "file:"+file, "the input"), file, "the input")
	}
	text = strings.ReplaceAll(text, "pipe:0", "the input")
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = clean(line); line != "" {
			lines = append(lines, line)
		}
	}
	for _, k := range known {
		for _, line := range lines {
			if strings.Contains(line, k.said) {
				return strings.TrimSuffix(line, ".") + ": " + k.means
			}
		}
	}
	if len(lines) == 0 {
		return "it said nothing"
	}
	return lines[len(lines)-1]
}

// clean returns line in a form that can stand in an error.
func clean(line string) string {
	line = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, noise.ReplaceAllString(line, "")))
	const longest = 300
	if runes := []rune(line); len(runes) > longest {
		line = string(runes[:longest]) + "..."
	}
	return line
}
