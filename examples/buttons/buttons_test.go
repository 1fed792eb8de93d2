package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestAPressIsAcknowledgedAndAnsweredByItsEvent(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, `* the plugin acknowledges
group "cats"
  alice: what do you have?
  bot: Which one? [The cat] [The secret one]  (msg_seq 1001, by msg_id)
  bob pressed "cat"  (acknowledged with 0)
  bot: [image image/png, 3206 bytes] You pressed cat.  (inline, msg_seq 1001, by event_id)
c2c "carol"
  carol: what do you have?
  bot: Which one? [The cat] [The secret one]  (msg_seq 1001, by msg_id)
  carol pressed "secret"  (acknowledged with 0)
  bot: [image image/png, 3206 bytes] You pressed secret.  (inline, msg_seq 1001, by event_id)
* the bot acknowledges: 0 is done, 4 is no permission
group "cats"
  bob pressed "cat"  (acknowledged with 0)
  bot: [image image/png, 3206 bytes] You pressed cat.  (inline, msg_seq 1001, by event_id)
  bob pressed "secret"  (acknowledged with 4)
5 answers, 3 uploaded, 0 reused
`, out.String())
}
