package richmediatest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// The wire's file_type.
const (
	kindImage = 1
	kindVideo = 2
	kindVoice = 3
	kindFile  = 4
)

var kindNames = map[int]string{kindImage: "image", kindVideo: "video", kindVoice: "voice", kindFile: "file"}

// formats lists what each file_type accepts: the union of the API page and the guide, docs 2026-08. Type 4 accepts anything.
var formats = map[int][]string{
	kindImage: {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"},
	kindVideo: {"video/mp4"},
	kindVoice: {"audio/silk", "audio/mpeg", "audio/wav", "audio/ogg"},
}

// Over soft the platform degrades media to a file card; over hard it answers 850031 (docs 2026-08).
var softLimits = map[int]int64{kindImage: 20 << 20, kindVideo: 30 << 20, kindVoice: 20 << 20, kindFile: 200 << 20}

const hardLimit = 200 << 20

// checkContent refuses content that the kind does not accept, by its beginning.
func checkContent(kind int, head []byte) (format string, bad *refusal) {
	format = sniff(head)
	if kind != kindFile && !slices.Contains(formats[kind], format) {
		return "", errFormat(format + " as " + kindNames[kind])
	}
	return format, nil
}

// sniff names the format of data by its first bytes. It recognizes by itself what the platform
// distinguishes; the rest is left to the mimetype library.
func sniff(data []byte) string {
	data = unpadded(data)
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return "image/gif"
	case riff(data, "WEBP"):
		return "image/webp"
	case bmp(data):
		return "image/bmp"
	case len(data) >= 12 && data[0] == 0 && string(data[4:8]) == "ftyp":
		return isoMedia(data)
	case bytes.HasPrefix(data, []byte("#!SILK_V3")), bytes.HasPrefix(data, []byte("\x02#!SILK_V3")):
		return "audio/silk" // Tencent's variant has the 0x02
	case riff(data, "WAVE"):
		return "audio/wav"
	case bytes.HasPrefix(data, []byte("OggS")):
		return ogg(data)
	}
	audio := untagged(data)
	if mp3(audio) || mp3(bytes.TrimLeft(audio, "\x00")) || len(audio) < 4 && len(audio) < len(data) {
		return "audio/mpeg"
	}
	if unmeasured(data) && mp3Within(audio) {
		return "audio/mpeg"
	}
	format := mimetype.Detect(audio).String()
	if format == "audio/mpeg" && audio[0] == 0xff {
		return "audio/mp2" // a frame of another layer; what begins otherwise has frames of layer III further on
	}
	return format
}

// unpadded is data without empty boxes in front of the ftyp box of an mp4.
func unpadded(data []byte) []byte {
	for rest := data; len(rest) >= 12; {
		switch string(rest[4:8]) {
		case "ftyp":
			return rest
		case "free", "skip", "wide":
			size := binary.BigEndian.Uint32(rest)
			if size < 8 || uint64(size) > uint64(len(rest)) {
				return data
			}
			rest = rest[size:]
		default:
			return data
		}
	}
	return data
}

func riff(data []byte, form string) bool {
	return len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == form
}

// bmp wants a plausible header behind the two letters, with which many a text begins.
func bmp(data []byte) bool {
	return len(data) >= 18 && string(data[:2]) == "BM" && data[15] == 0 && data[16] == 0 && data[17] == 0 &&
		slices.Contains([]byte{12, 16, 24, 40, 48, 52, 56, 64, 108, 124}, data[14])
}

// mp4Brands are those that cameras, phones and encoders write into mp4: not QuickTime's, not those of images (HEIC, AVIF),
// not those of audio alone.
var mp4Brands = []string{
	"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc",
	"mp41", "mp42", "mp71", "avc1", "M4V ", "M4VH", "M4VP", "MSNV", "XAVC", "F4V ", "f4v ", "mmp4",
	"dash", "cmfc", "cmf2", "cmff", "cmfs", "isml", "piff", "msdh", "msix",
}

// isoMedia names a file of the ISO base media family by its brand, or by the compatible ones if its own is not known.
func isoMedia(data []byte) string {
	brand := string(data[8:12])
	if brand == "crx " {
		return "image/x-canon-cr3" // and compatible with isom
	}
	known := slices.Contains(mp4Brands, brand)
	if !known {
		if format := mimetype.Detect(data).String(); format != "video/mp4" {
			return format
		}
		brands := data[min(len(data), 16):max(16, min(len(data), int(data[3])))]
		for brand := range slices.Chunk(brands, 4) {
			known = known || slices.Contains(mp4Brands, string(brand))
		}
	}
	switch {
	case !known:
		return "application/mp4" // mimetype's video/mp4 is a guess
	case soundOnly(data):
		return "audio/mp4"
	}
	return "video/mp4"
}

// soundOnly reports whether an mp4 with its movie box at the beginning has audio tracks only, by the handlers of its tracks.
func soundOnly(data []byte) bool {
	at := bytes.Index(data, []byte("moov"))
	if at < 4 {
		return false
	}
	if size := binary.BigEndian.Uint32(data[at-4:]); uint64(at-4)+uint64(size) > uint64(len(data)) {
		return false
	}
	handler := func(of string) bool { return bytes.Contains(data[at:], []byte("\x00\x00\x00\x00\x00\x00\x00\x00"+of)) }
	return handler("soun") && !handler("vide")
}

// ogg goes by the headers of the streams, which stand at the beginning of the file: one of a picture makes it a video.
func ogg(data []byte) string {
	heads := data[:min(len(data), 512)]
	for _, of := range []struct{ format, magics string }{
		{"video/ogg", "\x80theora \x01video\x00 BBCD\x00 OVP80"},
		{"audio/ogg", "\x01vorbis OpusHead Speex \x7fFLAC"},
	} {
		for magic := range strings.SplitSeq(of.magics, " ") {
			if bytes.Contains(heads, []byte(magic)) {
				return of.format
			}
		}
	}
	return "application/ogg"
}

// untagged is data without the ID3v2 and APEv2 tags at its beginning.
func untagged(data []byte) []byte {
	for {
		var skip int
		switch {
		case len(data) >= 10 && string(data[:3]) == "ID3" && data[3] >= 2 && data[3] <= 4:
			for _, seven := range data[6:10] {
				skip = skip<<7 | int(seven&0x7f)
			}
			skip += 10
			if data[5]&0x10 != 0 {
				skip += 10
			}
		case len(data) >= 32 && string(data[:8]) == "APETAGEX":
			skip = 32 + int(binary.LittleEndian.Uint32(data[12:]))
		default:
			return data
		}
		if skip >= len(data) {
			return nil
		}
		data = data[skip:]
	}
}

// unmeasured reports whether data begins with an ID3v2 tag that announces no length, as some taggers write.
func unmeasured(data []byte) bool {
	return len(data) >= 10 && string(data[:3]) == "ID3" && string(data[6:10]) == "\x00\x00\x00\x00"
}

// mp3Within reports whether data has four frames of layer III in a row anywhere.
func mp3Within(data []byte) bool {
	for from := 0; ; from++ {
		next := bytes.IndexByte(data[from:], 0xff)
		if next < 0 {
			return false
		}
		from += next
		frames := 0
		for at := from; at < len(data) && mp3Frame(data[at:]) > 0; at += mp3Frame(data[at:]) {
			if frames++; frames == 4 {
				return true
			}
		}
	}
}

// mp3 reports whether data begins with a frame of MPEG layer III and goes on with another, as far as it goes.
func mp3(data []byte) bool {
	n := mp3Frame(data)
	return n > 0 && (n+4 > len(data) || mp3Frame(data[n:]) > 0 || string(data[n:n+3]) == "TAG")
}

// mp3Frame returns the length of the layer III frame that begins data, or 0 if there is none.
func mp3Frame(data []byte) int {
	if len(data) < 4 || data[0] != 0xff || data[1]&0xe6 != 0xe2 {
		return 0
	}
	version, index, sampling := data[1]>>3&3, data[2]>>4, data[2]>>2&3
	if version == 1 || index == 0 || index == 15 || sampling == 3 {
		return 0
	}
	hz := []int{44100, 48000, 32000}[sampling]
	padding := int(data[2] >> 1 & 1)
	if version == 3 { // MPEG-1
		kbit := []int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[index]
		return 144*kbit*1000/hz + padding
	}
	kbit := []int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[index]
	if version == 0 { // MPEG-2.5 halves the rates of MPEG-2 again
		hz /= 2
	}
	return 72*kbit*1000/(hz/2) + padding
}
