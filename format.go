package richmedia

import (
	"fmt"
	"slices"
)

// sniffLen is how much of the content decides what it is.
const sniffLen = 3072

// kindRule is what the platform takes for a kind.
type kindRule struct {
	name  string
	takes string   // for messages
	types []string // as sniff names them; nil: anything
	soft  int64    // bytes; beyond it the platform shows a file card instead, without a caption
	hard  int64    // bytes; beyond it the platform answers 850031
}

const (
	megabyte  = 1 << 20
	hardLimit = 200 * megabyte // the same for every kind (docs 2026-08)
)

// kindRules is the one place that says what each kind takes. It follows docs 2026-08. Where they differ it is the union
// of both, because whatever either lists is the platform's to judge:
//
//	        API page (/files)   guide (rich media)          soft      hard
//	image   png, jpg            png, jpg, gif, webp, bmp    20 MB     200 MB
//	video   mp4                 mp4                         30 MB     200 MB
//	voice   silk                silk, mp3, wav, ogg         20 MB     200 MB
//	file    any                 any                         200 MB    200 MB
//
// docs 2026-06 had flac in the place of ogg; the newest count.
var kindRules = map[Kind]kindRule{
	KindImage: {
		name: "image", takes: "png, jpg, gif, webp or bmp",
		types: []string{"image/png", "image/apng", "image/jpeg", "image/gif", "image/webp", "image/bmp"},
		soft:  20 * megabyte, hard: hardLimit,
	},
	KindVideo: {name: "video", takes: "mp4", types: []string{typeMP4}, soft: 30 * megabyte, hard: hardLimit},
	KindVoice: {
		name: "voice", takes: "silk, mp3, wav or ogg",
		types: []string{typeSilk, typeMP3, "audio/wav", typeOgg},
		soft:  20 * megabyte, hard: hardLimit,
	},
	KindFile: {name: "file", takes: "anything", soft: hardLimit, hard: hardLimit},
}

// The names of formats that are told apart here; all others are mimetype's.
const (
	typeSilk    = "audio/silk" // Tencent's, which has no registered name
	typeMP3     = "audio/mpeg" // layer III only
	typeMP2     = "audio/mp2"  // layers I and II
	typeAAC     = "audio/aac"
	typeFLAC    = "audio/flac"
	typeAMRWB   = "audio/amr-wb"
	typeRF64    = "audio/x-rf64"
	typeOgg     = "audio/ogg"
	typeOggFilm = "video/ogg"
	typeOggElse = "application/ogg"
	typeMP4     = "video/mp4"
	typeM4A     = "audio/mp4"
	typeISO     = "application/mp4" // of the family, and none of its brands is known
	typeUnknown = "application/octet-stream"
)

// plainNames are for errors, where the MIME type alone does not tell a bot's author what the file is.
var plainNames = map[string]string{
	"audio/amr":         "amr audio",
	typeAMRWB:           "wideband amr audio",
	typeMP2:             "MPEG audio of layer I or II, which is no mp3",
	typeAAC:             "aac audio",
	typeM4A:             "m4a audio",
	typeFLAC:            "flac audio",
	typeRF64:            "RF64 audio, which is no wav",
	"video/quicktime":   "a QuickTime movie, which is no mp4",
	"video/3gpp":        "3gp media",
	"video/3gpp2":       "3g2 media",
	"video/webm":        "webm media",
	"video/matroska":    "mkv media",
	"video/mp2t":        "an MPEG transport stream",
	"video/x-ms-asf":    "wma or wmv media",
	typeOggFilm:         "ogg video",
	typeOggElse:         "ogg without a known audio stream",
	typeISO:             "of the mp4 family, without a brand that is known",
	"image/heic":        "a heic image",
	"image/heif":        "a heif image",
	"image/avif":        "an avif image",
	"image/tiff":        "a tiff image",
	"image/svg+xml":     "an svg drawing",
	"image/x-canon-cr3": "a Canon raw image",
	typeUnknown:         "of no known format",
}

// takes tells whether the platform takes format, a result of sniff, for kind.
func takes(kind Kind, format string) bool {
	rule, ok := kindRules[kind]
	return ok && (rule.types == nil || slices.Contains(rule.types, format))
}

// overSoft tells whether the platform shows a file card in the place of size bytes of kind.
func overSoft(kind Kind, size int64) bool {
	rule, ok := kindRules[kind]
	return ok && size > rule.soft
}

// checkFormat refuses what the platform would refuse after the upload. head is the content's first sniffLen bytes.
func checkFormat(kind Kind, head []byte) error {
	rule := kindRules[kind]
	if rule.types == nil {
		return nil
	}
	got := sniff(head)
	if takes(kind, got) {
		return nil
	}
	shown := got
	if plain := plainNames[got]; plain != "" {
		shown = plain + " (" + got + ")"
	}
	instead := "ReplyFile takes anything"
	if kind == KindVoice {
		instead += ", and WithVoiceEncoder makes voices of other audio"
	}
	return fmt.Errorf("%w: the content is %s, and as %s the platform takes %s; %s",
		ErrUnsupported, shown, kind.withArticle(), rule.takes, instead)
}

// tooLarge is the error for content over the kind's hard limit.
func tooLarge(kind Kind, size int64) error {
	rule := kindRules[kind]
	return fmt.Errorf("%w: %d bytes, and as %s the platform takes %d at most", ErrTooLarge, size, kind.withArticle(), rule.hard)
}
