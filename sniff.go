package richmedia

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

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
