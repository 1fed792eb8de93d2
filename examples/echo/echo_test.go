package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestEverySceneGetsBackWhatItSent(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	const (
		inGroups = `  \w+: hello
  bot: hello  \(msg_seq 1001, by msg_id\)
  \w+: \[image/png picture.png\]
  bot: \[image image/png, 152 bytes\]  \(url, msg_seq 1001, by msg_id\)
  \w+: \[video/mp4 clip.mp4\]
  bot: \[video video/mp4, 3527 bytes\]  \(url, .*\)
  \w+: \[voice voice.amr\]
  bot: You said: "good morning"  \(.*\)
  bot: \[voice audio/wav, 8044 bytes\]  \(url, msg_seq 1002, by msg_id\)
  \w+: \[file list.txt\]
  bot: \[file list.txt text/plain[^,]*, 11 bytes\]  \(url, .*\)
`
		inGuilds = `  \w+: hello
  bot: hello  \(by msg_id\)
  \w+: \[image/png picture.png\]
  bot: \[image image/png, 152 bytes\]  \(url, by msg_id\)
  \w+: \[video/mp4 clip.mp4\]
  bot: I cannot send that back: clip.mp4  \(by msg_id\)
  \w+: \[voice voice.amr\]
  bot: You said: "good morning"  \(by msg_id\)
  bot: I cannot send that back: voice.amr  \(by msg_id\)
  \w+: \[file list.txt\]
  bot: I cannot send that back: list.txt  \(by msg_id\)
`
	)
	assert.Regexp(t, `^group "cats"\n`+inGroups+`c2c "carol"\n`+inGroups+`channel "lounge"\n`+inGuilds+`dm "dave"\n`+inGuilds+
		`24 answers, \d+ uploaded, 0 reused\n$`, out.String())
}
