package sniff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cutFormats are the formats of files whose last third is missing, if it is not the format of the whole file. What is left of
// them plays nowhere, which is why the format is one that no kind but a file accepts.
var cutFormats = map[string]string{
	MP4Cut: `mp4-isom-moov-last.mp4 mp4-mp41.mp4 mp4-mp42.mp4 mp4-avc1.mp4 mp4-m4v.m4v mp4-msnv.mp4 mp4-xavc.mp4 mp4-nero.mp4
		mp4-hevc.mp4 mp4-silent.mp4 m4a-isom-moov-last.mp4 m4a-isom-long.mp4`,
	Unknown: "mp3-id3v2-cover.mp3 mp3-id3v2-no-length.mp3 aac-id3v2-long.aac", // nothing is left but the tag
}

func TestAFileWithoutItsLastThirdIsWhatIsLeftOfIt(t *testing.T) {
	eachFixture(t, func(t *testing.T, want string, content []byte) {
		for format, files := range cutFormats {
			if slices.Contains(strings.Fields(files), path.Base(t.Name())) {
				want = format
			}
		}
		assert.Equal(t, want, formatOf(t, content[:len(content)-len(content)/3]))
	})
}

// at returns content with the bytes at offset replaced.
func at(content []byte, offset int, with string) []byte {
	return slices.Concat(content[:offset], []byte(with), content[offset+len(with):])
}

func TestALyingLengthIsNoReasonToBelieveTheContent(t *testing.T) {
	file := func(name string) []byte { return readFixture(t, name) }
	in := func(content []byte, kind string, with string) []byte { // the length in front of a box
		offset := bytes.Index(content, []byte(kind)) - 4
		require.GreaterOrEqual(t, offset, 0)
		return at(content, offset, with)
	}
	const most, none, one = "\xff\xff\xff\xff", "\x00\x00\x00\x00", "\x00\x00\x00\x01"
	tag := file("mp3-id3v2-cover.mp3")
	silk := file("silk-tencent.silk")
	second := 10 + 2 + int(binary.LittleEndian.Uint16(silk[10:]))
	fourth := second
	for range 2 {
		fourth += 2 + int(binary.LittleEndian.Uint16(silk[fourth:]))
	}
	moov, sound, late := file("mp4-isom-moov-first.mp4"), file("m4a-isom.mp4"), file("mp4-isom-moov-last.mp4")
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"a tag that is empty":               {at(tag, 6, none), MP3},
		"a tag beyond the end":              {at(tag, 6, "\x7f\x7f\x7f\x7f"), Unknown},
		"a tag with a length that is none":  {at(tag, 6, most), MP3},
		"a tag of one byte less":            {at(tag, 9, string(tag[9]-1)), MP3},
		"a tag up to the middle of a frame": {at(tag, 8, string(tag[8]+1)), MP3},
		"an APE tag beyond the end":         {at(file("mp3-apev2.mp3"), 12, most), Unknown},
		"an APE tag that is empty":          {at(file("mp3-apev2.mp3"), 12, none), MP3},
		"endless tags":                      {bytes.Repeat([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), 1000), Unknown},

		"a brand to the end":                {in(moov, "ftyp", none), MP4},
		"a brand beyond the end":            {in(moov, "ftyp", "\x00\x0f\xff\xff"), MP4},
		"a brand that is no box":            {in(moov, "ftyp", "\x00\x00\x00\x07"), ISOOther},
		"a brand with 64 bits":              {[]byte("\x00\x00\x00\x01ftyp" + most + most + "isom\x00\x00\x02\x00isom"), ISOOther},
		"padding without an end":            {append([]byte(most+"free"), moov...), "video/quicktime"},
		"padding again and again":           {bytes.Repeat([]byte("\x00\x00\x00\x08free"), 5000), "video/quicktime"},
		"an index beyond the end":           {in(moov, "moov", "\x00\xff\xff\xff"), MP4Cut},
		"an index that is no box":           {in(moov, "moov", "\x00\x00\x00\x03"), MP4},
		"an index that is too short":        {in(sound, "moov", "\x00\x00\x00\x10"), MP4},
		"samples beyond the end":            {in(late, "mdat", "\x00\xff\xff\xff"), MP4Cut},
		"samples with 64 bits":              {slices.Concat(late[:40], []byte(one+"mdat"+most+most), late[40:]), MP4Cut},
		"a sound track beyond its index":    {in(sound, "trak", "\x00\xff\xff\xff"), M4A},
		"a sound track that is no box":      {in(sound, "trak", one), MP4},
		"a handler beyond the end":          {in(sound, "hdlr", most), M4A},
		"media that is empty":               {in(sound, "mdia", "\x00\x00\x00\x08"), MP4},
		"tracks again and again":            {slices.Concat(moov[:28], []byte(none+"moov"), bytes.Repeat([]byte("\x00\x00\x00\x08trak"), 9999)), MP4},
		"boxes in boxes without a length":   {slices.Concat(moov[:28], []byte(none+"moov"+none+"trak"+none+"mdia"+none+"hdlr")), MP4},
		"a silk packet beyond the end":      {at(silk, fourth, "\xff\x7f"), SilkOversized},
		"a silk packet that is negative":    {at(silk, second, "\x00\x80"), Silk},
		"silk whose first length is a lie":  {at(silk, 10, "\xff\x7f"), Silk},
		"silk of empty packets":             {append([]byte(silkMark), make([]byte, 1<<20)...), Silk},
		"a silk packet of 1,025 bytes":      {slices.Concat(silk, []byte("\x01\x04"), make([]byte, 1025)), SilkOversized},
		"a silk packet of 1,024 bytes":      {slices.Concat(silk, []byte("\x00\x04"), make([]byte, 1024)), Silk},
		"a large silk packet behind an end": {slices.Concat(silk, []byte("\xff\xff\x01\x04"), make([]byte, 1025)), Silk},
		"wideband amr's mark before silk":   {append([]byte(amrWBMark), silk...), SilkInAMR},
		"ogg with segments beyond its end":  {at(file("ogg-opus.ogg"), 26, "\xff"), OggOther},
		"wav of a stream":                   {at(file("wav-pcm.wav"), 4, most), WAV},
		"a frame of aac without a length":   {at(file("aac-adts.aac"), 3, "\x00\x00\x00"), AAC},
		"a bitmap of OS/2 without a size":   {at(file("bmp-os2.bmp"), 2, none), BMP},
		"zeros alone":                       {make([]byte, 3<<20), Unknown},
		"an mp3 behind a million zeros":     {append(make([]byte, 1_000_000), file("mp3-320-cut.mp3")...), MP3},
		"an mp3 behind two million zeros":   {append(make([]byte, 2_000_000), file("mp3-320-cut.mp3")...), Unknown},
		"an mp3 within something else":      {slices.Concat([]byte{0, 1, 2, 3}, bytes.Repeat([]byte{0x55, 0xaa, 0, 0xff}, 4000), file("mp3-mpeg1.mp3")), Unknown},
	} {
		assert.Equal(t, c.want, formatOf(t, c.content), name)
	}
}

func TestSoundBehindATagIsNamedAndAPictureIsNot(t *testing.T) {
	tag := func(size int) []byte {
		return append([]byte{'I', 'D', '3', 3, 0, 0, byte(size >> 21), byte(size >> 14 & 127), byte(size >> 7 & 127), byte(size & 127)}, make([]byte, size)...)
	}
	for _, size := range []int{0, 10, 5000, 300_000} {
		for want, file := range map[string]string{
			MP3: "mp3-mpeg2.mp3", MP2: "mp2.mp2", AAC: "aac-adts.aac", FLAC: "flac.flac", WAV: "wav-pcm.wav", RF64: "wav-rf64.wav",
			Ogg: "ogg-opus.ogg", OggVideo: "ogg-theora.ogv", AIFF: "aiff.aiff", TTA: "tta.tta", WavPack: "wavpack.wv", AC3: "ac3.ac3",
		} {
			assert.Equal(t, want, formatOf(t, append(tag(size), readFixture(t, file)...)), "%s behind %d bytes", file, size)
		}
		for _, file := range []string{"png.png", "mp4-isom-moov-first.mp4", "text.txt", "pdf.pdf", "silk-tencent.silk"} {
			assert.Equal(t, Unknown, formatOf(t, append(tag(size), readFixture(t, file)...)), "%s behind %d bytes", file, size)
		}
	}
}

func TestAnIndexIsFoundBehindMoreThanIsKept(t *testing.T) {
	for file, want := range map[string]string{"mp4-isom-moov-last.mp4": MP4, "m4a-isom-moov-last.mp4": M4A} {
		content := readFixture(t, file)
		offset := bytes.Index(content, []byte("mdat")) - 4
		padding := make([]byte, 2<<20)
		size := binary.BigEndian.Uint32(content[offset:])
		for name, header := range map[string]string{
			"32 bits": string(binary.BigEndian.AppendUint32(nil, size+uint32(len(padding)))) + "mdat",
			"64 bits": "\x00\x00\x00\x01mdat" + string(binary.BigEndian.AppendUint64(nil, uint64(size)+8+uint64(len(padding)))),
		} {
			moved := slices.Concat(content[:offset], []byte(header), padding, content[offset+8:])
			assert.Equal(t, want, formatOf(t, moved), "%s, %s", file, name)
		}
	}
}

// meter counts what is read.
type meter struct {
	io.ReaderAt
	calls, bytes int
}

func (m *meter) ReadAt(p []byte, offset int64) (int, error) {
	m.calls++
	n, err := m.ReaderAt.ReadAt(p, offset)
	m.bytes += n
	return n, err
}

func TestEveryLengthMayLieAndReadingStaysBounded(t *testing.T) {
	eachFixture(t, func(t *testing.T, _ string, content []byte) {
		for offset := 0; offset+4 <= min(len(content), 120); offset++ {
			for _, lie := range []string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x00\x00\x00\x01"} {
				m := &meter{ReaderAt: bytes.NewReader(at(content, offset, lie))}
				name, err := Format(m, int64(len(content)))
				if err != nil || name == "" || m.calls > maxReads || m.bytes > 2<<20 {
					t.Fatalf("%q at %d: %q, %v, %d bytes in %d calls", lie, offset, name, err, m.bytes, m.calls)
				}
			}
		}
	})
}

func TestALyingSizeIsNotBelieved(t *testing.T) { // a file that was cut after its size was known
	for _, file := range []string{"mp4-isom-moov-last.mp4", "silk-tencent.silk", "mp3-id3v2-cover.mp3", "png.png"} {
		content := readFixture(t, file)
		for _, size := range []int64{0, 1, int64(len(content)) + 1, 1 << 40, 1 << 62} {
			m := &meter{ReaderAt: bytes.NewReader(content)}
			_, err := Format(m, size)
			require.NoError(t, err, "%s of %d bytes", file, size)
			assert.LessOrEqual(t, m.bytes, 2<<20)
		}
	}
}

// failing fails after some calls.
type failing struct {
	io.ReaderAt
	left int
}

func (f *failing) ReadAt(p []byte, offset int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return f.ReaderAt.ReadAt(p, offset)
}

func TestAReaderThatFailsAtAnyPointIsAnError(t *testing.T) {
	eachFixture(t, func(t *testing.T, want string, content []byte) {
		for calls := 0; ; calls++ {
			name, err := Format(&failing{bytes.NewReader(content), calls}, int64(len(content)))
			if err == nil {
				assert.Equal(t, want, name)
				assert.Positive(t, calls)
				return
			}
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Empty(t, name)
			require.Less(t, calls, maxReads, fmt.Sprintf("%s is never read", t.Name()))
		}
	})
}
