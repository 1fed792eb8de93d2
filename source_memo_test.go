package richmedia

import (
	"embed"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

//go:embed LICENSE
var embedded embed.FS

// TestAnUnchangedFileIsHashedOnceAndAChangedOneIsUploadedAgain changes a file so that its size and time stay as they were.
func TestAnUnchangedFileIsHashedOnceAndAChangedOneIsUploadedAgain(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("files are hashed each time here")
	}
	platform := richmediatest.New()
	media, err := New(platform.TokenSource(), WithPlatform(platform))
	require.NoError(t, err)
	defer func() { assert.NoError(t, media.Close()) }()
	to := Target{Scope: ScopeGroup, ChatID: platform.Group("club").OpenID()}
	upload := func(src Source) {
		_, err := media.Upload(t.Context(), to, KindFile, src)
		require.NoError(t, err)
	}

	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close() //nolint:errcheck // only read from
	path := filepath.Join(dir, "menu.txt")
	sources := []Source{FromFile(path), FromFS(os.DirFS(dir), "menu.txt"), FromFS(root.FS(), "menu.txt")}
	write := func(text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
		require.NoError(t, os.Chtimes(path, at, at))
	}
	write("soup")
	upload(sources[0])
	assert.Zero(t, media.uploads.digests.Len(), "a file that was just written may change within the same tick")
	require.Eventually(t, func() bool {
		upload(sources[0])
		return media.uploads.digests.Len() == 1
	}, 10*time.Second, 100*time.Millisecond, "2 s pass since the file was written")
	var wg sync.WaitGroup
	for i := range 9 {
		wg.Go(func() { upload(sources[i%3]) })
	}
	wg.Wait()
	assert.Equal(t, 1, media.uploads.digests.Len(), "it is one file on every way")
	require.Len(t, platform.Uploads(), 1)

	write("stew")
	for _, src := range sources {
		upload(src)
	}
	require.Len(t, platform.Uploads(), 2)
	assert.Equal(t, "stew", string(platform.Uploads()[1].Data))

	upload(FromFS(embedded, "LICENSE"))
	assert.Equal(t, 2, media.uploads.digests.Len(), "what is embedded never changes")
}
