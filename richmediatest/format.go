package richmediatest

import (
	"bytes"
	"slices"

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

// takes is what each file_type accepts: the union of the API page and the guide, docs 2026-08. Type 4 takes anything.
var takes = map[int][]string{
	kindImage: {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"},
	kindVideo: {"video/mp4"},
	kindVoice: {"audio/silk", "audio/mpeg", "audio/wav", "audio/ogg"},
}

// Over soft the platform degrades media to a file card; over hard it answers 850031 (docs 2026-08).
var softLimits = map[int]int64{kindImage: 20 << 20, kindVideo: 30 << 20, kindVoice: 20 << 20, kindFile: 200 << 20}

const hardLimit = 200 << 20

// checkContent refuses content that the kind does not take, by its beginning.
func checkContent(kind int, head []byte) (format string, bad *refusal) {
	format = sniff(head)
	if kind != kindFile && !slices.Contains(takes[kind], format) {
		return "", errFormat(format + " as " + kindNames[kind])
	}
	return format, nil
}

// sniff names the format of data by its first bytes. What this package has to tell apart it tells by itself; the rest is
// left to the mimetype library.
func sniff(data []byte) string {
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
	case mp4(data):
		return "video/mp4"
	case bytes.HasPrefix(data, []byte("#!SILK_V3")), bytes.HasPrefix(data, []byte("\x02#!SILK_V3")):
		return "audio/silk" // Tencent's variant has the 0x02
	case riff(data, "WAVE"):
		return "audio/wav"
	case bytes.HasPrefix(data, []byte("OggS")):
		return "audio/ogg"
	case bytes.HasPrefix(data, []byte("ID3")), mp3Frame(data):
		return "audio/mpeg"
	}
	return mimetype.Detect(data).String()
}

func riff(data []byte, form string) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == form
}

// bmp wants a plausible header behind the two letters, with which many a text begins.
func bmp(data []byte) bool {
	return len(data) >= 18 && string(data[:2]) == "BM" && data[15] == 0 && data[16] == 0 && data[17] == 0 &&
		slices.Contains([]byte{12, 40, 52, 56, 64, 108, 124}, data[14])
}

// mp4 is an ISO base media file whose brand is a video's: not QuickTime, not an image (HEIC, AVIF), not audio alone.
func mp4(data []byte) bool {
	if len(data) < 12 || string(data[4:8]) != "ftyp" {
		return false
	}
	switch brand := string(data[8:12]); brand {
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9",
		"mp41", "mp42", "mp71", "avc1", "M4V ", "MSNV", "dash", "XAVC", "f4v ", "F4V ":
		return true
	}
	return false
}

// mp3Frame recognizes the header of an MPEG layer III frame, for files without an ID3 tag.
func mp3Frame(data []byte) bool {
	if len(data) < 4 || data[0] != 0xff || data[1]&0xe0 != 0xe0 {
		return false
	}
	version, layer := data[1]>>3&3, data[1]>>1&3
	bitrate, sampling := data[2]>>4, data[2]>>2&3
	return version != 1 && layer == 1 && bitrate != 0 && bitrate != 15 && sampling != 3
}
