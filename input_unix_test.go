//go:build unix

package richmedia_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
)

// To open a pipe would wait for its writer, which may never come.
func TestANamedPipeIsRefusedAsAFile(t *testing.T) {
	b := newBed(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromFile(pipe))
	require.ErrorContains(t, err, "not a regular file; use FromReader")
	assert.Empty(t, b.Calls())
}
