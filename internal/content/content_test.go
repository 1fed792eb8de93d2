package content

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// seekOnly returns a reader of b that can seek and nothing else.
func seekOnly(b []byte) io.ReadCloser {
	r := bytes.NewReader(b)
	return struct {
		io.ReadSeeker
		io.Closer
	}{struct{ io.ReadSeeker }{r}, io.NopCloser(nil)}
}

// sources are the kinds of sources of b. Those that can be read at offsets are opened for each section.
func sources(t *testing.T, b []byte) map[string]struct {
	open    Opener
	offsets bool
} {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	fsys := fstest.MapFS{"file": {Data: b}}
	return map[string]struct {
		open    Opener
		offsets bool
	}{
		"stream": {func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(iotest.HalfReader(bytes.NewReader(b))), nil
		}, false},
		"file":      {func(context.Context) (io.ReadCloser, error) { return os.Open(path) }, true},
		"fs":        {func(context.Context) (io.ReadCloser, error) { return fsys.Open("file") }, true},
		"seek only": {func(context.Context) (io.ReadCloser, error) { return seekOnly(b), nil }, true},
		"pipe": {func(context.Context) (io.ReadCloser, error) {
			r, w, err := os.Pipe()
			if err == nil {
				go func() {
					_, _ = w.Write(b)
					_ = w.Close()
				}()
			}
			return r, err
		}, false},
	}
}

// beginning is a Format that shows that it was given the whole content.
func beginning(r io.ReaderAt, size int64) (string, error) {
	b := make([]byte, 4)
	n, err := r.ReadAt(b, max(size-4, 0))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(b[:n]), nil
}

func TestContentIsTheSameWhereverItComesFrom(t *testing.T) {
	for _, n := range []int{0, 1, 1000, spoolMemory, spoolMemory + 1, 1 << 20} {
		want := sample(n)
		for name, src := range sources(t, want) {
			for _, hash := range []bool{true, false} {
				opened := 0
				open := func(ctx context.Context) (io.ReadCloser, error) { opened++; return src.open(ctx) }
				c, err := Inspect(t.Context(), open, Options{Hash: hash, PartsOver: 100, Limit: int64(n), Format: beginning})
				require.NoError(t, err, name)
				assert.EqualValues(t, n, c.Size, name)
				assert.Equal(t, string(want[max(n-4, 0):]), c.Format, name)
				if sum := sha256.Sum256(want); hash || !src.offsets {
					assert.Equal(t, sum[:], c.SHA256, name)
				} else {
					assert.Empty(t, c.SHA256, name)
				}
				rc, err := c.Open(t.Context())
				require.NoError(t, err, name)
				got, err := io.ReadAll(rc)
				require.NoError(t, err, name)
				assert.True(t, bytes.Equal(want, got), name)
				require.NoError(t, rc.Close())
				for _, offset := range []int{0, n / 3, n} {
					size := (n - offset) / 2
					rc, err := c.Section(t.Context(), int64(offset), int64(size))
					require.NoError(t, err, name)
					got, err := io.ReadAll(rc)
					require.NoError(t, err, name)
					assert.True(t, bytes.Equal(want[offset:offset+size], got), name)
					require.NoError(t, rc.Close())
				}
				require.NoError(t, c.PartSums(t.Context()), name)
				assert.Equal(t, hexOf(md5.New(), want), c.MD5, name)
				if !src.offsets {
					assert.Equal(t, 1, opened, "%s is read once", name)
				}
				c.Free()
			}
		}
	}
}

func TestDigestsForPartsAreComputedInTheReadingThatIsNeededAnyway(t *testing.T) {
	b := sample(1000)
	for over, computed := range map[int64]bool{999: true, 1000: false} {
		c, err := Inspect(t.Context(), func(context.Context) (io.ReadCloser, error) { return seekOnly(b), nil }, Options{Hash: true, PartsOver: over, Limit: 1000})
		require.NoError(t, err)
		assert.Equal(t, computed, c.MD5 != "", over)
	}
}

func TestContentOverTheLimitIsRefusedBeforeItIsReadIfItsSizeIsKnown(t *testing.T) {
	b := sample(1000)
	for name, src := range sources(t, b) {
		_, err := Inspect(t.Context(), src.open, Options{Hash: true, Limit: 999})
		var failed *Error
		require.ErrorAs(t, err, &failed, name)
		assert.Equal(t, "check", failed.Step, name)
		assert.Equal(t, OverError(1000), failed.Err, name)
	}
}

func TestAFailureNamesItsStep(t *testing.T) {
	failure := errors.New("disk on fire")
	for name, c := range map[string]struct {
		open Opener
		step string
	}{
		"open":   {func(context.Context) (io.ReadCloser, error) { return nil, failure }, "open"},
		"read":   {func(context.Context) (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(failure)), nil }, "read"},
		"format": {func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(nil)), nil }, "read"},
	} {
		_, err := Inspect(t.Context(), c.open, Options{Limit: 10, Format: func(io.ReaderAt, int64) (string, error) { return "", failure }})
		var failed *Error
		require.ErrorAs(t, err, &failed, name)
		assert.Equal(t, c.step, failed.Step, name)
		require.ErrorIs(t, err, failure, name)
		assert.Equal(t, c.step+": disk on fire", err.Error())
	}
}

func TestContentThatChangedIsAnErrorAndIsNotSent(t *testing.T) {
	now := sample(1000)
	open := func(context.Context) (io.ReadCloser, error) { return seekOnly(now), nil }
	inspect := func() *Content {
		now = sample(1000)
		c, err := Inspect(t.Context(), open, Options{Hash: true, PartsOver: 1 << 20, Limit: 1 << 20})
		require.NoError(t, err)
		return c
	}
	read := func(rc io.ReadCloser, err error) error {
		if err == nil {
			_, err = io.Copy(io.Discard, rc)
		}
		return err
	}
	for name, later := range map[string][]byte{"shorter": now[:999], "longer": append(sample(1000), 1), "of the same size": bytes.Repeat([]byte{1}, 1000)} {
		c := inspect()
		now = later
		require.ErrorIs(t, read(c.Open(t.Context())), errChanged, name)
		require.ErrorIs(t, c.PartSums(t.Context()), errChanged, name)
	}
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, now, 0o600))
	c, err := Inspect(t.Context(), func(context.Context) (io.ReadCloser, error) { return os.Open(path) }, Options{Limit: 1 << 20})
	require.NoError(t, err)
	require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)))
	require.ErrorIs(t, read(c.Section(t.Context(), 0, 10)), errChanged, "the file was written")
}

func TestAFileThatShrinksWhileItIsReadIsAnError(t *testing.T) {
	r := &sectionReader{Reader: bytes.NewReader(sample(10)), left: 11}
	_, err := io.ReadAll(r)
	require.ErrorIs(t, err, errChanged)
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("reader") }

func TestAPanicOfAReaderIsAnError(t *testing.T) {
	_, err := Spool(t.Context(), panicking{}, Options{Limit: 10})
	var panicked *panics.Error
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "reader", panicked.Value)
	assert.Contains(t, string(panicked.Stack), "panicking")
	assert.EqualError(t, err, "read: panic: reader")
}

// badAt panics when it is read at an offset.
type badAt struct {
	*bytes.Reader
	io.Closer
}

func (badAt) ReadAt([]byte, int64) (int, error) { panic("reader") }

func TestAPanicOfASourceIsAnErrorWithItsStep(t *testing.T) {
	for step, open := range map[string]Opener{
		"open": func(context.Context) (io.ReadCloser, error) { panic("opener") },
		"read": func(context.Context) (io.ReadCloser, error) {
			return badAt{bytes.NewReader(sample(10)), io.NopCloser(nil)}, nil
		},
	} {
		_, err := Inspect(t.Context(), open, Options{Limit: 10, Format: beginning})
		var failed *Error
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, step, failed.Step)
		var panicked *panics.Error
		require.ErrorAs(t, err, &panicked)
	}
	opened := 0
	c, err := Inspect(t.Context(), func(context.Context) (io.ReadCloser, error) {
		if opened++; opened > 1 {
			panic("opener")
		}
		return seekOnly(sample(10)), nil
	}, Options{Limit: 10})
	require.NoError(t, err)
	_, err = c.Open(t.Context())
	var panicked *panics.Error
	require.ErrorAs(t, err, &panicked)
}

type exiting struct{}

func (exiting) Read([]byte) (int, error) { runtime.Goexit(); return 0, nil }

func TestGoexitOfAReaderIsAnError(t *testing.T) {
	_, err := Spool(t.Context(), exiting{}, Options{Limit: 10})
	require.ErrorIs(t, err, panics.ErrGoexit)
}

func TestSpoolEndsWithItsContextAndTheReaderIsLeft(t *testing.T) {
	r, w := io.Pipe()
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(gone)
	_, err := Spool(ctx, r, Options{Limit: 1 << 20})
	require.ErrorIs(t, err, gone)
	require.NoError(t, w.Close()) // the reader returns, and its goroutine ends: goleak sees it
}

func TestASpoolFileHasNoNameOrLosesItWhenItIsFreed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	left := func() int {
		files, err := fs.ReadDir(os.DirFS(dir), ".")
		require.NoError(t, err)
		return len(files)
	}
	c, err := Spool(t.Context(), bytes.NewReader(sample(spoolMemory+1)), Options{Limit: 1 << 20})
	require.NoError(t, err)
	assert.LessOrEqual(t, left(), 1)
	c.Free()
	assert.Zero(t, left())

	_, err = Spool(t.Context(), bytes.NewReader(sample(spoolMemory+1)), Options{Limit: spoolMemory})
	require.Error(t, err)
	assert.Zero(t, left(), "a failed reading keeps nothing")
}

func TestFreeCallsWhatWasAdded(t *testing.T) {
	var calls []int
	c := &Content{}
	c.Free()
	c.OnFree(func() { calls = append(calls, 1) })
	c.OnFree(func() { calls = append(calls, 2) })
	c.Free()
	assert.Equal(t, []int{1, 2}, calls)
}
