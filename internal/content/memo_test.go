package content

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memoFile is a file that is settled as the Memo sees it, whose clock is ahead, and counts its hashings.
type memoFile struct {
	path   string
	memo   Memo
	hashed atomic.Int32
	during func() // called while the file is hashed
}

func newMemoFile(t *testing.T, b []byte) *memoFile {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skipf("%s has no facts by which a file is known to be unchanged: it is hashed each time", runtime.GOOS)
	}
	f := &memoFile{path: filepath.Join(t.TempDir(), "file")}
	f.memo.clock = func() time.Time { return time.Now().Add(settled) }
	require.NoError(t, os.WriteFile(f.path, b, 0o600))
	f.settle(t)
	return f
}

// settle waits until a later change has a later time.
func (f *memoFile) settle(t *testing.T) {
	t.Helper()
	moved := func(path string) int64 {
		info, err := os.Stat(path)
		require.NoError(t, err)
		_, facts, ok := factsOf(info)
		require.True(t, ok)
		return facts.moved
	}
	was, probe := moved(f.path), filepath.Join(t.TempDir(), "probe")
	require.Eventually(t, func() bool {
		require.NoError(t, os.WriteFile(probe, nil, 0o600))
		require.NoError(t, os.Chmod(probe, 0o600))
		return moved(probe) > was
	}, 10*time.Second, time.Millisecond, "the file system's clock ticks")
}

// sum returns the digest of the file through the Memo.
func (f *memoFile) sum(ctx context.Context, t testing.TB) ([]byte, error) {
	rc, err := os.Open(f.path)
	require.NoError(t, err)
	defer rc.Close() //nolint:errcheck // only read from
	sums, err := f.memo.digest(ctx, rc, nil, func() (Sums, error) {
		f.hashed.Add(1)
		if f.during != nil {
			f.during()
		}
		return digest(ctx, rc, digestOptions{Limit: 1 << 20})
	})
	return sums.SHA256, err
}

func (f *memoFile) check(t testing.TB) {
	t.Helper()
	got, err := f.sum(t.Context(), t)
	require.NoError(t, err)
	b, err := os.ReadFile(f.path)
	require.NoError(t, err)
	want := sha256.Sum256(b)
	assert.Equal(t, want[:], got)
}

func TestAFileIsHashedOnceWhileItStaysAsItIs(t *testing.T) {
	f := newMemoFile(t, sample(1000))
	for range 3 {
		f.check(t)
	}
	assert.EqualValues(t, 1, f.hashed.Load())
}

// TestAChangedFileIsHashedAgain changes a file in every way that keeps some of the facts.
func TestAChangedFileIsHashedAgain(t *testing.T) {
	const size = 1000
	other := make([]byte, size)
	for name, change := range map[string]func(t *testing.T, path string, was os.FileInfo){
		"written, same size and time": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.WriteFile(path, other, 0o600))
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime()))
		},
		"one byte in place": func(t *testing.T, path string, was os.FileInfo) {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = w.WriteAt([]byte{0xEE}, size/2)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime()))
		},
		"renamed over": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.WriteFile(path+".new", other, 0o600))
			require.NoError(t, os.Chtimes(path+".new", was.ModTime(), was.ModTime()))
			require.NoError(t, os.Rename(path+".new", path))
		},
		"replaced by a hard link": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.WriteFile(path+".new", other, 0o600))
			require.NoError(t, os.Chtimes(path+".new", was.ModTime(), was.ModTime()))
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Link(path+".new", path))
		},
		"written through a hard link": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.Link(path, path+".new"))
			require.NoError(t, os.WriteFile(path+".new", other, 0o600))
			require.NoError(t, os.Chtimes(path+".new", was.ModTime(), was.ModTime()))
		},
		"truncated and written": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.Truncate(path, 0))
			w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(t, err)
			_, err = w.Write(other)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime()))
		},
		"removed and created, maybe with the same inode": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(path, other, 0o600))
			require.NoError(t, os.Chtimes(path, was.ModTime(), was.ModTime()))
		},
		"replaced by a symbolic link": func(t *testing.T, path string, was os.FileInfo) {
			require.NoError(t, os.WriteFile(path+".new", other, 0o600))
			require.NoError(t, os.Chtimes(path+".new", was.ModTime(), was.ModTime()))
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Symlink(path+".new", path))
		},
	} {
		for when, young := range map[string]bool{"at once": true, "after a while": false} {
			t.Run(name+", "+when, func(t *testing.T) {
				f := newMemoFile(t, sample(size))
				f.check(t)
				was, err := os.Stat(f.path)
				require.NoError(t, err)
				change(t, f.path, was)
				if young {
					f.memo.clock = nil
				}
				f.check(t)
				assert.EqualValues(t, 2, f.hashed.Load())
			})
		}
	}
}

func TestAYoungFileIsNotTrusted(t *testing.T) {
	f := newMemoFile(t, nil)
	f.memo.clock = nil
	for i := range 50 { // written within one tick of the clock, perhaps
		require.NoError(t, os.WriteFile(f.path, []byte{byte(i)}, 0o600))
		f.check(t)
	}
	assert.EqualValues(t, 50, f.hashed.Load())
	assert.Empty(t, f.memo.files)
}

func TestAFileThatChangesWhileItIsHashedIsNotRemembered(t *testing.T) {
	f := newMemoFile(t, sample(1000))
	f.during = func() { require.NoError(t, os.Chmod(f.path, 0o400)) }
	_, err := f.sum(t.Context(), t)
	require.NoError(t, err)
	assert.Empty(t, f.memo.files)
}

func TestConcurrentReadersOfAFileShareOneHashing(t *testing.T) {
	f := newMemoFile(t, sample(1000))
	began, goOn := make(chan struct{}), make(chan struct{})
	f.during = func() { close(began); <-goOn }
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { f.check(t) })
	}
	<-began
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	_, err := f.sum(gone, t)
	require.ErrorContains(t, err, "gone", "a waiting reader can leave")
	close(goOn)
	wg.Wait()
	assert.EqualValues(t, 1, f.hashed.Load())
}

// TestAFailedHashingIsNotShared lets the first reader fail, also by a panic, while another waits for it.
func TestAFailedHashingIsNotShared(t *testing.T) {
	for name, fail := range map[string]func() (Sums, error){
		"error": func() (Sums, error) { return Sums{}, errors.New("the first caller left") },
		"panic": func() (Sums, error) { panic("reader") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newMemoFile(t, sample(1000))
			began, goOn := make(chan struct{}), make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { _ = recover() }()
				rc, err := os.Open(f.path)
				assert.NoError(t, err)
				defer rc.Close() //nolint:errcheck // only read from
				_, err = f.memo.digest(t.Context(), rc, nil, func() (Sums, error) { close(began); <-goOn; return fail() })
				assert.Error(t, err)
			})
			<-began
			wg.Go(func() { f.check(t) })
			close(goOn)
			wg.Wait()
			assert.EqualValues(t, 1, f.hashed.Load())
			assert.Empty(t, f.memo.now)
		})
	}
}

func TestAMemoIsBounded(t *testing.T) {
	var m Memo
	for i := range 2 * maxKnown {
		_, err := m.digest(t.Context(), nil, i, func() (Sums, error) { return Sums{SHA256: []byte{1}}, nil })
		require.NoError(t, err)
	}
	assert.Len(t, m.files, maxKnown)
	m.forget([]byte{1})
	assert.Empty(t, m.files)
}

// TestAnUploadThatFindsOtherContentForgetsTheDigest stands for a write through a memory mapping, which may show late.
func TestAnUploadThatFindsOtherContentForgetsTheDigest(t *testing.T) {
	f := newMemoFile(t, sample(1000))
	open := func(context.Context) (io.ReadCloser, error) { return os.Open(f.path) }
	inspect := func() *Content {
		c, err := Inspect(t.Context(), open, Options{Hash: true, Limit: 1 << 20, PartsOver: 1 << 20, Memo: &f.memo})
		require.NoError(t, err)
		return c
	}
	read := func() error {
		rc, err := inspect().Open(t.Context())
		require.NoError(t, err)
		defer rc.Close() //nolint:errcheck // only read from
		_, err = io.Copy(io.Discard, rc)
		return err
	}
	require.NoError(t, read())
	for key, k := range f.memo.files {
		k.sums = &Sums{Size: 1000, SHA256: make([]byte, sha256.Size)}
		f.memo.files[key] = k
	}
	require.ErrorIs(t, read(), errChanged)
	require.NoError(t, read())
}
