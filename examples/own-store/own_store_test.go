package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestAnUploadOutlivesTheBot(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `group "cats"
  alice: cat
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
* the bot has ended, and left 1 upload in its folder; here it is again
group "cats"
  bob: cat
  bot: [image image/png, 3206 bytes, reused] meow  (msg_seq 1001, by msg_id)
group "dogs"
  dave: cat
  bot: [image image/png, 3206 bytes, reused] meow  (msg_seq 1001, by msg_id)
3 answers, 1 uploaded, 2 reused
`, out.String())
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := dirStore{dir}, t.Context()
		want := func(value string) {
			t.Helper()
			got, ok, err := s.Get(ctx, "a/b:c")
			require.NoError(t, err)
			require.Equal(t, value, string(got))
			require.Equal(t, value != "", ok)
		}
		want("")
		require.NoError(t, s.Set(ctx, "a/b:c", []byte("1"), 0))
		time.Sleep(10_000 * time.Hour) // of the bubble's own clock
		want("1")
		require.NoError(t, s.Set(ctx, "a/b:c", []byte("2"), time.Minute))
		want("2")
		time.Sleep(time.Minute + 1)
		want("")
		require.NoError(t, s.Set(ctx, "a/b:c", []byte("3"), time.Minute))
		require.NoError(t, s.Delete(ctx, "a/b:c"))
		require.NoError(t, s.Delete(ctx, "a/b:c"))
		want("")
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left)
		require.Error(t, dirStore{filepath.Join(dir, "missing")}.Set(ctx, "k", nil, 0))
	})
}
