package voice

import (
	"bytes"
	"errors"
	"slices"
)

// headSize is how many bytes of the input decide how it is read.
const headSize = 32

// container is how an input is passed to ffmpeg.
type container uint8

const (
	streamed container = iota // through a pipe
	seekable                  // as a file: an index or a header may be at its end
	movie                     // as a file of the family of mp4, which can refer to other files
)

// containerOf looks at the beginning of an input. Anything that is not known to be readable from its beginning to its end
// is a file. Its error is an input that ffmpeg would not decode, or would make noise of.
func containerOf(head []byte) (container, error) {
	if isSilk(head) {
		return 0, errors.New("voice: the input is silk, which ffmpeg cannot read; the platform takes it as it is")
	}
	for _, letters := range []string{"#!AMR\n", "#!AMR-WB\n"} {
		if rest, ok := bytes.CutPrefix(head, []byte(letters)); ok && isSilk(rest) {
			return 0, errors.New("voice: the input is silk behind the letters of AMR; the platform takes it without them")
		}
	}
	switch {
	case isMovie(head):
		return movie, nil
	case isStream(head):
		return streamed, nil
	}
	return seekable, nil
}

// isSilk accepts Tencent's form too, with one byte before the letters.
func isSilk(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte("#!SILK"))
}

// hasPauses reports whether head is of a recording by a phone, in AMR: while nobody speaks it holds frames that stand for a
// time and have no sound (RFC 4867). ffmpeg's decoders return an error for each of them.
func hasPauses(head []byte) bool {
	return bytes.HasPrefix(head, []byte("#!AMR")) || len(head) >= 10 && string(head[4:10]) == "ftyp3g"
}

// isMovie reports whether head is of the family of mp4 and QuickTime. The first four bytes are a length.
func isMovie(head []byte) bool {
	boxes := []string{"ftyp", "styp", "moov", "mdat", "free", "skip", "wide", "pnot"}
	return len(head) >= 8 && head[0] < ' ' && slices.Contains(boxes, string(head[4:8]))
}

// isStream reports whether head is of a format that is decoded from its beginning to its end.
func isStream(head []byte) bool {
	for _, letters := range []string{"ID3", "OggS", "fLaC", "#!AMR", "\x1a\x45\xdf\xa3", "FLV\x01", ".snd"} {
		if bytes.HasPrefix(head, []byte(letters)) {
			return true
		}
	}
	switch {
	case len(head) >= 16 && (bytes.HasPrefix(head, []byte("RIFF")) || bytes.HasPrefix(head, []byte("RF64"))):
		first := string(head[12:16]) // "data" may come before "fmt " elsewhere
		return string(head[8:12]) == "WAVE" && (first == "fmt " || first == "ds64")
	case len(head) >= 2:
		return head[0] == 0xff && head[1]&0xe0 == 0xe0 // frames of MPEG audio and AAC
	}
	return false
}
