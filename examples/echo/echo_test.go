package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEverySceneGetsBackWhatItSent(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out))
	const (
		inGroups = `  \w+: \[image/png picture.png\]
  bot: \[image image/png, 152 bytes\]
  \w+: \[video/mp4 clip.mp4\]
  bot: \[video video/mp4, 3527 bytes\]
  \w+: \[voice voice.amr\]
  bot: You said: "good morning"
  bot: \[voice audio/wav, 8044 bytes\]
  \w+: \[file list.txt\]
  bot: \[file list.txt text/plain[^,]*, 11 bytes\]
`
		inGuilds = `  \w+: \[image/png picture.png\]
  bot: \[image image/png, 152 bytes\]
  \w+: \[video/mp4 clip.mp4\]
  bot: I cannot send that back: clip.mp4
  \w+: \[voice voice.amr\]
  bot: You said: "good morning"
  bot: I cannot send that back: voice.amr
  \w+: \[file list.txt\]
  bot: I cannot send that back: list.txt
`
	)
	assert.Regexp(t, `^group "cats"\n`+inGroups+`c2c "carol"\n`+inGroups+`channel "lounge"\n`+inGuilds+`dm "dave"\n`+inGuilds+`$`, out.String())
}
