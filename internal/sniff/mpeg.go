package sniff

import "bytes"

// firstFrame names the MPEG audio whose first frame begins head, and returns "" if head begins with none. Layer III is mp3.
// The other layers are not, and neither is AAC, whose frames begin with the same 12 bits and the layer 0.
func firstFrame(head []byte) string {
	name, size := frame(head)
	switch {
	case name == MP3 && size > len(head):
		return name
	case name == "" || size > len(head): // a text in UTF-16 begins like layer I
		return ""
	}
	if next := head[size:]; len(next) >= 4 && !sameStream(head, next) && !hasPrefix(next, "TAG") && !hasPrefix(next, "APETAGEX") {
		return ""
	}
	return name
}

const (
	maxFrame  = 1441         // bytes of layer III: 320 kbit/s at 32 kHz
	cutFrames = 5 * maxFrame // has three whole frames in it wherever a recording of a stream begins
	searched  = 1 << 20      // bytes behind a tag; ffmpeg searches as far
)

// zeros returns the offset of the first byte from offset on that is not 0, which is no further than searched.
func (c *content) zeros(offset int64) int64 {
	for until := offset + searched; offset < until; {
		b := c.search(offset)
		if len(b) == 0 {
			break
		}
		rest := bytes.TrimLeft(b, "\x00")
		offset += int64(len(b) - len(rest))
		if len(rest) > 0 {
			break
		}
	}
	return offset
}

// framesWithin reports whether three frames of an mp3 follow each other, the first of them between from and until. Fewer may be
// an accident. Of the last one the header is enough, since the content may end in it.
func (c *content) framesWithin(from, until int64) bool {
	for from < until {
		b := c.search(from)
		b = b[:min(int64(len(b)), until-from+3*maxFrame)]
		if threeFrames(b) {
			return true
		}
		if len(b) <= 3*maxFrame {
			return false
		}
		from += int64(len(b) - 3*maxFrame)
	}
	return false
}

// threeFrames is framesWithin for b.
func threeFrames(b []byte) bool {
	for ; len(b) > 0; b = b[1:] {
		next := bytes.IndexByte(b, 0xff)
		if next < 0 {
			return false
		}
		b = b[next:]
		at := b
		for n := 1; ; n++ {
			name, size := frame(at)
			if name != MP3 || n > 1 && !sameStream(b, at) {
				break
			}
			if n == 3 {
				return true
			}
			if size > len(at) {
				break
			}
			at = at[size:]
		}
	}
	return false
}

// sameStream reports whether two frames agree in version, layer and sampling rate.
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

// frame reads the header of the frame that b begins with. It returns the format and the size of the frame with its header,
// and "" if b begins with no frame.
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
		return MP2, (12*bits/hz + padding) * 4
	case 2:
		return MP2, samples/8*bits/hz + padding
	}
	return MP3, samples/8*bits/hz + padding
}

// adtsFrame is frame for AAC.
func adtsFrame(b []byte) (name string, size int) {
	if len(b) < 6 || b[1] < 0xf0 || b[2]>>2&15 > 12 {
		return "", 0
	}
	if size = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5; size < 7 {
		return "", 0
	}
	return AAC, size
}
