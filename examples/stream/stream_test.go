package main

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

var growth = regexp.MustCompile(`(?m)^\* the text grew (\d+) times.*\n(\* You asked.*\n)+`)

func TestTheTextGrowsInASingleChatAndIsOneMessageInAGroup(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	text := out.String()
	m := growth.FindStringSubmatch(text)
	require.NotNil(t, m, text)
	times, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	assert.Positive(t, times)
	assert.Equal(t, `c2c "carol"
  carol: cats
  bot: You asked about cats. Cats sleep for most of the day, and they purr when they are content.  (msg_seq 1001, by msg_id)
  bot: [image image/png, 3206 bytes]  (inline, msg_seq 1002, by msg_id)
* groups have no streams: one message
group "cats"
  alice: cats
  bot: You asked about cats. Cats sleep for most of the day, and they purr when they are content.  (msg_seq 1001, by msg_id)
  bot: [image image/png, 3206 bytes]  (inline, msg_seq 1002, by msg_id)
4 answers, 2 uploaded, 0 reused
`, growth.ReplaceAllString(text, ""))
}
