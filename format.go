package richmedia

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
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
		ErrUnsupported, shown, article(rule.name), rule.takes, instead)
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

// sniff names the format of content that begins with head: its MIME type, without parameters. mimetype knows hundreds
// of formats by their first bytes; what has to be told apart for kindRules, and takes a closer look, is told apart here.
func sniff(head []byte) string {
	// Tencent puts one byte 0x02 before the standard's header (tencent-connect/botpy#233).
	if bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte("#!SILK_V3")) {
		return typeSilk
	}
	body, tagged := skipTags(head)
	switch {
	case tagged && len(bytes.TrimLeft(body, "\x00")) < 6:
		return typeMP3 // a cover fills all of head; mp3 is what has them in such a tag
	case hasPrefix(body, "fLaC"):
		return typeFLAC
	case hasPrefix(head, "#!AMR-WB"):
		return typeAMRWB
	case len(head) >= 12 && (hasPrefix(head, "RF64") || hasPrefix(head, "BW64")) && string(head[8:12]) == "WAVE":
		return typeRF64 // made for what is over 4 GB; whoever reads wav need not know it
	case hasPrefix(head, "OggS"):
		return sniffOgg(head)
	case len(head) >= 12 && head[0] == 0 && string(head[4:8]) == "ftyp":
		return sniffISO(head)
	case len(head) >= 26 && hasPrefix(head, "BM") && binary.LittleEndian.Uint32(head[14:]) == 12:
		return "image/bmp" // of OS/2 1.x, which ImageMagick's BMP2 is; mimetype knows the others
	}
	if name := sniffFrames(body); name != "" {
		return name
	}
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	if name != typeMP3 && name != typeUnknown {
		return name
	}
	switch {
	case framesWithin(body):
		return typeMP3
	case transportStream(head):
		return "video/mp2t"
	}
	return typeUnknown // mimetype takes the letters ID3 or two bytes of a frame for an mp3
}

func hasPrefix(b []byte, prefix string) bool { return bytes.HasPrefix(b, []byte(prefix)) }

// skipTags is what stands behind the ID3v2 and APEv2 tags at the beginning, of which audio of any format may have some.
func skipTags(head []byte) (body []byte, tagged bool) {
	for body = head; ; tagged = true {
		var size int64
		switch {
		case len(body) >= 10 && hasPrefix(body, "ID3") && body[3] >= 2 && body[3] <= 4 && (body[6]|body[7]|body[8]|body[9]) < 0x80:
			size = 10 + int64(body[6])<<21 + int64(body[7])<<14 + int64(body[8])<<7 + int64(body[9])
			if body[5]&0x10 != 0 {
				size += 10 // a footer
			}
		case len(body) >= 32 && hasPrefix(body, "APETAGEX"):
			size = 32 + int64(binary.LittleEndian.Uint32(body[12:])) // which does not count the header
		default:
			return body, tagged
		}
		body = body[min(size, int64(len(body))):]
	}
}

// oggCodecs are the first bytes of an ogg stream, by what is in it.
var oggCodecs = []struct{ magic, name string }{
	{"\x01vorbis", typeOgg},
	{"OpusHead", typeOgg},
	{"Speex   ", typeOgg},
	{"\x7fFLAC", typeOgg},
	{"\x80theora", typeOggFilm},
	{"\x01video\x00", typeOggFilm}, // OGM
	{"BBCD\x00", typeOggFilm},      // Dirac
	{"OVP80", typeOggFilm},         // VP8
}

// sniffOgg looks at the streams of the file, which all begin before the first of them goes on (RFC 3533): a video has
// its sound first often enough, and a skeleton before both.
func sniffOgg(head []byte) string {
	found := typeOggElse
	for page := head; len(page) >= 28 && hasPrefix(page, "OggS") && page[5]&2 != 0; {
		segments := int(page[26])
		if len(page) < 27+segments {
			break
		}
		size := 0
		for _, n := range page[27 : 27+segments] {
			size += int(n)
		}
		page = page[27+segments:]
		for _, codec := range oggCodecs {
			if hasPrefix(page, codec.magic) && found != typeOggFilm {
				found = codec.name
			}
		}
		page = page[min(size, len(page)):]
	}
	return found
}

// isoBrands are the brands of the ISO base media family (mp4ra.org, ftyps.com). Those of mp4 are what phones, cameras and
// encoders write.
var isoBrands = func() map[string]string {
	brands := make(map[string]string)
	for name, list := range map[string][]string{
		typeMP4: {
			"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc",
			"mp41", "mp42", "mp71", "avc1", "M4V ", "M4VH", "M4VP", "MSNV", "XAVC", "F4V ", "f4v ", "mmp4",
			"dash", "cmfc", "cmf2", "cmff", "cmfs", "isml", "piff", "msdh", "msix",
		},
		typeM4A:             {"M4A ", "M4B ", "M4P ", "F4A ", "F4B ", "NDAS"},
		"video/quicktime":   {"qt  ", "mqt "}, // an iPhone's camera original: the documents list mp4 only
		"video/3gpp":        {"3gp1", "3gp2", "3gp3", "3gp4", "3gp5", "3gp6", "3gp7", "3gp8", "3gp9", "3ge6", "3ge7", "3ge9", "3gg6", "3gg9", "3gh9", "3gm9", "3gr6", "3gs6", "3gs7", "3gt8"},
		"video/3gpp2":       {"3g2a", "3g2b", "3g2c", "KDDI"},
		"image/heic":        {"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"},
		"image/heif":        {"mif1", "mif2", "msf1", "miaf"},
		"image/avif":        {"avif", "avis"},
		"image/x-canon-cr3": {"crx "}, // CR3, which has isom among the compatible ones
	} {
		for _, brand := range list {
			brands[brand] = name
		}
	}
	return brands
}()

// sniffISO goes by the major brand, and where nobody here knows it by the first compatible one that is known: a reader
// of any of those can read the file (ISO 14496-12). mp4 that holds sound alone is m4a whatever its brand, if its index
// comes first, as it does in what is made for streaming.
func sniffISO(head []byte) string {
	size := int64(binary.BigEndian.Uint32(head))
	box := head[:max(12, min(size, int64(len(head))))]
	name := isoBrands[string(box[8:12])]
	for at := 16; name == "" && at+4 <= len(box); at += 4 {
		name = isoBrands[string(box[at:at+4])]
	}
	switch {
	case name == "":
		return typeISO
	case name == typeMP4 && soundAlone(head):
		return typeM4A
	}
	return name
}

// soundAlone tells whether the movie box is in head as a whole and has a sound track in it and no picture.
func soundAlone(file []byte) bool {
	for kind, body := range boxes(file) {
		if kind != "moov" {
			continue
		}
		sound := false
		for kind, body := range boxes(body) {
			if kind != "trak" {
				continue
			}
			switch handlerOf(body) {
			case "soun":
				sound = true
			case "vide":
				return false
			}
		}
		return sound
	}
	return false
}

// handlerOf is the media type of a track.
func handlerOf(trak []byte) string {
	for kind, mdia := range boxes(trak) {
		if kind != "mdia" {
			continue
		}
		for kind, hdlr := range boxes(mdia) {
			if kind == "hdlr" && len(hdlr) >= 12 {
				return string(hdlr[8:12])
			}
		}
	}
	return ""
}

// boxes goes through the boxes of b that are in it as a whole.
func boxes(b []byte) func(yield func(kind string, body []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for len(b) >= 8 {
			size := int64(binary.BigEndian.Uint32(b))
			if size < 8 || size > int64(len(b)) || !yield(string(b[4:8]), b[8:size]) {
				return
			}
			b = b[size:]
		}
	}
}

// sniffFrames names the MPEG audio whose first frame begins b: layer III is mp3, the others are not, and neither is AAC,
// whose frames begin with the same 12 bits and the layer 0. "" is none of them.
func sniffFrames(b []byte) string {
	name, size := frame(b)
	switch {
	case name == typeMP3 && size > len(b):
		return name
	case name == "" || size > len(b): // a text in UTF-16 begins like layer I
		return ""
	}
	if next := b[size:]; len(next) >= 4 && !sameStream(b, next) && !hasPrefix(next, "TAG") && !hasPrefix(next, "APETAGEX") {
		return ""
	}
	return name
}

// framesWithin tells whether an mp3 begins further on: behind padding, or in the middle of a frame, as a recorded stream
// does. Three frames in a row are no accident.
func framesWithin(b []byte) bool {
	for ; len(b) > 0; b = b[1:] {
		at := b
		for n := 1; ; n++ {
			name, size := frame(at)
			if name != typeMP3 || size > len(at) || n > 1 && !sameStream(b, at) {
				break
			}
			if n == 3 {
				return true
			}
			at = at[size:]
		}
	}
	return false
}

// sameStream tells whether two frames agree in version, layer and sampling rate.
func sameStream(a, b []byte) bool {
	name, _ := frame(b)
	return name != "" && a[1]>>1 == b[1]>>1 && a[2]>>2&3 == b[2]>>2&3
}

// kbps are the bit rates of MPEG audio (ISO 11172-3, 13818-3) by version 1 or 2, layer and index. Index 0, a free bit
// rate, is not in use.
var kbps = [2][4][15]int{
	{
		1: {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		2: {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		3: {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	},
	{
		1: {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		2: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		3: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	},
}

// frame reads the header of a frame: what it is a frame of and how long it is, with its header. "" is no frame.
func frame(b []byte) (name string, size int) {
	if len(b) < 4 || b[0] != 0xff || b[1] < 0xe0 {
		return "", 0
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3) // version 3 is MPEG-1, 2 is MPEG-2, 0 is 2.5
	if layer == 4 {
		return adtsFrame(b)
	}
	rate, index := b[2]>>2&3, b[2]>>4
	if version == 1 || rate == 3 || index == 0 || index == 15 || b[3]&3 == 2 {
		return "", 0
	}
	hz := [3]int{44100, 48000, 32000}[rate]
	half, samples := 0, 1152
	if version != 3 {
		half, hz = 1, hz/2
		if layer == 3 {
			samples = 576
		}
	}
	if version == 0 {
		hz /= 2
	}
	bits, padding := kbps[half][layer][index]*1000, int(b[2]>>1&1)
	switch layer {
	case 1:
		return typeMP2, (12*bits/hz + padding) * 4
	case 2:
		return typeMP2, samples/8*bits/hz + padding
	}
	return typeMP3, samples/8*bits/hz + padding
}

func adtsFrame(b []byte) (name string, size int) {
	if len(b) < 6 || b[1] < 0xf0 || b[2]>>2&15 > 12 {
		return "", 0
	}
	if size = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5; size < 7 {
		return "", 0
	}
	return typeAAC, size
}

// transportStream tells an MPEG transport stream by the first byte of three packets.
func transportStream(b []byte) bool {
	return len(b) > 2*188 && b[0] == 'G' && b[188] == 'G' && b[2*188] == 'G'
}
