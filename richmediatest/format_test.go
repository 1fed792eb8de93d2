package richmediatest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// taken are the files of testdata/formats that a file_type accepts; all others are taken as type 4 only. silk-22050.silk is
// accepted and plays as silence.
var taken = map[int]string{
	1: `jpeg-baseline.jpg jpeg-progressive.jpg jpeg-cmyk.jpg jpeg-exif.jpg png.png png-animated.png gif.gif gif-animated.gif
		webp-lossy.webp webp-lossless.webp webp-animated.webp bmp.bmp bmp-os2.bmp bmp-v4.bmp`,
	2: `mp4-isom-moov-first.mp4 mp4-isom-moov-last.mp4 mp4-mp41.mp4 mp4-mp42.mp4 mp4-avc1.mp4 mp4-m4v.m4v mp4-msnv.mp4
		mp4-xavc.mp4 mp4-nero.mp4 mp4-iso5-fragmented.mp4 mp4-dash.mp4 mp4-hevc.mp4 mp4-silent.mp4 mp4-free-first.mp4`,
	3: `silk-tencent.silk silk.silk mp3-mpeg1.mp3 mp3-mpeg2.mp3 mp3-mpeg25.mp3 mp3-vbr-xing.mp3 mp3-id3v2.mp3
		mp3-id3v2-cover.mp3 mp3-zero-padded.mp3 mp3-apev2.mp3 mp3-cut.mp3 mp3-320-cut.mp3 mp3-320-zero-padded.mp3
		mp3-id3v2-long.mp3 mp3-id3v2-no-length.mp3 silk-22050.silk wav-id3v2.wav wav-pcm.wav wav-extensible.wav
		ogg-vorbis.ogg ogg-opus.ogg ogg-flac.oga`,
}

func TestRealFilesAreTakenAsWhatTheyAre(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	kinds := map[string]int{}
	for kind, files := range taken {
		for _, file := range strings.Fields(files) {
			kinds[file] = kind
		}
	}
	paths, err := filepath.Glob("../testdata/formats/*.*")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		file := filepath.Base(path)
		for kind := 1; kind <= 4; kind++ {
			t.Run(fmt.Sprintf("%s as %d", file, kind), func(t *testing.T) {
				r := b.files(g, inline(kind, content))
				if kind == 4 || kind == kinds[file] {
					accepted(t, r)
				} else {
					refused(t, r, 400, 850019, 40034002)
				}
			})
		}
		delete(kinds, file)
	}
	assert.Empty(t, kinds, "all of them are there")
}

func TestFormatsAreRecognizedBehindWhatStandsInFront(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join("../testdata/formats", name))
		require.NoError(t, err)
		return content
	}
	tag := func(size int) []byte { // ID3v2.3
		head := []byte{'I', 'D', '3', 3, 0, 0, byte(size >> 21 & 0x7f), byte(size >> 14 & 0x7f), byte(size >> 7 & 0x7f), byte(size & 0x7f)}
		return append(head, make([]byte, size)...)
	}
	free := func(size int) []byte {
		return append([]byte{0, 0, byte(size >> 8), byte(size), 'f', 'r', 'e', 'e'}, make([]byte, size-8)...)
	}
	for name, c := range map[string]struct {
		front []byte
		file  string
		kind  int
		taken bool
	}{
		"mp3 cut inside a frame":           {nil, "mp3-cut.mp3", 3, true},
		"mp3 behind zeros":                 {make([]byte, 777), "mp3-mpeg1.mp3", 3, true},
		"mp3 behind many zeros":            {make([]byte, 5000), "mp3-mpeg1.mp3", 3, true},
		"mp3 behind an empty tag":          {tag(0), "mp3-mpeg1.mp3", 3, true},
		"mp3 behind a long tag":            {tag(9000), "mp3-mpeg1.mp3", 3, true},
		"text behind an unmeasured tag":    {append(tag(0), "abc\xff\xfb\x90\xff"...), "text.txt", 3, false},
		"wav behind a tag":                 {tag(10), "wav-pcm.wav", 3, true},
		"wav behind a long tag":            {tag(9000), "wav-pcm.wav", 3, true},
		"aac behind a long tag":            {tag(9000), "aac-adts.aac", 3, false},
		"flac behind a long tag":           {tag(9000), "flac.flac", 3, false},
		"nothing but zeros":                {make([]byte, 5000), "text.txt", 3, false},
		"mp4 behind a free box":            {free(8), "mp4-isom-moov-first.mp4", 2, true},
		"mp4 behind two free boxes":        {append(free(8), free(600)...), "mp4-isom-moov-first.mp4", 2, true},
		"sound in mp4 behind a free box":   {free(6000), "m4a-isom.mp4", 2, false},
		"a box that is longer than it all": {[]byte{0x7f, 0, 0, 0, 'f', 'r', 'e', 'e'}, "mp4-isom-moov-first.mp4", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.files(g, inline(c.kind, append(c.front, read(c.file)...)))
			if !c.taken {
				refused(t, r, 400, 850019, 40034002)
				return
			}
			accepted(t, r)
		})
	}
}
