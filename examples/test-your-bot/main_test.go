package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestTheOfflineRunShowsWhatTheTestsHold(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `group "cats"
  ann: cat
  bot: [image image/png, 3206 bytes] meow  (inline, msg_seq 1001, by msg_id)
* the next response to a send is lost
group "cats"
  ann: cat
  bot: [image image/png, 3206 bytes, reused] meow  (msg_seq 1001, by msg_id)
* sent 2 times, with the same msg_seq, and shown once
* every upload ends at a broken proxy
c2c "bob"
  bob: cat
  bot: The cat is asleep.  (msg_seq 1001, by msg_id)
* the tests that hold all this: go test -v ./examples/test-your-bot
3 answers, 1 uploaded, 1 reused
`, out.String())
}
