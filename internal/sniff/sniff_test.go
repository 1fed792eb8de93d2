package sniff

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const fixtureDir = "../../testdata/formats/"

// fixtures are the files of testdata/formats by their format.
var fixtures = []struct{ format, files string }{
	{"image/jpeg", "jpeg-baseline.jpg jpeg-progressive.jpg jpeg-cmyk.jpg jpeg-exif.jpg"},
	{"image/png", "png.png"},
	{"image/apng", "png-animated.png"},
	{"image/gif", "gif.gif gif-animated.gif"},
	{"image/webp", "webp-lossy.webp webp-lossless.webp webp-animated.webp"},
	{"image/bmp", "bmp.bmp bmp-os2.bmp bmp-v4.bmp"},
	{"image/heic", "heic.heic"},
	{"image/avif", "avif.avif"},
	{"image/tiff", "tiff.tiff"},
	{"image/svg+xml", "svg.svg"},
	{"image/x-tga", "tga.tga tga2.tga"},
	{"image/x-icon", "ico.ico"},
	{"image/vnd.adobe.photoshop", "psd.psd"},

	{"video/mp4", `mp4-isom-moov-first.mp4 mp4-isom-moov-last.mp4 mp4-mp41.mp4 mp4-mp42.mp4 mp4-avc1.mp4 mp4-m4v.m4v
		mp4-msnv.mp4 mp4-xavc.mp4 mp4-nero.mp4 mp4-iso5-fragmented.mp4 mp4-dash.mp4 mp4-hevc.mp4 mp4-silent.mp4
		mp4-free-first.mp4`},
	{"video/quicktime", "mov-qt.mov mov-no-ftyp.mov"},
	{"video/3gpp", "3gp.3gp"},
	{"video/3gpp2", "3g2.3g2"},
	{"video/webm", "webm.webm webm-opus.weba"},
	{"video/matroska", "mkv.mkv mka.mka"},
	{"video/x-msvideo", "avi.avi"},
	{"video/x-flv", "flv.flv"},
	{"video/mp2t", "ts.ts"},
	{"video/vnd.dlna.mpeg-tts", "m2ts.m2ts"},
	{"video/mpeg", "mpg.mpg"},
	{"video/ogg", "ogg-theora.ogv ogg-vorbis-theora.ogv"},

	{"audio/silk", "silk-tencent.silk silk.silk"},
	{"audio/x-silk-oversized", "silk-22050.silk"},
	{"audio/x-silk-amr", "silk-amr.amr"},
	{"audio/mpeg", `mp3-mpeg1.mp3 mp3-mpeg2.mp3 mp3-mpeg25.mp3 mp3-vbr-xing.mp3 mp3-id3v2.mp3 mp3-id3v2-cover.mp3
		mp3-id3v2-long.mp3 mp3-id3v2-no-length.mp3 mp3-zero-padded.mp3 mp3-apev2.mp3 mp3-cut.mp3 mp3-320-cut.mp3
		mp3-320-zero-padded.mp3`},
	{"audio/wav", "wav-pcm.wav wav-extensible.wav wav-id3v2.wav"},
	{"audio/ogg", "ogg-vorbis.ogg ogg-opus.ogg ogg-flac.oga"},
	{"audio/x-rf64", "wav-rf64.wav"},
	{"audio/mp2", "mp2.mp2"},
	{"audio/aac", "aac-adts.aac aac-id3v2.aac aac-id3v2-long.aac"},
	{"audio/mp4", "m4a.m4a m4b.m4b m4a-dash.m4a m4a-isom.mp4 m4a-isom-moov-last.mp4 m4a-isom-long.mp4"},
	{"audio/flac", "flac.flac flac-id3v2.flac"},
	{"audio/amr", "amr-nb.amr"},
	{"audio/amr-wb", "amr-wb.awb"},
	{"audio/aiff", "aiff.aiff aiff-sound-first.aiff"},
	{"audio/basic", "au.au"},
	{"video/x-ms-asf", "wma.wma wmv.wmv"},
	{"audio/x-w64", "w64.w64"},
	{"audio/x-caf", "caf-opus.caf caf-pcm.caf"},
	{"audio/x-tta", "tta.tta tta-id3v2.tta"},
	{"audio/x-wavpack", "wavpack.wv"},
	{"audio/ac3", "ac3.ac3"},
	{"audio/eac3", "eac3.eac3"},
	{"audio/x-voc", "voc.voc"},

	{"application/pdf", "pdf.pdf"},
	{"text/plain", "text.txt text-bm.txt text-id3.txt"},
}

// eachFixture calls check with each file of the table.
func eachFixture(t *testing.T, check func(t *testing.T, format string, content []byte)) {
	for _, row := range fixtures {
		for _, file := range strings.Fields(row.files) {
			t.Run(file, func(t *testing.T) { check(t, row.format, readFixture(t, file)) })
		}
	}
}

func readFixture(t testing.TB, file string) []byte {
	content, err := os.ReadFile(fixtureDir + file)
	require.NoError(t, err)
	return content
}

func formatOf(t testing.TB, content []byte) string {
	format, err := Format(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	return format
}

func TestRealFilesAreToldApart(t *testing.T) {
	eachFixture(t, func(t *testing.T, want string, content []byte) {
		assert.Equal(t, want, formatOf(t, content))
	})
}

func TestEveryFixtureIsInTheTableAndInItsREADME(t *testing.T) {
	var listed []string
	for _, row := range fixtures {
		listed = append(listed, strings.Fields(row.files)...)
	}
	readme := readFixture(t, "README.md")
	entries, err := os.ReadDir(fixtureDir)
	require.NoError(t, err)
	total := int64(0)
	var found []string
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		total += info.Size()
		if e.Name() == "README.md" || e.Name() == "make.sh" {
			continue
		}
		found = append(found, e.Name())
		assert.True(t, strings.Contains(string(readme), "`"+e.Name()+"`"), "README.md does not name %s", e.Name())
	}
	slices.Sort(listed)
	assert.Equal(t, found, listed)
	assert.Less(t, total, int64(400<<10), "the repository stays small")
}

// TestContentThatLooksLikeSomethingElse are heads that no tool at hand writes.
func TestContentThatLooksLikeSomethingElse(t *testing.T) {
	mp3, err := os.ReadFile(fixtureDir + "mp3-mpeg1.mp3")
	require.NoError(t, err)
	aac, err := os.ReadFile(fixtureDir + "aac-adts.aac")
	require.NoError(t, err)
	vorbis, err := os.ReadFile(fixtureDir + "ogg-vorbis.ogg")
	require.NoError(t, err)
	page := func(payload string) string {
		return "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01" + string(rune(len(payload))) + payload
	}
	ftyp := func(major, compatible string) string {
		return "\x00\x00\x00" + string(rune(16+len(compatible))) + "ftyp" + major + "\x00\x00\x00\x00" + compatible + "\x00\x00\x00\x08free"
	}
	for name, c := range map[string]struct{ head, want string }{
		"nothing":                             {"", "text/plain"},
		"silk cut short":                      {"\x02#!SILK", Unknown},
		"two bytes of silk's mark":            {"\x02\x02#!SILK_V3", Unknown},
		"one mp3 frame":                       {string(mp3[:105]), MP3},
		"an mp3 frame longer than the head":   {string(mp3[:50]), MP3},
		"an mp3 frame with a tag behind it":   {string(mp3[:104]) + "TAG" + strings.Repeat("\x00", 125), MP3},
		"an mp3 frame with something behind":  {string(mp3[:104]) + strings.Repeat("\x01", 400), Unknown},
		"mp3 with a free bit rate":            {"\xff\xfb\x00\x00" + strings.Repeat("\x00", 100), Unknown},
		"mp3 behind two tags":                 {"ID3\x04\x00\x00\x00\x00\x00\x02xxID3\x03\x00\x00\x00\x00\x00\x01x" + string(mp3), MP3},
		"mp3 behind a tag with a footer":      {"ID3\x04\x00\x10\x00\x00\x00\x02xx3DI\x04\x00\x10\x00\x00\x00\x02" + string(mp3), MP3},
		"a tag with half a header behind it":  {"ID3\x04\x00\x00\x00\x00\x00\x03xxx\xff\xfb", Unknown},
		"a tag with nothing behind it":        {"ID3\x04\x00\x00\x00\x00\x00\x03xxx" + strings.Repeat("\x01", 40), Unknown},
		"aac with a checksum":                 {"\xff\xf0" + string(aac[2:]), "audio/aac"},
		"a text in UTF-16":                    {"\xff\xfeh\x00e\x00l\x00l\x00o\x00", "text/plain"},
		"bytes of all kinds":                  {strings.Repeat("\xff\xfb\x90\x00\x00\x07", 300), Unknown},
		"sound behind a skeleton":             {page("fishead\x00\x03\x00") + string(vorbis), Ogg},
		"video behind a skeleton and a sound": {page("fishead\x00\x03\x00") + page("OpusHead") + page("BBCD\x00"), OggVideo},
		"ogg of subtitles":                    {page("\x80kate\x00\x00\x00"), OggOther},
		"ogg cut within its page":             {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x20\x01", OggOther},
		"a Canon raw image":                   {ftyp("crx ", "crx isom"), "image/x-canon-cr3"},
		"an unknown brand, compatible":        {ftyp("wxyz", "abcdmp42"), MP4},
		"an unknown brand, 3gp":               {ftyp("wxyz", "3gp4"), "video/3gpp"},
		"an unknown brand alone":              {ftyp("wxyz", "wxyz"), ISOOther},
		"a brand box without an end":          {"\x00\x00\x00\x00ftypmp42", MP4},
		"a text with ftyp in it":              {"the ftyp box", "text/plain"},
		"big-endian wav":                      {"RIFX\x00\x00\x00\x24WAVEfmt \x00", Unknown},
		"a bitmap's letters before zeros":     {"BM" + strings.Repeat("\x00", 40), Unknown},
	} {
		assert.Equal(t, c.want, formatOf(t, []byte(c.head)), name)
	}
}

// broken is a reader that fails.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk on fire") }

func TestAFailingReaderIsAnErrorAndNoFormat(t *testing.T) {
	_, err := Format(broken{}, 10)
	require.ErrorContains(t, err, "disk on fire")
}

func TestPlainWordsStandBeforeTheMIMETypeIfItAloneSaysTooLittle(t *testing.T) {
	assert.Equal(t, "m4a audio (audio/mp4)", Plain(M4A))
	assert.Equal(t, "of no known format (application/octet-stream)", Plain(Unknown))
	assert.Equal(t, "application/pdf", Plain("application/pdf"))
}

// FuzzFormat names the format of any bytes.
func FuzzFormat(f *testing.F) {
	for _, row := range fixtures {
		for _, file := range strings.Fields(row.files) {
			f.Add(readFixture(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		name, err := Format(bytes.NewReader(content), int64(len(content)))
		if err != nil || name == "" || strings.Contains(name, ";") {
			t.Fatalf("%q, %v", name, err)
		}
	})
}
