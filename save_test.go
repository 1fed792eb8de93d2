package richmedia_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia"
)

// saved saves a into a directory of its own, which holds the file afterwards and nothing else; nothing at all after an error.
func saved(ctx context.Context, t testing.TB, c *richmedia.Context, a richmedia.Attachment) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	path, err := c.Save(ctx, a, dir)
	left, readErr := os.ReadDir(dir)
	require.NoError(t, readErr)
	if err != nil {
		assert.Empty(t, path)
		assert.Empty(t, left, "complete or absent")
		return nil, err
	}
	require.Len(t, left, 1)
	assert.Equal(t, filepath.Join(dir, left[0].Name()), path)
	data, readErr := os.ReadFile(path)
	require.NoError(t, readErr)
	return data, nil
}

// serving returns a bot whose attachments all have the content data.
func serving(t testing.TB, data []byte) *richmedia.Context {
	t.Helper()
	b := newBed(t, richmedia.WithRetries(0), richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		return page(200, int64(len(data)), bytes.NewReader(data)), nil
	})}))
	return b.media.For(richmedia.Target{})
}

func named(name string) richmedia.Attachment {
	return richmedia.Attachment{MessageAttachment: dto.MessageAttachment{URL: sent, FileName: name}}
}

func TestASavedFileHasASafeNameInItsDirectory(t *testing.T) {
	cat := readMedia(t, "cat.png")
	c := serving(t, cat)
	for name, want := range map[string]string{
		"cat.png":                "cat.png",
		"../../etc/passwd":       "passwd",
		`C:\windows\cat.png`:     "cat.png",
		"/etc/cron.d/x":          "x",
		"a\u202egnp.exe":         "agnp.exe",
		"a\x00b\nc.png":          "abc.png",
		"con.png":                "_con.png",
		"what? a|b:c*.png":       "what_ a_b_c_.png",
		"...":                    "attachment.png",
		"":                       "attachment.png",
		"..":                     "attachment.png",
		". . ":                   "attachment.png",
		"猫.png":                  "猫.png",
		strings.Repeat("猫", 200): strings.Repeat("猫", 85),
	} {
		dir := t.TempDir()
		path, err := c.Save(t.Context(), named(name), dir)
		require.NoError(t, err, name)
		assert.Equal(t, filepath.Join(dir, want), path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, cat, data)
		info, err := os.Stat(path)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			assert.Equal(t, os.FileMode(0o600), info.Mode(), "not for others")
		}
	}
}

func TestASavedFileOverwritesNothing(t *testing.T) {
	c := serving(t, []byte("new"))
	long := strings.Repeat("a", 250) + ".png"
	for _, names := range [][]string{
		{"cat.png", "cat-2.png", "cat-3.png"},
		{"cat", "cat-2"},
		{".hidden", ".hidden-2"},
		{long, long[:247] + "-2.png"},
		{"a." + strings.Repeat("b", 253), "a." + strings.Repeat("b", 251) + "-2"},
	} {
		dir := t.TempDir()
		for i, want := range names {
			path, err := c.Save(t.Context(), named(names[0]), dir)
			if i == 0 && err == nil {
				require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
			}
			require.NoError(t, err)
			if len(names[0]) < 250 {
				assert.Equal(t, want, filepath.Base(path))
			}
			assert.LessOrEqual(t, len(filepath.Base(path)), 255)
		}
		old, err := os.ReadFile(filepath.Join(dir, names[0]))
		require.NoError(t, err)
		assert.Equal(t, "old", string(old))
	}
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "cat.png")))
	path, err := c.Save(t.Context(), named("cat.png"), dir)
	require.NoError(t, err)
	assert.Equal(t, "cat-2.png", filepath.Base(path), "a link is not followed")
	assert.NoFileExists(t, outside)
}

func TestSavesOfOneNameAtOnceAreAFileEach(t *testing.T) {
	c := serving(t, readMedia(t, "cat.png"))
	dir := t.TempDir()
	const n = 20
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			_, err := c.Save(t.Context(), named("cat.png"), dir)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, n)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		assert.EqualValues(t, len(readMedia(t, "cat.png")), info.Size())
	}
}

func TestADirectoryThatCannotTakeTheFileIsAClearErrorBeforeARequest(t *testing.T) {
	requests := 0
	b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		requests++
		return page(200, -1, endless{}), nil
	})}))
	c := b.media.For(richmedia.Target{})
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for dir, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "no such file or directory",
		file:                               "not a directory",
		"":                                 "the directory is empty",
	} {
		_, err := c.Save(t.Context(), sentAt(sent), dir)
		require.ErrorContains(t, err, "richmedia: Save: cat.png: ")
		require.ErrorContains(t, err, want)
		if dir != "" && want[0] == 'n' && want[1] == 'o' && want[3] == 's' {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
	}
	assert.Zero(t, requests)
}

func TestASaveThatIsCancelledLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			return page(200, -1, &slow{endless{}, time.Second, 100 << 10}), nil
		})}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := saved(ctx, t, b.media.For(richmedia.Target{}), sentAt(sent))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
