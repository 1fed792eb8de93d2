package voice_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/voice"
)

// made runs ffmpeg to make a file.
func made(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	return madeAll(t, nil, map[string][]string{name: args})[name]
}

// madeAll returns several files that one ffmpeg makes of an input, each with its own arguments.
func madeAll(t *testing.T, input []string, files map[string][]string) map[string][]byte {
	t.Helper()
	needFFmpeg(t)
	dir := t.TempDir()
	args := append([]string{"-nostdin", "-v", "error", "-f", "lavfi"}, input...)
	for name, more := range files {
		args = append(append(args, more...), filepath.Join(dir, name))
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	all := map[string][]byte{}
	for name := range files {
		all[name], err = os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
	}
	return all
}

// TestASmallFileWithALongSoundIsRefused though it is silence, which costs nothing to store. What ffmpeg makes of the last ten
// seconds of ten minutes is accepted with the others before it, and refused with five seconds more: to encode all of it four times
// would take long.
func TestASmallFileWithALongSoundIsRefused(t *testing.T) {
	silence := func(seconds int) []byte {
		return made(t, "a.flac", "-i", "anullsrc=r=8000:cl=mono", "-t", fmt.Sprint(seconds), "-c:a", "flac")
	}
	refused := func(f voice.FFmpeg, sound []byte) {
		out, err := encode(t, f, stream(sound))
		require.EqualError(t, err, "voice: the sound is longer than 10m0s", f.Format)
		assert.LessOrEqual(t, len(out), 601*48000, f.Format)
	}
	accepted := func(f voice.FFmpeg, sound []byte) []byte {
		out, err := encode(t, f, stream(sound))
		require.NoError(t, err, f.Format)
		return out
	}
	ownTemp(t)
	long := silence(605)
	assert.Less(t, len(long), 1<<20)
	refused(voice.FFmpeg{Format: voice.WAV}, long)

	end := silence(10)
	mp3 := accepted(voice.FFmpeg{Format: voice.MP3}, end)
	ogg := accepted(voice.FFmpeg{Format: voice.OGG}, end)
	path, _ := faulty(t, "echoes")
	accepted(voice.FFmpeg{Path: path, Format: voice.WAV}, make([]byte, 600*48000))
	behind := func(seconds int) []byte { return append(bytes.Repeat(mp3[:8000], seconds), mp3...) }
	accepted(voice.FFmpeg{Path: path, Format: voice.MP3}, behind(590))
	refused(voice.FFmpeg{Path: path, Format: voice.MP3}, behind(595))
	accepted(voice.FFmpeg{Path: path, Format: voice.OGG}, later(ogg, 590*48000))
	refused(voice.FFmpeg{Path: path, Format: voice.OGG}, later(ogg, 5*48000))
}

// later adds to the time of each page of an Ogg stream.
func later(ogg []byte, samples uint64) []byte {
	for page := ogg; len(page) > 0; {
		binary.LittleEndian.PutUint64(page[6:], binary.LittleEndian.Uint64(page[6:])+samples)
		size := 27 + int(page[26])
		for _, lacing := range page[27:size] {
			size += int(lacing)
		}
		page = page[size:]
	}
	return ogg
}

func TestAProcessThatWritesWithoutAnEndIsEnded(t *testing.T) {
	for _, format := range []voice.Format{voice.MP3, voice.WAV, voice.OGG} {
		ownTemp(t)
		path, pid := faulty(t, "echoes")
		r, err := voice.FFmpeg{Path: path, Format: format}.Encode(t.Context(), io.MultiReader(bytes.NewReader(fixture(t, "mp3-mpeg1.mp3")), sawtooth{}))
		require.NoError(t, err)
		n := pid()
		_, err = io.Copy(io.Discard, r)
		require.EqualError(t, err, "voice: the sound is longer than 10m0s", format)
		require.NoError(t, r.Close())
		ended(t, n)
	}
}

func TestAnInputThatIsKeptIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MiB")
	}
	ownTemp(t)
	path, _ := faulty(t, "echoes")
	_, err := encode(t, voice.FFmpeg{Path: path}, io.MultiReader(strings.NewReader("caff\x00\x01\x00\x00"), sawtooth{}))
	require.EqualError(t, err, "voice: the input is longer than 209715200 bytes")
}

// TestFilesWithTheirIndexAtTheEndAreReadAsFiles as ffmpeg reads them when it is given their names. The formats that are here and
// have none are those that TestEveryInputBecomesMonoAt24kHz has no file of.
func TestFilesWithTheirIndexAtTheEndAreReadAsFiles(t *testing.T) {
	needFFmpeg(t, "ffprobe")
	inputs := madeAll(t, []string{"-i", "sine=440:r=48000:d=3"}, map[string][]string{
		"opus.caf": {"-c:a", "libopus"},
		"alac.caf": {"-c:a", "alac"},
		"pcm.caf":  {"-c:a", "pcm_s16be"},
		"pcm.aiff": nil,
		"a.w64":    nil,
		"a.tta":    {"-c:a", "tta"},
		"a.wv":     {"-c:a", "wavpack"},
		"a.flv":    {"-ar", "44100", "-c:a", "aac"},
		"a.voc":    {"-c:a", "pcm_u8"},
		"a.au":     nil,
		"a.ac3":    {"-c:a", "ac3"},
		"a.wav":    {"-bitexact"},
	})
	aiff := inputs["pcm.aiff"] // its COMM chunk of 26 bytes behind its sound
	require.Equal(t, "COMM", string(aiff[12:16]))
	inputs["sound-first.aiff"] = bytes.Join([][]byte{aiff[:12], aiff[38:], aiff[12:38]}, nil)
	require.Equal(t, "fmt ", string(inputs["a.wav"][12:16]))
	for i, name := range slices.Sorted(maps.Keys(inputs)) {
		t.Run(name, func(t *testing.T) {
			in := inputs[name]
			ownTemp(t)
			out, err := encode(t, voice.FFmpeg{Format: voice.WAV}, stream(in))
			require.NoError(t, err)
			require.Greater(t, len(out), 44)
			seconds := float64(binary.LittleEndian.Uint32(out[40:])) / 48000
			assert.InDelta(t, 3, seconds, 0.2)
			// What is cut, empty or lies about its lengths is an error or a shorter sound, and never hangs.
			bad := [][]byte{in[:2*len(in)/3], in[:8], append(bytes.Clone(in[:12]), bytes.Repeat([]byte{0xff}, 100)...)}[i%3]
			r, err := voice.FFmpeg{}.Encode(t.Context(), stream(bad))
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, r)
			assert.True(t, err != nil || n > 0)
			require.NoError(t, r.Close())
		})
	}
}

// TestSilkIsNeverDecodedAsSomethingElse behind the letters of AMR either: ffmpeg makes noise of it, and ends well.
func TestSilkIsNeverDecodedAsSomethingElse(t *testing.T) {
	ownTemp(t)
	path, _ := faulty(t, "ignores its input")
	for _, name := range []string{"silk-tencent.silk", "silk.silk"} {
		silk := fixture(t, name)
		for _, letters := range []string{"", "#!AMR\n", "#!AMR-WB\n"} {
			out, err := encode(t, voice.FFmpeg{Path: path}, stream(append([]byte(letters), silk...)))
			require.ErrorContains(t, err, "the input is silk", "%q before %s", letters, name)
			assert.Empty(t, out)
		}
	}
	_, err := encode(t, voice.FFmpeg{Path: path}, stream(fixture(t, "amr-nb.amr")))
	require.NoError(t, err)
}
