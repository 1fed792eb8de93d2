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
		return ISOOther
	case name == MP4 && soundAlone(head):
		return M4A
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
