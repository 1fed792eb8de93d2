package voice_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/voice"
)

// encode reads all that comes out.
func encode(t testing.TB, f voice.FFmpeg, in io.Reader) ([]byte, error) {
	t.Helper()
	r, err := f.Encode(t.Context(), in)
	require.NoError(t, err)
	out, err := io.ReadAll(r)
	require.NoError(t, r.Close())
	return out, err
}

// stream hides that a reader can do more.
func stream(b []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(b)} }

func TestEveryInputBecomesMonoAt24kHz(t *testing.T) {
	needFFmpeg(t, "ffprobe")
	ownTemp(t)
	every := []voice.Format{voice.MP3, voice.WAV, voice.OGG}
	for i, name := range []string{
		"m4a.m4a", "mp3-mpeg1.mp3", "mp3-id3v2-cover.mp3", "m4a-dash.m4a", "ogg-opus.ogg", "ogg-vorbis.ogg", "flac.flac",
		"amr-nb.amr", "amr-wb.awb", "aac-adts.aac", "wav-extensible.wav", "wav-rf64.wav", "aiff.aiff", "wma.wma",
		"mp4-isom-moov-last.mp4", "mp4-isom-moov-first.mp4", "mp4-hevc.mp4", "mov-qt.mov", "mov-no-ftyp.mov", "3gp.3gp",
		"mkv.mkv", "avi.avi", "ts.ts", "ogg-vorbis-theora.ogv",
	} {
		formats := every
		if i > 0 {
			formats = every[i%3:][:1] // what comes in and what comes out have nothing to do with each other
		}
		for _, format := range formats {
			t.Run(name+" to "+format.String(), func(t *testing.T) {
				out, err := encode(t, voice.FFmpeg{Format: format}, stream(fixture(t, name)))
				require.NoError(t, err)
				want := 0.5
				if name == "aiff.aiff" {
					want = 0.1
				}
				seconds := checkBytes(t, format, out)
				assert.InDelta(t, want, seconds, 0.25)
				if i == 0 { // and ffprobe reads the same
					got := probe(t, out)
					assert.Equal(t, map[voice.Format]string{voice.MP3: "mp3", voice.WAV: "pcm_s16le", voice.OGG: "opus"}[format], got.codec)
					assert.Equal(t, "1", got.channels)
					if format != voice.OGG { // Opus always plays at 48 kHz; its header says what it was
						assert.Equal(t, "24000", got.rate)
					}
					assert.InDelta(t, seconds, got.seconds, 0.01)
				}
			})
		}
	}
}

// checkBytes looks at the first bytes that the platform looks at, and returns the length of the sound.
func checkBytes(t *testing.T, format voice.Format, out []byte) (seconds float64) {
	t.Helper()
	switch format {
	case voice.MP3:
		require.Greater(t, len(out), 4)
		assert.Equal(t, []byte{0xff, 0xf3}, out[:2], "MPEG-2 layer III, and no tag")
		assert.EqualValues(t, 1, out[2]>>2&3, "24 kHz")
		assert.EqualValues(t, 3, out[3]>>6, "mono")
		return float64(len(out)) / 8000
	case voice.WAV:
		require.Greater(t, len(out), 44)
		assert.Equal(t, "RIFF", string(out[:4]))
		assert.EqualValues(t, len(out)-8, binary.LittleEndian.Uint32(out[4:]), "the length is that of the file")
		assert.Equal(t, "WAVEfmt ", string(out[8:16]))
		assert.EqualValues(t, len(out)-44, binary.LittleEndian.Uint32(out[40:]), "and that of the sound")
		return float64(len(out)-44) / 48000
	case voice.OGG:
		require.Greater(t, len(out), 48)
		assert.Equal(t, "OggS", string(out[:4]))
		assert.Equal(t, "OpusHead\x01\x01", string(out[28:38]), "mono")
		assert.EqualValues(t, 24000, binary.LittleEndian.Uint32(out[40:]))
		last := bytes.LastIndex(out, []byte("OggS"))
		return float64(binary.LittleEndian.Uint64(out[last+6:])) / 48000
	}
	return 0
}

type probed struct {
	codec, channels, rate string
	seconds               float64
}

// probe asks ffprobe.
func probe(t *testing.T, sound []byte) (p probed) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sound")
	require.NoError(t, os.WriteFile(file, sound, 0o600))
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-of", "default=nw=1",
		"-show_entries", "stream=codec_name,channels,sample_rate:format=duration,nb_streams", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "codec_name":
			p.codec = value
		case "channels":
			p.channels = value
		case "sample_rate":
			p.rate = value
		case "nb_streams":
			assert.Equal(t, "1", value)
		case "duration":
			p.seconds, err = strconv.ParseFloat(value, 64)
			require.NoError(t, err)
		}
	}
	return p
}

func TestWhatCannotBeEncodedIsAClearError(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	mp4 := fixture(t, "mp4-isom-moov-last.mp4")
	inputs := map[string]struct {
		in   []byte
		want string
	}{
		"silk":                  {fixture(t, "silk-tencent.silk"), "voice: the input is silk, which ffmpeg cannot read; the platform takes it as it is"},
		"silk without the byte": {fixture(t, "silk.silk"), "the input is silk"},
		"a video without audio": {fixture(t, "mp4-silent.mp4"), "the input has no audio"},
		"a webm without audio":  {fixture(t, "webm.webm"), "the input has no audio"},
		"a picture":             {fixture(t, "png.png"), "voice: ffmpeg: Format not on whitelist"},
		"a text":                {fixture(t, "text.txt"), "Invalid data found when processing input: it is damaged, or in a format that ffmpeg cannot read (exit status "},
		"zeros":                 {make([]byte, 10_000), "damaged, or in a format that ffmpeg cannot read"},
		"half an mp4":           {mp4[:2000], "moov atom not found: the input is cut short (exit status "},
		"one byte":              {[]byte{1}, "damaged, or in a format that ffmpeg cannot read"},
		"nothing":               {nil, "voice: the input is empty"},
	}
	for i, name := range slices.Sorted(maps.Keys(inputs)) {
		c := inputs[name]
		out, err := encode(t, voice.FFmpeg{Format: []voice.Format{voice.MP3, voice.WAV}[i%2]}, stream(c.in))
		require.ErrorContains(t, err, c.want, name)
		assert.Empty(t, out, name)
		assert.NotContains(t, err.Error(), "\n", name)
		assert.NotContains(t, err.Error(), "richmedia-voice-", name)
		var status *exec.ExitError
		assert.Equal(t, strings.Contains(err.Error(), "exit status"), errors.As(err, &status), name)
	}
}

// TestAPlaylistOpensNeitherFilesNorAddresses first shows that ffmpeg, left alone, opens what the playlists name.
func TestAPlaylistOpensNeitherFilesNorAddresses(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.mp3")
	require.NoError(t, os.WriteFile(secret, fixture(t, "mp3-mpeg1.mp3"), 0o600))
	visited := make(chan struct{}, 100)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visited <- struct{}{}
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	address := "http://" + listener.Addr().String() + "/a.mp3"
	hls := func(uri string) string {
		return "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + uri + "\n#EXT-X-ENDLIST\n"
	}
	lists := map[string]struct{ list, demuxer string }{
		"HLS of a file":        {hls("file://" + secret), "hls"},
		"HLS of an address":    {hls(address), "hls"},
		"concat of a file":     {"ffconcat version 1.0\nfile '" + secret + "'\n", "concat"},
		"concat of an address": {"ffconcat version 1.0\nfile '" + address + "'\n", "concat"},
	}
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "list")
			require.NoError(t, os.WriteFile(file, []byte(l.list), 0o600))
			args := []string{"-nostdin", "-loglevel", "error", "-protocol_whitelist", "file,http,tcp,crypto", "-f", l.demuxer}
			if l.demuxer == "concat" {
				args = append(args, "-safe", "0")
			}
			out, _ := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-i", file, "-f", "wav", "pipe:1")...).Output()
			if strings.Contains(l.list, address) {
				assert.NotEmpty(t, visited, "left alone it asks the address")
			} else {
				assert.NotEmpty(t, out, "left alone it plays the file")
			}
			for len(visited) > 0 {
				<-visited
			}

			disguises := map[string]string{"": l.list}
			if name == "HLS of an address" { // what is behind them makes no difference
				disguises["as an mp4"] = "\x00\x00\x00\x08free" + l.list
				disguises["as an mp4 of its own"] = "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + l.list
			}
			for disguise, list := range disguises {
				sound, err := encode(t, voice.FFmpeg{Format: voice.WAV}, strings.NewReader(list))
				require.Error(t, err, disguise)
				assert.Empty(t, sound, disguise)
				assert.Empty(t, visited, disguise)
			}
		})
	}
}

// tone is a WAV file of n bytes of sound, made as it is read.
func tone(n int64) io.Reader {
	header := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff")
	return io.MultiReader(bytes.NewReader(header), io.LimitReader(sawtooth{}, n))
}

type sawtooth struct{}

func (sawtooth) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i >> 2)
	}
	return len(p), nil
}

func TestALongInputTakesConstantMemory(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := voice.FFmpeg{}.Encode(t.Context(), tone(16<<20))
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	runtime.ReadMemStats(&after)
	assert.Greater(t, n, int64(1<<19), "nearly a minute and a half of sound")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
}

func TestSoundComesOutBeforeAllOfItIsIn(t *testing.T) {
	needFFmpeg(t)
	first := make(chan struct{})
	in := &until{r: tone(256 << 20), stop: first}
	r, err := voice.FFmpeg{}.Encode(t.Context(), in)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 100))
	require.NoError(t, err)
	close(first)
	_, err = io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Less(t, in.read, int64(256<<20), "the rest was never needed")
}

// until ends when stop is closed.
type until struct {
	r    io.Reader
	stop chan struct{}
	read int64
}

func (u *until) Read(p []byte) (int, error) {
	select {
	case <-u.stop:
		return 0, io.EOF
	default:
	}
	n, err := u.r.Read(p)
	u.read += int64(n)
	return n, err
}

func TestOneFFmpegServesManyAtOnce(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	f := voice.FFmpeg{Format: voice.OGG}
	inputs := []string{"m4a.m4a", "amr-nb.amr"}
	want := map[string][]byte{}
	for _, name := range inputs {
		out, err := encode(t, f, bytes.NewReader(fixture(t, name)))
		require.NoError(t, err)
		want[name] = out
	}
	var wg sync.WaitGroup
	for i := range 4 {
		name := inputs[i%len(inputs)]
		wg.Go(func() {
			out, err := encode(t, f, bytes.NewReader(fixture(t, name)))
			assert.NoError(t, err)
			assert.Equal(t, want[name], out, "the same input makes the same bytes")
		})
	}
	wg.Wait()
}

func TestAFailingInputIsReportedAsItself(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	broken := errors.New("the line is dead")
	for name, before := range map[string]func() io.Reader{
		"at once":          func() io.Reader { return strings.NewReader("") },
		"in the first box": func() io.Reader { return bytes.NewReader(fixture(t, "m4a.m4a")[:6]) },
		"behind an mp4":    func() io.Reader { return bytes.NewReader(fixture(t, "m4a.m4a")) },
		"behind an mp3":    func() io.Reader { return bytes.NewReader(fixture(t, "mp3-mpeg1.mp3")) },
		"behind much":      func() io.Reader { return tone(8 << 20) },
	} {
		for _, format := range []voice.Format{voice.MP3, voice.WAV} {
			_, err := encode(t, voice.FFmpeg{Format: format}, io.MultiReader(before(), iotest.ErrReader(broken)))
			require.ErrorIs(t, err, broken, name)
			assert.Equal(t, "voice: read the input: the line is dead", err.Error(), name)
		}
	}
	_, err := encode(t, voice.FFmpeg{}, panicky{})
	require.EqualError(t, err, "voice: read the input: a panic: no such thing")
}

type panicky struct{}

func (panicky) Read([]byte) (int, error) { panic("no such thing") }

func TestEncodeRefusesWhatItCannotStart(t *testing.T) {
	for _, path := range []string{"no-such-ffmpeg", "/no/such/ffmpeg"} {
		_, err := voice.FFmpeg{Path: path}.Encode(t.Context(), strings.NewReader("x"))
		require.ErrorIs(t, err, voice.ErrNotInstalled)
		require.ErrorContains(t, err, "apt-get install ffmpeg")
		require.ErrorContains(t, err, path)
	}
	_, err := voice.FFmpeg{Format: 9}.Encode(t.Context(), strings.NewReader("x"))
	require.EqualError(t, err, "voice: Format(9): give MP3, WAV or OGG")
	_, err = voice.FFmpeg{}.Encode(t.Context(), nil)
	require.EqualError(t, err, "voice: the input is nil")

	path, _ := faulty(t, "echoes")
	over := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	_, err = voice.FFmpeg{Path: path}.Encode(ctx, strings.NewReader("x"))
	require.ErrorIs(t, err, over)

	notAProgram := filepath.Join(t.TempDir(), "ffmpeg")
	require.NoError(t, os.WriteFile(notAProgram, []byte("no program"), 0o600))
	_, err = voice.FFmpeg{Path: notAProgram}.Encode(t.Context(), strings.NewReader("x"))
	require.Error(t, err)
	require.NotErrorIs(t, err, voice.ErrNotInstalled, "it is there, and cannot be run")
	require.NoError(t, os.Chmod(notAProgram, 0o700)) //nolint:gosec // it has to be executable
	_, err = encode(t, voice.FFmpeg{Path: notAProgram}, strings.NewReader("x"))
	require.ErrorContains(t, err, "voice: start ffmpeg:")
}
