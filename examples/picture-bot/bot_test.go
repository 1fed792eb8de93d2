package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestAPictureIsAnsweredWithItsChange(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	const chat = `  \w+: half \[image/png photo.png\]
  bot: \[image image/jpeg, \d+ bytes\]  \(inline, msg_seq 1001, quoting, by msg_id\)
  \w+: what can you do\? \[image/png photo.png\]
  bot: Send or quote a picture .*  \(msg_seq 1001, by msg_id\)
  \w+: turn
  bot: \[image image/jpeg, \d+ bytes\]  \(inline, msg_seq 1001, quoting, by msg_id\)
  \w+: grey
  bot: \[image image/jpeg, \d+ bytes\]  \(inline, msg_seq 1001, quoting, by msg_id\)
`
	assert.Regexp(t, `(?s)^group "cats"\n.*c2c "carol"\n.*8 answers`, out.String())
	assert.Regexp(t, `(?m)^group "cats"\n`+chat+`c2c "carol"\n`, out.String())
}

// answered lets a user send a picture with a word, and returns the bot's answer.
func answered(t *testing.T, word string, file []byte, with ...func(*richmediatest.Platform)) richmediatest.Message {
	t.Helper()
	p := richmediatest.New()
	media, _, err := newBot(p.TokenSource(), richmedia.WithPlatform(p))
	require.NoError(t, err)
	defer func() { require.NoError(t, media.Close()); require.NoError(t, p.Close()) }()
	carol := p.C2C("carol")
	ev := carol.Say("carol", word, richmediatest.Attachment{FileName: "a.png", ContentType: "image/png", Data: file})
	for _, fn := range with {
		fn(p)
	}
	c, err := media.Context(ev.Payload())
	require.NoError(t, err)
	require.NoError(t, picture(t.Context(), c))
	require.Len(t, carol.Answers(), 1)
	return carol.Answers()[0]
}

func TestEveryWordChangesThePicture(t *testing.T) {
	for word, want := range map[string]image.Point{"half": {160, 100}, "Double": {640, 400}, "turn": {200, 320}, "grey": {320, 200}} {
		m := answered(t, word, painted(320, 200))
		require.NotNil(t, m.Media, word)
		img, _, err := image.Decode(bytes.NewReader(m.Media.Upload.Data))
		require.NoError(t, err)
		assert.Equal(t, want, img.Bounds().Size(), word)
		r, g, b, _ := img.At(0, 0).RGBA()
		assert.Equal(t, word == "grey", r == g && g == b, word)
	}
	top := turned(corner())
	assert.Equal(t, color.RGBA{255, 0, 0, 255}, top.At(top.Bounds().Dx()-1, 0), "the left corner above is the right one then")
}

// corner returns a picture that is red in its left corner above.
func corner() image.Image {
	img := image.NewRGBA(image.Rect(3, 4, 10, 8)) // not from 0, 0
	img.Set(3, 4, color.RGBA{255, 0, 0, 255})
	return img
}

func TestABadPictureIsAnsweredInWords(t *testing.T) {
	whole := painted(320, 200)
	for want, file := range map[string][]byte{
		"it is no png":            []byte("hello"),
		"the png is damaged":      whole[:len(whole)/2],
		"it has 30000 x 30000":    declared(30_000, 30_000),
		"it has 5000 x 5000":      declared(5_000, 5_000),
		"too large for me":        append(whole, make([]byte, maxFile)...),
		"it has 16385 x 1 pixels": declared(16_385, 1),
	} {
		m := answered(t, "half", file)
		assert.Contains(t, m.Text, want)
		assert.Nil(t, m.Media)
	}
	m := answered(t, "half", whole, func(p *richmediatest.Platform) { p.ExpireAttachments() })
	assert.Contains(t, m.Text, "too old")
}

// declared returns a small png that says to be that large.
func declared(width, height uint32) []byte {
	file := painted(4, 4)
	at := bytes.Index(file, []byte("IHDR"))
	binary.BigEndian.PutUint32(file[at+4:], width)
	binary.BigEndian.PutUint32(file[at+8:], height)
	binary.BigEndian.PutUint32(file[at+17:], crc32.ChecksumIEEE(file[at:at+17]))
	return file
}

func TestALargePictureTakesNoMemoryBeforeItIsRefused(t *testing.T) {
	file := declared(30_000, 30_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := decode(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	require.ErrorContains(t, err, "too much")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestAPictureOverTheLimitOfACardIsMadeToFit(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 700, 500))
	r := rand.NewChaCha8([32]byte{})
	_, err := io.ReadFull(r, noise.Pix)
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, noise))
	full, err := io.Copy(io.Discard, encoded(noise))
	require.NoError(t, err)
	for _, limit := range []int64{full, full / 2, full / 50} {
		img, err := fitted(noise, limit)
		require.NoError(t, err)
		size, err := io.Copy(io.Discard, encoded(img))
		require.NoError(t, err)
		assert.LessOrEqual(t, size, limit)
		assert.Positive(t, size*3-limit, "not far below it")
	}
	_, err = fitted(noise, 10)
	require.ErrorContains(t, err, "does not fit")
}

func TestWhatCannotBeScaledIsReturnedAsItIs(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 16_000, 1))
	assert.Equal(t, img.Bounds(), scaled(img, 2, 1).Bounds())
	assert.Equal(t, image.Pt(8_000, 1), scaled(img, 1, 2).Bounds().Size())
}
