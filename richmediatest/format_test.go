package richmediatest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// taken are the files of testdata/formats that a file_type accepts; all others are taken as type 4 only.
var taken = map[int]string{
	1: `jpeg-baseline.jpg jpeg-progressive.jpg jpeg-cmyk.jpg jpeg-exif.jpg png.png png-animated.png gif.gif gif-animated.gif
		webp-lossy.webp webp-lossless.webp webp-animated.webp bmp.bmp bmp-os2.bmp bmp-v4.bmp`,
	2: `mp4-isom-moov-first.mp4 mp4-isom-moov-last.mp4 mp4-mp41.mp4 mp4-mp42.mp4 mp4-avc1.mp4 mp4-m4v.m4v mp4-msnv.mp4
		mp4-xavc.mp4 mp4-nero.mp4 mp4-iso5-fragmented.mp4 mp4-dash.mp4 mp4-hevc.mp4 mp4-silent.mp4`,
	3: `silk-tencent.silk silk.silk mp3-mpeg1.mp3 mp3-mpeg2.mp3 mp3-mpeg25.mp3 mp3-vbr-xing.mp3 mp3-id3v2.mp3
		mp3-id3v2-cover.mp3 mp3-zero-padded.mp3 mp3-apev2.mp3 mp3-cut.mp3 mp3-320-cut.mp3 mp3-id3v2-long.mp3
		wav-pcm.wav wav-extensible.wav wav-id3v2.wav
		ogg-vorbis.ogg ogg-opus.ogg ogg-flac.oga`,
}

// undecided are files that format.go does not judge rightly yet.
var undecided = []string{
	"m4a-isom-long.mp4", "mp3-320-zero-padded.mp3", "mp3-id3v2-no-length.mp3", "mp4-free-first.mp4", "silk-22050.silk",
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
		if slices.Contains(undecided, file) {
			continue
		}
		for kind := 1; kind <= 4; kind++ {
			r := b.files(g, inline(kind, content))
			if kind == 4 || kind == kinds[file] {
				assert.Equal(t, 200, r.status, "%s as %d: %s", file, kind, r.raw)
			} else {
				refused(t, r, 400, 850019, 40034002)
			}
		}
		delete(kinds, file)
	}
	assert.Empty(t, kinds, "all of them are there")
}
