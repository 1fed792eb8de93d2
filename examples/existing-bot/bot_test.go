package main

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBotgosSendsAndThePluginsRepliesStandSideBySide(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out))
	got := regexp.MustCompile(`\d+ bytes`).ReplaceAllString(out.String(), "N bytes")
	assert.Equal(t, `group "cats"
  alice: a photo, please
  bot: one moment (msg_seq 1)
  bot: [image image/png, N bytes] (msg_seq 1001)
c2c "carol"
  carol: a photo, please
  bot: [image image/png, N bytes] there you are (msg_seq 1001)
`, got)
}
