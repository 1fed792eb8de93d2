//go:build !unix

package voice

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

// unlinks reports that an open file can lose its name.
const unlinks = false

// opened returns the name under which ffmpeg opens f.
func opened(f *os.File) string { return f.Name() }

// sweepAge is longer than any encoding takes.
const sweepAge = 24 * time.Hour

// sweep removes, once, what processes that were killed have left behind.
var sweep = sync.OnceFunc(func() {
	names, _ := filepath.Glob(filepath.Join(os.TempDir(), tempPattern))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > sweepAge {
			_ = os.Remove(name)
		}
	}
})
