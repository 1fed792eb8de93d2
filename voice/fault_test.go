package voice_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/voice"
)

func TestAProcessThatFailsIsAnErrorAndNoEnd(t *testing.T) {
	for mode, want := range map[string]struct {
		message string
		output  int
	}{
		"dies half-way": {"voice: ffmpeg: cannot go on (exit status 3)", 600},
		"floods":        {"voice: ffmpeg: the last line (exit status 1)", 0},
		"one long line": {"voice: ffmpeg: " + strings.Repeat("x", 300) + "... (exit status 1)", 0},
		"says nothing":  {"voice: ffmpeg: it said nothing (exit status 1)", 0},
		"finds no audio, as ffmpeg 8 says it": {
			"voice: ffmpeg: Stream map '' matches no streams: the input has no audio (exit status 234)", 0,
		},
		"makes nothing": {"voice: ffmpeg made nothing of the input: it holds no sound", 0},
	} {
		t.Run(mode, func(t *testing.T) {
			ownTemp(t)
			path, _ := faulty(t, mode)
			for _, in := range [][]byte{fixture(t, "mp3-mpeg1.mp3"), fixture(t, "m4a.m4a"), bytes.Repeat([]byte("x"), 1<<20)} {
				out, err := encode(t, voice.FFmpeg{Path: path}, bytes.NewReader(in))
				require.EqualError(t, err, want.message)
				assert.Len(t, out, want.output, "what there was comes before the error")
				out, err = encode(t, voice.FFmpeg{Path: path, Format: voice.WAV}, bytes.NewReader(in))
				require.EqualError(t, err, want.message)
				assert.Empty(t, out, "a WAV is whole or not at all")
			}
		})
	}
}

func TestAProcessThatNeedsNotAllOfTheInputEndsWell(t *testing.T) {
	ownTemp(t)
	path, _ := faulty(t, "ignores its input")
	hangs := newStuck()
	defer close(hangs.release)
	for name, in := range map[string]io.Reader{
		"a long one":     io.MultiReader(bytes.NewReader(fixture(t, "mp3-mpeg1.mp3")), bytes.NewReader(make([]byte, 8<<20))),
		"one that hangs": io.MultiReader(bytes.NewReader(fixture(t, "mp3-mpeg1.mp3")), hangs),
	} {
		out, err := encode(t, voice.FFmpeg{Path: path}, in)
		require.NoError(t, err, name)
		assert.Len(t, out, 600, name)
	}
}

// stuck blocks until it is released, and says that it does.
type stuck struct{ entered, release chan struct{} }

func newStuck() stuck { return stuck{make(chan struct{}, 1), make(chan struct{})} }

func (s stuck) Read([]byte) (int, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.release
	return 0, io.EOF
}

// gone reports whether there is no such process; on Windows, which has no signal 0, always.
func gone(pid int) bool {
	p, err := os.FindProcess(pid)
	return runtime.GOOS == "windows" || err != nil || p.Signal(syscall.Signal(0)) != nil
}

// ended checks that there is no such process any more, not even a dead one that nobody has waited for.
func ended(t *testing.T, pid int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return // has no signal 0
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.Signal(0))
	}
	require.Error(t, err, "process %d is still there", pid)
}

func TestTheEndOfCtxEndsTheProcessAndIsTheErrorOfRead(t *testing.T) {
	tooLate := errors.New("the window is over")
	for _, mode := range []string{"hangs", "hangs with half of it written", "goes on for ever", "echoes"} {
		for _, input := range []string{"mp3-mpeg1.mp3", "m4a.m4a"} {
			for _, format := range []voice.Format{voice.MP3, voice.WAV} {
				if mode == "echoes" && input == "m4a.m4a" {
					continue // reads no pipe then, and ends well
				}
				if format == voice.WAV && (mode == "echoes" || mode == "goes on for ever") {
					continue // nobody has to read it: it is too long before ctx ends
				}
				t.Run(mode+" on "+input+" to "+format.String(), func(t *testing.T) {
					ownTemp(t)
					path, pid := faulty(t, mode)
					ctx, cancel := context.WithCancelCause(t.Context())
					in := io.Reader(bytes.NewReader(fixture(t, input)))
					if input != "m4a.m4a" {
						in = io.MultiReader(in, sawtooth{}) // without an end
					}
					r, err := voice.FFmpeg{Path: path, Format: format}.Encode(ctx, in)
					require.NoError(t, err)
					n := pid()
					cancel(tooLate)
					_, err = io.Copy(io.Discard, r)
					require.ErrorIs(t, err, tooLate)
					require.NoError(t, r.Close())
					ended(t, n)
					_, err = r.Read(make([]byte, 1))
					require.ErrorIs(t, err, tooLate, "it stays what it was")
				})
			}
		}
	}
}

func TestTheEndOfCtxIsEnoughToGiveAllBack(t *testing.T) {
	dir := ownTemp(t)
	path, pid := faulty(t, "hangs")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := voice.FFmpeg{Path: path}.Encode(ctx, bytes.NewReader(fixture(t, "m4a.m4a")))
	require.NoError(t, err)
	n := pid()
	kept, err := os.ReadDir(dir)
	require.NoError(t, err)
	if runtime.GOOS == "windows" {
		require.Len(t, kept, 1, "the input is kept while the process runs")
	} else {
		require.Empty(t, kept, "it has no name, so that a killed process leaves nothing")
	}
	cancel()
	require.Eventually(t, func() bool {
		kept, err := os.ReadDir(dir)
		return err == nil && len(kept) == 0 && gone(n)
	}, 20*time.Second, time.Millisecond, "nobody reads and nobody closes: only the process shows when it is gone")
}

func TestCloseEndsTheProcess(t *testing.T) {
	for _, mode := range []string{"hangs", "hangs with half of it written", "goes on for ever"} {
		for _, input := range []string{"mp3-mpeg1.mp3", "m4a.m4a"} {
			t.Run(mode+" on "+input, func(t *testing.T) {
				ownTemp(t)
				path, pid := faulty(t, mode)
				r, err := voice.FFmpeg{Path: path}.Encode(t.Context(), bytes.NewReader(fixture(t, input)))
				require.NoError(t, err)
				n := pid()
				if mode != "hangs" {
					_, err = io.ReadFull(r, make([]byte, 100))
					require.NoError(t, err)
				}
				var reading sync.WaitGroup
				reading.Go(func() {
					_, err := io.Copy(io.Discard, r)
					assert.ErrorIs(t, err, os.ErrClosed)
				})
				require.NoError(t, r.Close())
				reading.Wait()
				ended(t, n)
				require.NoError(t, r.Close(), "more than once")
			})
		}
	}
	t.Run("before it has begun", func(t *testing.T) {
		ownTemp(t)
		path, _ := faulty(t, "echoes")
		for range 20 {
			r, err := voice.FFmpeg{Path: path}.Encode(t.Context(), bytes.NewReader(fixture(t, "m4a.m4a")))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			_, err = r.Read(make([]byte, 1))
			require.ErrorIs(t, err, os.ErrClosed)
		}
	})
}

func TestAnInputThatHangsHoldsNobodyUp(t *testing.T) {
	for name, head := range map[string][]byte{"at once": nil, "in an mp4": fixture(t, "m4a.m4a"), "in an mp3": fixture(t, "mp3-mpeg1.mp3")} {
		t.Run(name, func(t *testing.T) {
			hangs := newStuck()
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			path, _ := faulty(t, "echoes")
			tooLate := errors.New("the window is over")
			ctx, cancel := context.WithCancelCause(t.Context())
			r, err := voice.FFmpeg{Path: path}.Encode(ctx, io.MultiReader(bytes.NewReader(head), hangs))
			require.NoError(t, err)
			<-hangs.entered
			cancel(tooLate)
			_, err = io.Copy(io.Discard, r)
			require.ErrorIs(t, err, tooLate)
			began := time.Now()
			require.NoError(t, r.Close())
			assert.Less(t, time.Since(began), 10*time.Second, "2 s, and a slow machine")
			close(hangs.release)
			require.Eventually(t, func() bool {
				kept, err := os.ReadDir(dir)
				return err == nil && len(kept) == 0
			}, 20*time.Second, time.Millisecond, "the goroutine that stayed gives back what it has kept")
		})
	}
}

func TestAChildWithThePipesHoldsNobodyUp(t *testing.T) {
	ownTemp(t)
	path, pid := faulty(t, "leaves a child with the pipes")
	r, err := voice.FFmpeg{Path: path}.Encode(t.Context(), bytes.NewReader(fixture(t, "mp3-mpeg1.mp3")))
	require.NoError(t, err)
	n := pid()
	_, err = io.ReadFull(r, make([]byte, 600))
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, r.Close())
	assert.Less(t, time.Since(began), 7*time.Second, "the child has 8")
	ended(t, n)
}

func TestADamagedFrameIsNoReasonToFail(t *testing.T) {
	needFFmpeg(t)
	sound := fixture(t, "mp3-mpeg2.mp3")
	copy(sound[len(sound)/2:], bytes.Repeat([]byte{0xaa}, 50))
	out, err := encode(t, voice.FFmpeg{}, stream(sound))
	require.NoError(t, err)
	assert.Greater(t, len(out), 1000)
}

func TestExitStatusIsThereToBeAskedFor(t *testing.T) {
	path, _ := faulty(t, "dies half-way")
	_, err := encode(t, voice.FFmpeg{Path: path}, strings.NewReader("something"))
	var status *exec.ExitError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, 3, status.ExitCode())
}
