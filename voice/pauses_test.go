package voice_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/voice"
)

// TestThePausesOfAPhonesVoiceAreKept with half a second of speech five times, and a pause behind each. A phone sends no sound
// while nobody speaks, and ffmpeg cannot decode what it sends instead.
func TestThePausesOfAPhonesVoiceAreKept(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	nb := amr("#!AMR\n", 25, 0x3c, 31, 0x44)
	letters := []byte("#!AMR\n")
	late := slices.Concat(letters, bytes.Repeat([]byte{noData}, 100), bytes.TrimPrefix(nb, letters))
	for name, c := range map[string]struct {
		in   []byte
		want float64
	}{
		"AMR":                  {nb, 4.5},                                  // without the pause at the end
		"AMR-WB":               {amr("#!AMR-WB\n", 25, 0x14, 32, 0x4c), 5}, // ffmpeg knows "no data" there
		"AMR, mostly silent":   {amr("#!AMR\n", 100, 0x3c, 31, 0x44), 10.5},
		"AMR in 3GP":           {remuxed(t, nb, "voice.3gp"), 4.5},
		"a pause first":        {late, 6.5},
		"a pause first in 3GP": {remuxed(t, late, "voice.3gp"), 6.5},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := encode(t, voice.FFmpeg{Format: voice.WAV}, stream(c.in))
			require.NoError(t, err)
			assert.InDelta(t, c.want, checkBytes(t, voice.WAV, out), 0.2)
		})
	}
}

// noData is a frame without anything, in a pause.
const noData = 0x7c

// amr is a voice of 20 ms frames: five times 25 of speech, and pause of a pause, every eighth of which describes the noise.
// They begin with the bytes speech and noise, and have size and 5 zeros behind them.
func amr(letters string, pause int, speech byte, size int, noise byte) []byte {
	voice := []byte(letters)
	for range 5 {
		for range 25 {
			voice = append(append(voice, speech), make([]byte, size)...)
		}
		for i := range pause {
			if i%8 == 0 {
				voice = append(append(voice, noise), make([]byte, 5)...)
				continue
			}
			voice = append(voice, noData)
		}
	}
	return voice
}

// remuxed returns the same sound in another container.
func remuxed(t *testing.T, sound []byte, name string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", "-", "-c", "copy", path)
	cmd.Stdin = bytes.NewReader(sound)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	return file
}

func TestPausesCountForTheLength(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	_, err := encode(t, voice.FFmpeg{Format: voice.WAV}, stream(amr("#!AMR\n", 3*3000, 0x3c, 31, 0x44))) // 15 minutes
	require.EqualError(t, err, "voice: the sound is longer than 10m0s")
}

func TestAVoiceOfPausesOnlyHoldsNoSound(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	silent := append([]byte("#!AMR\n"), bytes.Repeat([]byte{0x7c}, 500)...)
	for _, format := range []voice.Format{voice.MP3, voice.WAV, voice.OGG} {
		for name, in := range map[string][]byte{"pauses": silent, "no frame": silent[:6]} {
			t.Run(format.String()+", "+name, func(t *testing.T) {
				_, err := encode(t, voice.FFmpeg{Format: format}, stream(in))
				require.ErrorContains(t, err, "holds no sound")
			})
		}
	}
}
