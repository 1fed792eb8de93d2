package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func needFFmpeg(t *testing.T) {
	t.Helper()
	for _, program := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

func TestAVoiceIsAnsweredWithItsTranscriptAndFaster(t *testing.T) {
	needFFmpeg(t)
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	const chat = `  \w+: \[voice voice.amr\]
  bot: You said: "good morning"  \(msg_seq 1001, quoting, by msg_id\)
  bot: \[voice audio/mpeg, \d+ bytes\]  \((inline|parts), msg_seq 1002, quoting, by msg_id\)
  \w+: hello
  bot: Send or quote a voice.  \(msg_seq 1001, by msg_id\)
  \w+: again
  bot: You said: "good morning"  \(msg_seq 1001, quoting, by msg_id\)
  bot: \[voice audio/mpeg, \d+ bytes(, reused)?\]  \(.*quoting, by msg_id\)
`
	assert.Regexp(t, `^group "cats"\n`+chat+`c2c "carol"\n`+chat, out.String())
}

// answered lets a user send a, and returns the bot's answers.
func answered(t *testing.T, a richmediatest.Attachment, with ...func(*richmediatest.Platform)) []richmediatest.Message {
	t.Helper()
	p := richmediatest.New()
	media, _, err := newBot(p.TokenSource(), richmedia.WithPlatform(p))
	require.NoError(t, err)
	defer func() { require.NoError(t, media.Close()); require.NoError(t, p.Close()) }()
	carol := p.C2C("carol")
	a.ContentType = "voice"
	ev := carol.Say("carol", "", a)
	for _, fn := range with {
		fn(p)
	}
	c, err := media.Context(ev.Payload())
	require.NoError(t, err)
	require.NoError(t, faster(t.Context(), c))
	return carol.Answers()
}

// seconds returns how long sound is.
func seconds(t *testing.T, sound []byte) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_entries", "packet=duration_time", "-of", "csv=p=0", "pipe:0")
	cmd.Stdin = bytes.NewReader(sound)
	out, err := cmd.Output()
	require.NoError(t, err)
	sum := 0.0
	for _, line := range strings.Fields(string(out)) {
		n, err := strconv.ParseFloat(strings.Trim(line, ","), 64)
		require.NoError(t, err)
		sum += n
	}
	return sum
}

func TestTheVoiceIsHalfAsLongAndBounded(t *testing.T) {
	needFFmpeg(t)
	for long, want := range map[int]float64{4: 2, maxSeconds + 10: maxSeconds / 2} {
		m := answered(t, richmediatest.Attachment{FileName: "a.amr", Data: []byte("x"), VoiceWAV: tone(long)})
		require.Len(t, m, 2)
		assert.Equal(t, "I did not understand that.", m[0].Text)
		assert.InDelta(t, want, seconds(t, m[1].Media.Upload.Data), 0.2)
	}
}

func TestABadVoiceIsAnsweredInWords(t *testing.T) {
	needFFmpeg(t)
	for want, a := range map[string]richmediatest.Attachment{
		"cannot play": {Data: []byte("#EXTM3U\nfile:///etc/passwd\n")},
		"cannot":      {VoiceWAV: append(tone(1)[:20], bytes.Repeat([]byte{0}, 100)...), Data: []byte("x")},
		"too long":    {VoiceWAV: append(tone(1), make([]byte, maxFile)...), Data: []byte("x")},
	} {
		m := answered(t, a)
		require.Len(t, m, 2, want)
		assert.Contains(t, m[1].Text, want)
		assert.Nil(t, m[1].Media)
	}
	m := answered(t, richmediatest.Attachment{Data: tone(1)}, func(p *richmediatest.Platform) { p.ExpireAttachments() })
	assert.Contains(t, m[len(m)-1].Text, "too old")
}

func TestAVoiceThatBreaksIsNotSentAsAShorterOne(t *testing.T) {
	needFFmpeg(t)
	broken := errors.New("the connection broke")
	file := io.NopCloser(io.MultiReader(bytes.NewReader(tone(2)[:rate]), fails{broken}))
	r, err := atDoubleSpeed(t.Context(), file, "audio/wav")
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	require.ErrorIs(t, err, broken)
	require.NoError(t, r.Close())
}

type fails struct{ err error }

func (f fails) Read([]byte) (int, error) { return 0, f.err }

func TestAnEndedCtxEndsTheProcess(t *testing.T) {
	needFFmpeg(t)
	ctx, cancel := context.WithCancel(t.Context())
	blocked, w := io.Pipe()
	r, err := atDoubleSpeed(ctx, blocked, "audio/wav")
	require.NoError(t, err)
	cancel()
	require.NoError(t, r.Close())
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, io.ErrClosedPipe, "the voice is closed")
}
