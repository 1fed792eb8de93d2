package richmedia

import (
	"fmt"
	"slices"

	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// kindRule is what the platform accepts for a kind.
type kindRule struct {
	name  string
	words string   // the formats, for errors
	types []string // as internal/sniff names them; nil if every format is accepted
	soft  int64    // bytes; beyond it the platform shows a file card instead, without a caption
	hard  int64    // bytes; beyond it the platform answers 850031
}

const (
	megabyte  = 1 << 20
	hardLimit = 200 * megabyte // the same for every kind (docs 2026-08)
)

// kindRules is the one place that says what each kind accepts. It follows docs 2026-08. If their two pages differ it is the
// union of both, because the platform judges everything that either page lists:
//
//	        API page (/files)   guide (rich media)          soft      hard
//	image   png, jpg            png, jpg, gif, webp, bmp    20 MB     200 MB
//	video   mp4                 mp4                         30 MB     200 MB
//	voice   silk                silk, mp3, wav, ogg         20 MB     200 MB
//	file    any                 any                         200 MB    200 MB
//
// docs 2026-06 had flac instead of ogg; the newest documents count.
var kindRules = map[Kind]kindRule{
	KindImage: {
		name: "image", words: "png, jpg, gif, webp or bmp",
		types: []string{sniff.PNG, sniff.APNG, sniff.JPEG, sniff.GIF, sniff.WebP, sniff.BMP},
		soft:  20 * megabyte, hard: hardLimit,
	},
	KindVideo: {name: "video", words: "mp4", types: []string{sniff.MP4}, soft: 30 * megabyte, hard: hardLimit},
	KindVoice: {
		name: "voice", words: "silk, mp3, wav or ogg",
		types: []string{sniff.Silk, sniff.MP3, sniff.WAV, sniff.Ogg},
		soft:  20 * megabyte, hard: hardLimit,
	},
	KindFile: {name: "file", words: "anything", soft: hardLimit, hard: hardLimit},
}

// overSoft reports whether the platform shows a file card instead of size bytes of kind.
func overSoft(kind Kind, size int64) bool {
	rule, ok := kindRules[kind]
	return ok && size > rule.soft
}

// checkFormat refuses a format, a result of sniff.Format, that the platform would refuse after the upload.
func checkFormat(kind Kind, format string) error {
	rule := kindRules[kind]
	if rule.types == nil || slices.Contains(rule.types, format) {
		return nil
	}
	instead := "ReplyFile takes anything"
	if kind == KindVoice && !undecodable(format) {
		instead += ", and WithVoiceEncoder makes voices of other audio"
	}
	return fmt.Errorf("%w: the content is %s, and as %s the platform takes %s; %s",
		ErrUnsupported, sniff.Plain(format), kind.withArticle(), rule.words, instead)
}

// tooLarge is the error for content over the hard limit of kind.
func tooLarge(kind Kind, size int64) error {
	rule := kindRules[kind]
	return fmt.Errorf("%w: %d bytes, and as %s the platform takes %d at most", ErrTooLarge, size, kind.withArticle(), rule.hard)
}

// undecodable reports whether an encoder would make noise of the sound in format, or nothing, without saying so.
func undecodable(format string) bool {
	return format == sniff.SilkOversized || format == sniff.SilkInAMR
}
