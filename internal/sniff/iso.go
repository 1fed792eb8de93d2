package sniff

import "encoding/binary"

// isoBrands are the brands of the ISO base media family (mp4ra.org, ftyps.com). Those of mp4 are what phones, cameras and
// encoders write.
var isoBrands = func() map[string]string {
	brands := make(map[string]string)
	for name, list := range map[string][]string{
		MP4: {
			"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc",
			"mp41", "mp42", "mp71", "avc1", "M4V ", "M4VH", "M4VP", "MSNV", "XAVC", "F4V ", "f4v ", "mmp4",
			"dash", "cmfc", "cmf2", "cmff", "cmfs", "isml", "piff", "msdh", "msix",
		},
		M4A:                 {"M4A ", "M4B ", "M4P ", "F4A ", "F4B ", "NDAS"},
		QuickTime:           {"qt  ", "mqt "}, // the original of an iPhone's camera: the documents list mp4 only
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

// iso names a file of the ISO base media family (ISO 14496-12), and returns "" if c is none. It goes by the major brand,
// and if that is unknown by the first compatible brand that is known: a reader of any of them can read the file.
func (c *content) iso() string {
	ftyp, ok := c.brandBox()
	if !ok {
		return ""
	}
	list := c.bytes(ftyp.body, int(min(ftyp.end-ftyp.body, headLen)))
	name := ""
	if len(list) >= 4 {
		name = isoBrands[string(list[:4])]
	}
	for at := 8; name == "" && at+4 <= len(list); at += 4 {
		name = isoBrands[string(list[at:at+4])]
	}
	switch name {
	case "":
		return ISOOther
	case MP4:
		return c.movie()
	}
	return name
}

// brandBox returns the box ftyp, which is the first one that is not padding.
func (c *content) brandBox() (box, bool) {
	at := int64(0)
	for range maxPadding {
		b, ok := c.box(at, c.size)
		switch {
		case !ok:
			return box{}, false
		case b.kind == "ftyp":
			return b, b.end-at < 1<<24 // the letters may be part of a text
		case b.kind != "free" && b.kind != "skip" && b.kind != "wide":
			return box{}, false
		}
		at = b.end
	}
	return box{}, false
}

const (
	maxPadding = 16  // boxes before the brand
	maxBoxes   = 512 // boxes at one level
)

// movie tells sound alone, and a file that was cut before its index, from an mp4 that plays. The index, the box moov, is
// behind the samples unless the file was made for streaming.
func (c *content) movie() string {
	sound, picture, cut := false, false, false
	for b := range c.boxes(0, c.size) {
		if b.kind != "moov" && b.kind != "mdat" {
			continue
		}
		if cut = b.end > c.size; cut {
			break // if the index were in front the loop would have ended: such a film plays as far as it goes
		}
		if b.kind == "mdat" {
			continue
		}
		for trak := range c.boxes(b.body, b.end) {
			if trak.kind == "trak" {
				switch c.handler(trak) {
				case "soun":
					sound = true
				case "vide":
					picture = true
				}
			}
		}
		break
	}
	switch {
	case cut:
		return MP4Cut
	case sound && !picture:
		return M4A
	}
	return MP4
}

// handler returns the media type of a track.
func (c *content) handler(trak box) string {
	for mdia := range c.boxes(trak.body, trak.end) {
		if mdia.kind != "mdia" {
			continue
		}
		for hdlr := range c.boxes(mdia.body, mdia.end) {
			if b := c.bytes(hdlr.body, 12); hdlr.kind == "hdlr" && len(b) == 12 {
				return string(b[8:])
			}
		}
	}
	return ""
}

// box is a box of the file, from its body on. Its end may be behind that of the file.
type box struct {
	kind      string
	body, end int64
}

// box reads the header of the box at offset. A box without a size goes to until.
func (c *content) box(offset, until int64) (box, bool) {
	h := c.bytes(offset, 8)
	if len(h) < 8 || offset+8 > until {
		return box{}, false
	}
	b := box{kind: string(h[4:8]), body: offset + 8}
	size := uint64(binary.BigEndian.Uint32(h))
	switch size {
	case 0:
		b.end = until
		return b, true
	case 1:
		h := c.bytes(offset+8, 8)
		if len(h) < 8 {
			return box{}, false
		}
		size = binary.BigEndian.Uint64(h)
		b.body += 8
	}
	if size = min(size, 1<<62); int64(size) < b.body-offset {
		return box{}, false
	}
	b.end = offset + int64(size)
	return b, true
}

// boxes are those from offset on whose headers are before until.
func (c *content) boxes(offset, until int64) func(yield func(box) bool) {
	return func(yield func(box) bool) {
		for range maxBoxes {
			b, ok := c.box(offset, until)
			if !ok || !yield(b) {
				return
			}
			offset = b.end
		}
	}
}
