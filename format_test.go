package richmedia

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// fixtures are the files of testdata/formats by what sniff names them and by the kind that takes them, apart from
// KindFile, which takes all. Kind 0 is none.
var fixtures = []struct {
	kind  Kind
	name  string
	files string
}{
	{KindImage, "image/jpeg", "jpeg-baseline.jpg jpeg-progressive.jpg jpeg-cmyk.jpg jpeg-exif.jpg"},
	{KindImage, "image/png", "png.png"},
	{KindImage, "image/apng", "png-animated.png"},
	{KindImage, "image/gif", "gif.gif gif-animated.gif"},
	{KindImage, "image/webp", "webp-lossy.webp webp-lossless.webp webp-animated.webp"},
	{KindImage, "image/bmp", "bmp.bmp bmp-os2.bmp bmp-v4.bmp"},
	{0, "image/heic", "heic.heic"},
	{0, "image/avif", "avif.avif"},
	{0, "image/tiff", "tiff.tiff"},
	{0, "image/svg+xml", "svg.svg"},

	{KindVideo, "video/mp4", `mp4-isom-moov-first.mp4 mp4-isom-moov-last.mp4 mp4-mp41.mp4 mp4-mp42.mp4 mp4-avc1.mp4 mp4-m4v.m4v
		mp4-msnv.mp4 mp4-xavc.mp4 mp4-nero.mp4 mp4-iso5-fragmented.mp4 mp4-dash.mp4 mp4-hevc.mp4 mp4-silent.mp4`},
	{0, "video/quicktime", "mov-qt.mov mov-no-ftyp.mov"},
	{0, "video/3gpp", "3gp.3gp"},
	{0, "video/3gpp2", "3g2.3g2"},
	{0, "video/webm", "webm.webm"},
	{0, "video/matroska", "mkv.mkv"},
	{0, "video/x-msvideo", "avi.avi"},
	{0, "video/x-flv", "flv.flv"},
	{0, "video/mp2t", "ts.ts"},
	{0, "video/ogg", "ogg-theora.ogv ogg-vorbis-theora.ogv"},

	{KindVoice, "audio/silk", "silk-tencent.silk silk.silk"},
	{KindVoice, "audio/mpeg", `mp3-mpeg1.mp3 mp3-mpeg2.mp3 mp3-mpeg25.mp3 mp3-vbr-xing.mp3 mp3-id3v2.mp3 mp3-id3v2-cover.mp3
		mp3-zero-padded.mp3 mp3-apev2.mp3 mp3-cut.mp3`},
	{KindVoice, "audio/wav", "wav-pcm.wav wav-extensible.wav"},
	{KindVoice, "audio/ogg", "ogg-vorbis.ogg ogg-opus.ogg ogg-flac.oga"},
	{0, "audio/x-rf64", "wav-rf64.wav"},
	{0, "audio/mp2", "mp2.mp2"},
	{0, "audio/aac", "aac-adts.aac aac-id3v2.aac"},
	{0, "audio/mp4", "m4a.m4a m4b.m4b m4a-dash.m4a m4a-isom.mp4"},
	{0, "audio/flac", "flac.flac flac-id3v2.flac"},
	{0, "audio/amr", "amr-nb.amr"},
	{0, "audio/amr-wb", "amr-wb.awb"},
	{0, "audio/aiff", "aiff.aiff"},
	{0, "audio/basic", "au.au"},
	{0, "video/x-ms-asf", "wma.wma"},

	{0, "application/pdf", "pdf.pdf"},
	{0, "text/plain", "text.txt text-bm.txt text-id3.txt"},
}

// eachFixture goes through the files of the table.
func eachFixture(t *testing.T, check func(t *testing.T, kind Kind, name string, content []byte)) {
	for _, row := range fixtures {
		for _, file := range strings.Fields(row.files) {
			t.Run(file, func(t *testing.T) {
				content, err := os.ReadFile("testdata/formats/" + file)
				require.NoError(t, err)
				check(t, row.kind, row.name, content)
			})
		}
	}
}

func headOf(content []byte) []byte { return content[:min(len(content), sniffLen)] }

func TestRealFilesAreToldApart(t *testing.T) {
	eachFixture(t, func(t *testing.T, kind Kind, name string, content []byte) {
		assert.Equal(t, name, sniff(headOf(content)))
		for _, k := range []Kind{KindImage, KindVideo, KindVoice, KindFile} {
			err := checkFormat(k, headOf(content))
			if k == KindFile || k == kind {
				assert.NoError(t, err, k)
				assert.True(t, takes(k, name), k)
				continue
			}
			require.ErrorIs(t, err, ErrUnsupported, k)
			assert.ErrorContains(t, err, name)
			assert.False(t, takes(k, name), k)
		}
	})
}

func TestEveryFixtureIsInTheTableAndInItsREADME(t *testing.T) {
	var listed []string
	for _, row := range fixtures {
		listed = append(listed, strings.Fields(row.files)...)
	}
	readme, err := os.ReadFile("testdata/formats/README.md")
	require.NoError(t, err)
	entries, err := os.ReadDir("testdata/formats")
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
		assert.Contains(t, string(readme), "`"+e.Name()+"`")
	}
	slices.Sort(listed)
	assert.Equal(t, found, listed)
	assert.Less(t, total, int64(300<<10), "the repository stays small")
}

// TestThePluginAndTheFakePlatformAgreeOnEveryFile asks the fake directly: what the plugin refuses never gets to it.
func TestThePluginAndTheFakePlatformAgreeOnEveryFile(t *testing.T) {
	p := richmediatest.New()
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	token, err := p.TokenSource().Token()
	require.NoError(t, err)
	address := p.URL() + "/v2/groups/" + p.Group("club").OpenID() + "/files"
	eachFixture(t, func(t *testing.T, _ Kind, _ string, content []byte) {
		for _, kind := range []Kind{KindImage, KindVideo, KindVoice, KindFile} {
			body, err := json.Marshal(map[string]any{
				"file_type": kind, "file_data": base64.StdEncoding.EncodeToString(content), "srv_send_msg": false,
			})
			require.NoError(t, err)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Authorization", "QQBot "+token.AccessToken)
			resp, err := p.Client().Do(req)
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())

			verdict := checkFormat(kind, headOf(content))
			want := http.StatusOK
			if verdict != nil {
				want = http.StatusBadRequest
				assert.Contains(t, string(answer), "850019", kind)
			}
			assert.Equal(t, want, resp.StatusCode, "%s: the plugin says %v, the platform %s", kind, verdict, answer)
		}
	})
}

// TestContentThatLooksLikeSomethingElse are heads that no tool at hand writes.
func TestContentThatLooksLikeSomethingElse(t *testing.T) {
	mp3, err := os.ReadFile("testdata/formats/mp3-mpeg1.mp3")
	require.NoError(t, err)
	aac, err := os.ReadFile("testdata/formats/aac-adts.aac")
	require.NoError(t, err)
	vorbis, err := os.ReadFile("testdata/formats/ogg-vorbis.ogg")
	require.NoError(t, err)
	page := func(payload string) string {
		return "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01" + string(rune(len(payload))) + payload
	}
	ftyp := func(major, compatible string) string {
		return "\x00\x00\x00" + string(rune(16+len(compatible))) + "ftyp" + major + "\x00\x00\x00\x00" + compatible + "\x00\x00\x00\x08free"
	}
	for name, c := range map[string]struct{ head, want string }{
		"nothing":                             {"", "text/plain"},
		"silk cut short":                      {"\x02#!SILK", typeUnknown},
		"two bytes of silk's mark":            {"\x02\x02#!SILK_V3", typeUnknown},
		"one mp3 frame":                       {string(mp3[:105]), typeMP3},
		"an mp3 frame longer than the head":   {string(mp3[:50]), typeMP3},
		"an mp3 frame with a tag behind it":   {string(mp3[:104]) + "TAG" + strings.Repeat("\x00", 125), typeMP3},
		"an mp3 frame with something behind":  {string(mp3[:104]) + strings.Repeat("\x01", 400), typeUnknown},
		"mp3 with a free bit rate":            {"\xff\xfb\x00\x00" + strings.Repeat("\x00", 100), typeUnknown},
		"mp3 behind two tags":                 {"ID3\x04\x00\x00\x00\x00\x00\x02xxID3\x03\x00\x00\x00\x00\x00\x01x" + string(mp3), typeMP3},
		"mp3 behind a tag with a footer":      {"ID3\x04\x00\x10\x00\x00\x00\x02xx3DI\x04\x00\x10\x00\x00\x00\x02" + string(mp3), typeMP3},
		"mp3 whose tag ends with the head":    {"ID3\x04\x00\x00\x00\x00\x00\x03xxx\xff\xfb", typeMP3},
		"a tag with nothing behind it":        {"ID3\x04\x00\x00\x00\x00\x00\x03xxx" + strings.Repeat("\x01", 40), typeUnknown},
		"aac with a checksum":                 {"\xff\xf0" + string(aac[2:]), "audio/aac"},
		"a text in UTF-16":                    {"\xff\xfeh\x00e\x00l\x00l\x00o\x00", "text/plain"},
		"bytes of all kinds":                  {strings.Repeat("\xff\xfb\x90\x00\x00\x07", 300), typeUnknown},
		"sound behind a skeleton":             {page("fishead\x00\x03\x00") + string(vorbis), typeOgg},
		"video behind a skeleton and a sound": {page("fishead\x00\x03\x00") + page("OpusHead") + page("BBCD\x00"), typeOggFilm},
		"ogg of subtitles":                    {page("\x80kate\x00\x00\x00"), typeOggElse},
		"ogg cut within its page":             {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x20\x01", typeOggElse},
		"a Canon raw image":                   {ftyp("crx ", "crx isom"), "image/x-canon-cr3"},
		"an unknown brand, compatible":        {ftyp("wxyz", "abcdmp42"), typeMP4},
		"an unknown brand, 3gp":               {ftyp("wxyz", "3gp4"), "video/3gpp"},
		"an unknown brand alone":              {ftyp("wxyz", "wxyz"), typeISO},
		"a brand box without an end":          {"\x00\x00\x00\x00ftypmp42", typeMP4},
		"a text with ftyp in it":              {"the ftyp box", "text/plain"},
		"big-endian wav":                      {"RIFX\x00\x00\x00\x24WAVEfmt \x00", typeUnknown},
		"a bitmap's letters before zeros":     {"BM" + strings.Repeat("\x00", 40), typeUnknown},
	} {
		assert.Equal(t, c.want, sniff([]byte(c.head)), name)
	}
}

func TestARefusalSaysWhatTheFileIsInPlainWords(t *testing.T) {
	for file, want := range map[string]string{
		"amr-nb.amr":     "the content is amr audio (audio/amr), and as a voice the platform takes silk, mp3, wav or ogg; ReplyFile takes anything",
		"m4a.m4a":        "the content is m4a audio (audio/mp4), and as a voice the platform takes",
		"mp2.mp2":        "the content is MPEG audio of layer I or II, which is no mp3 (audio/mp2), and",
		"mov-qt.mov":     "the content is a QuickTime movie, which is no mp4 (video/quicktime), and",
		"ogg-theora.ogv": "the content is ogg video (video/ogg), and",
		"pdf.pdf":        "the content is application/pdf, and",
		"png.png":        "the content is image/png, and",
	} {
		content, err := os.ReadFile("testdata/formats/" + file)
		require.NoError(t, err)
		require.ErrorContains(t, checkFormat(KindVoice, headOf(content)), want, file)
	}
	require.ErrorContains(t, checkFormat(KindImage, []byte{0, 1, 2}), "the content is of no known format (application/octet-stream), and as an image")
}

func TestOverTheSoftSizeAKindIsShownAsACard(t *testing.T) {
	for kind, soft := range map[Kind]int64{KindImage: 20 << 20, KindVideo: 30 << 20, KindVoice: 20 << 20, KindFile: 200 << 20} {
		assert.False(t, overSoft(kind, 0), kind)
		assert.False(t, overSoft(kind, soft), kind)
		assert.True(t, overSoft(kind, soft+1), kind)
		assert.LessOrEqual(t, soft, kindRules[kind].hard)
	}
	assert.False(t, overSoft(0, 1<<40))
	assert.False(t, takes(0, "image/png"))
	assert.False(t, takes(5, "image/png"))
}

// FuzzSniff reads what comes from outside: whatever it is it gets a name, and every kind a verdict.
func FuzzSniff(f *testing.F) {
	for _, row := range fixtures {
		for _, file := range strings.Fields(row.files) {
			content, err := os.ReadFile("testdata/formats/" + file)
			require.NoError(f, err)
			f.Add(headOf(content))
		}
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		name := sniff(head)
		if name == "" || strings.Contains(name, ";") {
			t.Fatalf("sniff names %q", name)
		}
		for _, kind := range []Kind{KindImage, KindVideo, KindVoice, KindFile} {
			if err := checkFormat(kind, head); (err == nil) != takes(kind, name) {
				t.Fatalf("%s is %s, and as %s: %v", head, name, kind, err)
			}
		}
	})
}
