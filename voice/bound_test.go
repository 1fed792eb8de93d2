package voice_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/voice"
)

// made runs ffmpeg to make a file.
func made(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	needFFmpeg(t)
	file := filepath.Join(t.TempDir(), name)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-nostdin", "-v", "error", "-f", "lavfi"}, args...), file)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return b
}

// TestASmallFileWithALongSoundIsRefused though it is silence, which costs nothing to store.
func TestASmallFileWithALongSoundIsRefused(t *testing.T) {
	silence := func(seconds int) []byte {
		return made(t, "a.flac", "-i", "anullsrc=r=8000:cl=mono", "-t", fmt.Sprint(seconds), "-c:a", "flac")
	}
	long, fits := silence(605), silence(600)
	assert.Less(t, len(long), 1<<20)
	for _, format := range []voice.Format{voice.MP3, voice.WAV, voice.OGG} {
		ownTemp(t)
		out, err := encode(t, voice.FFmpeg{Format: format}, stream(long))
		require.EqualError(t, err, "voice: the sound is longer than 10m0s", format)
		assert.LessOrEqual(t, len(out), 601*48000, format)
		_, err = encode(t, voice.FFmpeg{Format: format}, stream(fits))
		require.NoError(t, err, format)
	}
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

// TestFilesWithTheirIndexAtTheEndAreReadAsFiles as ffmpeg reads them when it is given their names.
func TestFilesWithTheirIndexAtTheEndAreReadAsFiles(t *testing.T) {
	needFFmpeg(t, "ffprobe")
	sine := []string{"-i", "sine=440:r=48000:d=3"}
	inputs := map[string][]byte{
		"opus.caf": made(t, "a.caf", append(sine, "-c:a", "libopus")...),
		"alac.caf": made(t, "a.caf", append(sine, "-c:a", "alac")...),
		"pcm.caf":  made(t, "a.caf", append(sine, "-c:a", "pcm_s16be")...),
		"pcm.aiff": made(t, "a.aiff", sine...),
		"a.w64":    made(t, "a.w64", sine...),
		"a.tta":    made(t, "a.tta", append(sine, "-c:a", "tta")...),
		"a.wv":     made(t, "a.wv", append(sine, "-c:a", "wavpack")...),
		"a.avi":    made(t, "a.avi", append(sine, "-c:a", "ac3")...),
		"a.ts":     made(t, "a.ts", append(sine, "-c:a", "aac")...),
		"a.flv":    made(t, "a.flv", append(sine, "-ar", "44100", "-c:a", "aac")...),
		"a.mkv":    made(t, "a.mkv", append(sine, "-c:a", "libopus")...),
		"a.voc":    made(t, "a.voc", append(sine, "-c:a", "pcm_u8")...),
		"a.au":     made(t, "a.au", sine...),
		"a.wma":    made(t, "a.wma", append(sine, "-c:a", "wmav2")...),
		"a.ac3":    made(t, "a.ac3", append(sine, "-c:a", "ac3")...),
		"a.ogg":    made(t, "a.ogg", append(sine, "-c:a", "libvorbis")...),
	}
	aiff := inputs["pcm.aiff"] // its COMM chunk of 26 bytes behind its sound
	require.Equal(t, "COMM", string(aiff[12:16]))
	inputs["sound-first.aiff"] = bytes.Join([][]byte{aiff[:12], aiff[38:], aiff[12:38]}, nil)
	wav := made(t, "a.wav", append(sine, "-bitexact")...)
	require.Equal(t, "fmt ", string(wav[12:16]))
	inputs["a.wav"] = wav
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			ownTemp(t)
			out, err := encode(t, voice.FFmpeg{Format: voice.WAV}, stream(in))
			require.NoError(t, err)
			require.Greater(t, len(out), 44)
			seconds := float64(binary.LittleEndian.Uint32(out[40:])) / 48000
			assert.InDelta(t, 3, seconds, 0.2)
			// What is cut, empty or lies about its lengths is an error or a shorter sound, and never hangs.
			for _, bad := range [][]byte{in[:2*len(in)/3], in[:8], append(bytes.Clone(in[:12]), bytes.Repeat([]byte{0xff}, 100)...)} {
				ctx, cancel := context.WithCancel(t.Context())
				r, err := voice.FFmpeg{}.Encode(ctx, stream(bad))
				require.NoError(t, err)
				n, err := io.Copy(io.Discard, r)
				assert.True(t, err != nil || n > 0)
				require.NoError(t, r.Close())
				cancel()
			}
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
