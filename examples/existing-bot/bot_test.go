package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestBotgosSendsAndThePluginsRepliesStandSideBySide(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `group "cats"
  alice: a photo, please
  bot: one moment  (msg_seq 1, by msg_id)
  bot: [image image/png, 3206 bytes]  (inline, msg_seq 1001, by msg_id)
c2c "carol"
  carol: a photo, please
  bot: [image image/png, 3206 bytes] there you are  (inline, msg_seq 1001, by msg_id)
3 answers, 2 uploaded, 0 reused
`, out.String())
}
