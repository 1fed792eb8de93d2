package sniff

// oggCodecs are the first bytes of an ogg stream, by its codec.
var oggCodecs = []struct{ magic, name string }{
	{"\x01vorbis", Ogg},
	{"OpusHead", Ogg},
	{"Speex   ", Ogg},
	{"\x7fFLAC", Ogg},
	{"\x80theora", OggVideo},
	{"\x01video\x00", OggVideo}, // OGM
	{"BBCD\x00", OggVideo},      // Dirac
	{"OVP80", OggVideo},         // VP8
}

// ogg names the file that head begins by its streams, which all begin before the first of them goes on (RFC 3533): a video
// may have its sound first, and a skeleton before both.
func ogg(head []byte) string {
	found := OggOther
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
			if hasPrefix(page, codec.magic) && found != OggVideo {
				found = codec.name
			}
		}
		page = page[min(size, len(page)):]
	}
	return found
}
