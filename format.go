package richmedia

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffLen is how much of the content decides what it is.
const sniffLen = 3072

// kindRule is what the platform takes for a kind.
type kindRule struct {
	name  string
	takes string   // for messages
	types []string // MIME types as mimetype names them; nil: anything
	hard  int64    // bytes; beyond it the platform answers 850031
}

// hardLimit is the same for every kind (docs 2026-08).
const hardLimit = 200 << 20

// kindRules follows docs 2026-08, where the API page and the guide differ the union of both: whatever either
// lists is the platform's to judge. Over a soft size (20 MB for images and voice, 30 MB for video) the platform
// shows a file card instead.
var kindRules = map[Kind]kindRule{
	KindImage: {
		"image", "png, jpg, gif, webp or bmp",
		[]string{"image/png", "image/apng", "image/jpeg", "image/gif", "image/webp", "image/bmp"},
		hardLimit,
	},
	KindVideo: {"video", "mp4", []string{"video/mp4", "video/x-m4v"}, hardLimit},
	KindVoice: {
		"voice", "silk, mp3, wav or ogg",
		[]string{silkType, "audio/mpeg", "audio/wav", "audio/ogg", "application/ogg"},
		hardLimit,
	},
	KindFile: {"file", "anything", nil, hardLimit},
}

// silkType is the name used here for Tencent's silk, which mimetype does not know.
const silkType = "audio/silk"

// sniff names the format of content that begins with head.
func sniff(head []byte) string {
	// Tencent puts one byte 0x02 before the standard's header (tencent-connect/botpy#233).
	if bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte("#!SILK_V3")) {
		return silkType
	}
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return name
}

// checkFormat refuses what the platform would refuse after the upload.
func checkFormat(kind Kind, head []byte) error {
	rule := kindRules[kind]
	if rule.types == nil {
		return nil
	}
	got := sniff(head)
	for _, want := range rule.types {
		if got == want || mimetype.EqualsAny(got, want) {
			return nil
		}
	}
	return fmt.Errorf("%w: the content is %s, and as %s the platform takes %s; ReplyFile takes anything",
		ErrUnsupported, got, article(rule.name), rule.takes)
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// tooLarge is the error for content over the kind's hard limit.
func tooLarge(kind Kind, size int64) error {
	rule := kindRules[kind]
	return fmt.Errorf("%w: %d bytes, and as %s the platform takes %d at most", ErrTooLarge, size, article(rule.name), rule.hard)
}
