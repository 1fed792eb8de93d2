// Package sniff names the format of content by what is in it.
package sniff

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Format returns the MIME type of the size bytes in r, without parameters: a constant of this package, or the name that the
// mimetype library has for the format. Content of an unknown format is Unknown. What Format reads is bounded: a few KiB of
// most content, 1 MiB if an MP3 has to be found, 32 MiB of silk. The error is the one of r.
func Format(r io.ReaderAt, size int64) (string, error) {
	c := &content{r: r, size: size}
	name := c.format()
	if c.err != nil {
		return "", c.err
	}
	return name, nil
}

// format names what is told apart here, and leaves everything else to the mimetype library, which knows hundreds of formats
// by their first bytes.
func (c *content) format() string {
	head := c.head(0)
	switch {
	case isSilk(head):
		return c.silk(head)
	case hasPrefix(head, amrMark) && isSilk(head[len(amrMark):]), hasPrefix(head, amrWBMark) && isSilk(head[len(amrWBMark):]):
		return SilkInAMR
	}
	body := c.skipTags()
	if body > 0 {
		return c.tagged(body)
	}
	if name := c.iso(); name != "" {
		return name
	}
	if name := audio(head); name != "" {
		return name
	}
	if len(head) >= 26 && hasPrefix(head, "BM") && binary.LittleEndian.Uint32(head[14:]) == 12 {
		return BMP // of OS/2 1.x, which ImageMagick's BMP2 is and the mimetype library does not know
	}
	name, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	switch name {
	case "audio/x-unknown":
		return VOC // the mimetype library's name of a Creative voice file
	case MP4:
		return ISOOther // the letters of a brand are an mp4 to the mimetype library
	case "image/x-icon":
		if c.tga(head) {
			return TGA
		}
		return name
	case MP3, Unknown: // the letters ID3 or two bytes of a frame are an mp3 to the mimetype library
	default:
		return name
	}
	switch start := c.zeros(0); {
	case c.framesWithin(start, start+cutFrames):
		return MP3
	case c.tga(head):
		return TGA
	case packets(head, 188, 0):
		return MPEGTS
	case packets(head, 192, 4):
		return M2TS
	}
	return Unknown
}

// What AMR files begin with.
const (
	amrMark   = "#!AMR\n"
	amrWBMark = "#!AMR-WB\n"
)

// tagged names the format of audio behind a tag, at the offset body. Other content with such a tag is Unknown, because no
// program reads it.
func (c *content) tagged(body int64) string {
	if name := audio(c.head(body)); name != "" {
		return name
	}
	// A tag may be longer than it says, and padding may follow it.
	if c.framesWithin(body, body+searched) {
		return MP3
	}
	return Unknown
}

// audio names the formats of audio that taggers know, and "" if head begins none of them.
func audio(head []byte) string {
	riff := len(head) >= 12 && string(head[8:12]) == "WAVE"
	switch {
	case hasPrefix(head, "fLaC"):
		return FLAC
	case riff && hasPrefix(head, "RIFF"):
		return WAV
	case riff && (hasPrefix(head, "RF64") || hasPrefix(head, "BW64")):
		return RF64 // for content over 4 GB, which a reader of wav need not know
	case hasPrefix(head, "OggS"):
		return ogg(head)
	case len(head) >= 12 && hasPrefix(head, "FORM") && slices.Contains([]string{"AIFF", "AIFC"}, string(head[8:12])):
		return AIFF
	case hasPrefix(head, amrWBMark):
		return AMRWB
	}
	if len(head) >= 10 && hasPrefix(head, "wvpk") && head[9] == 4 { // of version 4
		return WavPack
	}
	for _, m := range magics {
		if hasPrefix(head, m.magic) {
			return m.name
		}
	}
	if name := dolby(head); name != "" {
		return name
	}
	return firstFrame(head)
}

// magics are the first bytes of formats that the mimetype library does not know.
var magics = []struct{ magic, name string }{
	{"TTA1\x01\x00", TTA},
	{"TTA1\x02\x00", TTA}, // encrypted
	{"MPCKSH", Musepack},
	{"caff\x00\x01", CAF},
	{"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", W64},
	{"DSD \x1c\x00\x00\x00\x00\x00\x00\x00", DSD},
	{"FRM8\x00\x00\x00\x00", DSD},
	{"\x7f\xfe\x80\x01", DTS},
	{".RMF\x00\x00\x00\x12", RealMedia},
}

// packets reports whether head has the first byte of a transport stream's packet at offset, and in two packets of size
// bytes after it.
func packets(head []byte, size, offset int) bool {
	for n := range 3 {
		if at := offset + n*size; at >= len(head) || head[at] != 'G' {
			return false
		}
	}
	return true
}

// dolby names the AC-3 or E-AC-3 (ATSC A/52) that head begins.
func dolby(head []byte) string {
	if len(head) < 6 || !hasPrefix(head, "\x0b\x77") {
		return ""
	}
	switch version := head[5] >> 3; {
	case version <= 10 && head[4]>>6 != 3 && head[4]&63 < 38:
		return AC3
	case version > 10 && version <= 16:
		return EAC3
	}
	return ""
}

// tga reports whether c is a Targa image: by the mark at the end of version 2, or by the header of version 1.
func (c *content) tga(head []byte) bool {
	const mark, header = "TRUEVISION-XFILE.\x00", 18
	if c.size > int64(len(mark)) && string(c.bytes(c.size-int64(len(mark)), len(mark))) == mark {
		return true
	}
	if len(head) < header || head[1] != 0 || !slices.Contains([]byte{2, 3, 10, 11}, head[2]) || !bytes.Equal(head[3:8], make([]byte, 5)) {
		return false
	}
	width, height := binary.LittleEndian.Uint16(head[12:]), binary.LittleEndian.Uint16(head[14:])
	return width > 0 && height > 0 && slices.Contains([]byte{8, 16, 24, 32}, head[16]) && head[17]&0xc0 == 0
}

// skipTags returns the offset of what follows the ID3v2 and APEv2 tags at the beginning, which audio of any format may have.
// It returns 0 if there is none.
func (c *content) skipTags() int64 {
	at := int64(0)
	for range maxTags {
		head := c.head(at)
		size := tagSize(head)
		if size == 0 {
			break
		}
		at += size
	}
	return at
}

// maxTags is more than any tagger leaves.
const maxTags = 16

// tagSize returns the size of the tag that b begins with, and 0 if it begins with none.
func tagSize(b []byte) int64 {
	switch {
	case len(b) >= 10 && hasPrefix(b, "ID3") && b[3] >= 2 && b[3] <= 4 && b[5]&15 == 0:
		if (b[6]|b[7]|b[8]|b[9])&0x80 != 0 {
			return 10 // the length is none, so that what follows has to be searched
		}
		size := 10 + int64(b[6])<<21 + int64(b[7])<<14 + int64(b[8])<<7 + int64(b[9])
		if b[5]&0x10 != 0 {
			size += 10 // a footer
		}
		return size
	case len(b) >= 32 && hasPrefix(b, "APETAGEX"):
		return 32 + int64(binary.LittleEndian.Uint32(b[12:])) // which does not count the header
	}
	return 0
}

func hasPrefix(b []byte, prefix string) bool { return bytes.HasPrefix(b, []byte(prefix)) }
