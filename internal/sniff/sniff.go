// Package sniff names the format of content by what is in it.
package sniff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// headLen is the number of bytes that decide what most content is.
const headLen = 3072

// Format returns the MIME type of the size bytes in r, without parameters: one of the constants, or the name that the
// mimetype library has. It reads a few KiB. The error is that of r.
func Format(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, headLen))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return formatOf(head[:n]), nil
}

// formatOf names the format of content that begins with head. The mimetype library knows hundreds of formats by their
// first bytes; the formats that need a closer look are told apart here.
func formatOf(head []byte) string {
	// Tencent puts one byte 0x02 before the standard's header (tencent-connect/botpy#233).
	if bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte("#!SILK_V3")) {
		return Silk
	}
	body, tagged := skipTags(head)
	switch {
	case tagged && len(bytes.TrimLeft(body, "\x00")) < 6:
		return MP3 // a cover fills all of head; mp3 is what has them in such a tag
	case hasPrefix(body, "fLaC"):
		return FLAC
	case hasPrefix(head, "#!AMR-WB"):
		return AMRWB
	case len(head) >= 12 && (hasPrefix(head, "RF64") || hasPrefix(head, "BW64")) && string(head[8:12]) == "WAVE":
		return RF64 // made for what is over 4 GB; whoever reads wav need not know it
	case hasPrefix(head, "OggS"):
		return sniffOgg(head)
	case len(head) >= 12 && head[0] == 0 && string(head[4:8]) == "ftyp":
		return sniffISO(head)
	case len(head) >= 26 && hasPrefix(head, "BM") && binary.LittleEndian.Uint32(head[14:]) == 12:
		return BMP // of OS/2 1.x, which ImageMagick's BMP2 is; mimetype knows the others
	}
	if name := sniffFrames(body); name != "" {
		return name
	}
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	if name != MP3 && name != Unknown {
		return name
	}
	switch {
	case framesWithin(body):
		return MP3
	case transportStream(head):
		return "video/mp2t"
	}
	return Unknown // mimetype takes the letters ID3 or two bytes of a frame for an mp3
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
