package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// amr is audio that the platform does not accept as a voice.
var amr = append([]byte("#!AMR\n"), make([]byte, 1000)...)

// studio is a voice encoder that records its input, and returns mp3 for all of it.
type studio struct {
	mp3 []byte
	got [][]byte
}

func newStudio(t testing.TB) *studio { return &studio{mp3: readMedia(t, "hello.mp3")} }

func (s *studio) encode(_ context.Context, in io.Reader) (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() { // as it comes, not at its end
		all, err := io.ReadAll(in)
		s.got = append(s.got, all)
		if err == nil {
			_, err = w.Write(s.mp3)
		}
		_ = w.CloseWithError(err)
	}()
	return r, nil
}

func TestAVoiceThatThePlatformDoesNotTakeIsEncoded(t *testing.T) {
	for name, limit := range map[string]int64{"inline": 5 << 20, "parts": 0} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t)
			b := newBed(t, richmedia.WithVoiceEncoder(s.encode), richmedia.WithInlineLimit(limit))
			for i, src := range []richmedia.Source{
				richmedia.FromBytes("a.amr", amr), richmedia.FromReader("b.amr", bytes.NewReader(amr)),
			} {
				club := b.Group(fmt.Sprint(i))
				_, err := b.context(t, club).ReplyVoice(t.Context(), src)
				require.NoError(t, err)
				assert.Equal(t, s.mp3, club.Answers()[0].Media.Upload.Data)
				assert.Equal(t, name, club.Answers()[0].Media.Upload.Route)
			}
			assert.Equal(t, [][]byte{amr}, s.got, "once: what was encoded is kept as the upload of what it was made of")
		})
	}
}

func TestTheEncoderIsAskedBeforeAVoiceIsGivenUp(t *testing.T) {
	wav := append(bytes.Clone(readMedia(t, "hello.mp3")), 0)
	for name, refuse := range map[string]func(*bed){
		"refused in one call, as from a single chat": func(b *bed) {
			b.Fail(richmediatest.OpUpload, 1, 400, 40011000, "请求数据异常")
			b.Fail(richmediatest.OpMerge, 1, 400, 850019, "富媒体文件格式不支持")
		},
		"refused as a format": func(b *bed) { b.Fail(richmediatest.OpUpload, 1, 400, 850019, "富媒体文件格式不支持") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t)
			b := newBed(t, richmedia.WithVoiceEncoder(s.encode), richmedia.WithRetries(0))
			bob := b.C2C("bob")
			c := b.context(t, bob)
			refuse(b)
			_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("a.mp3", wav))
			require.NoError(t, err)
			assert.Equal(t, s.mp3, bob.Answers()[0].Media.Upload.Data)
			assert.Equal(t, [][]byte{wav}, s.got, "once")
		})
		t.Run(name+", and after the encoder too", func(t *testing.T) {
			s := newStudio(t)
			b := newBed(t, richmedia.WithVoiceEncoder(s.encode), richmedia.WithRetries(0))
			c := b.context(t, b.C2C("bob"))
			b.Fail(richmediatest.OpUpload, -1, 400, 850019, "富媒体文件格式不支持")
			_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("a.mp3", wav))
			require.ErrorIs(t, err, richmedia.ErrUnsupported)
			assert.Len(t, s.got, 1, "once")
		})
	}
}

func TestAQuarterOfTheWorkersEncodeAtOnce(t *testing.T) {
	for workers, want := range map[int]int{1: 1, 3: 1, 8: 2, 16: 4} {
		synctest.Test(t, func(t *testing.T) {
			mp3 := readMedia(t, "hello.mp3")
			var now, most atomic.Int32
			b := newBed(t, richmedia.WithWorkers(workers), richmedia.WithVoiceEncoder(func(_ context.Context, in io.Reader) (io.ReadCloser, error) {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				time.Sleep(time.Second)
				_, err := io.Copy(io.Discard, in)
				return io.NopCloser(bytes.NewReader(mp3)), err
			}))
			var all sync.WaitGroup
			for i := range 10 {
				c := b.context(t, b.Group(fmt.Sprint(i)))
				all.Go(func() {
					_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("a.amr", append(bytes.Clone(amr), byte(i))))
					assert.NoError(t, err)
				})
			}
			all.Wait()
			assert.EqualValues(t, want, most.Load(), "of %d workers", workers)
		})
	}
}

func TestAFileWithoutANameHasOneOnEveryRoute(t *testing.T) {
	for name, limit := range map[string]int64{"inline": 5 << 20, "parts": 0} {
		b := newBed(t, richmedia.WithInlineLimit(limit))
		club := b.Group("club")
		_, err := b.context(t, club).ReplyFile(t.Context(), richmedia.FromBytes("", []byte("hello")))
		require.NoError(t, err)
		assert.Equal(t, "file", club.Answers()[0].Media.Upload.Name, name)
	}
}

func TestAVoiceThatThePlatformAcceptsIsNotEncoded(t *testing.T) {
	s := newStudio(t)
	b := newBed(t, richmedia.WithVoiceEncoder(s.encode))
	c := b.context(t, b.Group("club"))
	_, err := c.ReplyVoice(t.Context(), richmedia.FromFS(media, "hello.mp3"))
	require.NoError(t, err)
	_, err = c.ReplyFile(t.Context(), richmedia.FromBytes("a.amr", amr))
	require.NoError(t, err)
	_, err = c.ReplyImage(t.Context(), richmedia.FromBytes("a.amr", amr))
	require.ErrorIs(t, err, richmedia.ErrUnsupported, "it makes voices only")
	assert.Empty(t, s.got)
}

func TestAVoiceByURLIsFetchedAndEncoded(t *testing.T) {
	p := richmediatest.New()
	s := newStudio(t)
	b := newBedOn(t, p, richmedia.WithVoiceEncoder(s.encode), richmedia.WithURLFallback(p.Client()))
	p.Host("https://example.com/a.amr", amr) // the platform says 850019
	club := b.Group("club")
	_, err := b.context(t, club).ReplyVoice(t.Context(), richmedia.FromURL("https://example.com/a.amr"))
	require.NoError(t, err)
	assert.Equal(t, s.mp3, club.Answers()[0].Media.Upload.Data)
}

func TestARefusedVoiceIsNotEncodedAgain(t *testing.T) {
	s := newStudio(t)
	b := newBed(t, richmedia.WithVoiceEncoder(s.encode))
	b.Fail(richmediatest.OpSend, 1, 400, 304080, "x")
	_, err := b.context(t, b.Group("club")).ReplyVoice(t.Context(), richmedia.FromBytes("a.amr", amr))
	require.NoError(t, err)
	assert.Len(t, s.got, 1)
	assert.Len(t, b.Uploads(), 2)
}

func TestAnEncoderThatFailsIsAStepOfTheUpload(t *testing.T) {
	give := func(data string, err error) func(context.Context, io.Reader) (io.ReadCloser, error) {
		return func(context.Context, io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader([]byte(data)), broken{err})), nil
		}
	}
	for want, encode := range map[string]func(context.Context, io.Reader) (io.ReadCloser, error){
		"no ffmpeg":                        func(context.Context, io.Reader) (io.ReadCloser, error) { return nil, errors.New("no ffmpeg") },
		"neither a reader nor":             func(context.Context, io.Reader) (io.ReadCloser, error) { return nil, nil },
		"the encoder broke":                give("ID3", errors.New("the encoder broke")),
		"gave nothing":                     give("", io.EOF),
		"what the voice encoder gave":      give("text", io.EOF),
		"the voice encoder panicked: boom": func(context.Context, io.Reader) (io.ReadCloser, error) { panic("boom") },
	} {
		t.Run(want, func(t *testing.T) {
			b := newBed(t, richmedia.WithVoiceEncoder(encode))
			c := b.context(t, b.Group("club"))
			_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("a.amr", amr))
			require.ErrorContains(t, err, want)
			var up *richmedia.UploadError
			require.ErrorAs(t, err, &up)
			assert.Equal(t, "a.amr", up.Name)
			assert.Equal(t, want == "what the voice encoder gave", errors.Is(err, richmedia.ErrUnsupported))
			assert.Empty(t, b.Calls())
			n, _ := c.RepliesLeft()
			assert.Equal(t, 5, n)
		})
	}
}

func TestAnEncoderThatHangsEndsWithTheReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		b := newBed(t, richmedia.WithVoiceEncoder(func(ctx context.Context, _ io.Reader) (io.ReadCloser, error) {
			go func() {
				<-ctx.Done()
				ended <- context.Cause(ctx)
			}()
			return io.NopCloser(waiting{ctx}), nil
		}))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		_, err := b.context(t, b.Group("club")).ReplyVoice(ctx, richmedia.FromBytes("a.amr", amr))
		require.ErrorContains(t, err, "enough")
		require.Error(t, <-ended)
	})
}

func TestAnAttachmentsVoiceIsTakenAsWAV(t *testing.T) {
	b := newBed(t)
	b.Host("https://example.com/voice.amr", amr)
	b.Host("https://example.com/voice.wav", append([]byte("RIFF\x24\x00\x00\x00WAVEfmt "), make([]byte, 100)...))
	club := b.Group("club")
	b.PushTo(nil)
	c, err := b.media.Context(club.Say("alice", "", richmediatest.Attachment{
		ContentType: "voice", FileName: "voice.amr", URL: "https://example.com/voice.amr",
		VoiceWAVURL: "example.com/voice.wav", VoiceText: "good morning",
	}).Payload())
	require.NoError(t, err)
	a := c.Attachments()[0]
	assert.Equal(t, "good morning", a.VoiceText)
	assert.Equal(t, "https://example.com/voice.wav", a.VoiceWAVURL)
	_, err = c.ReplyVoice(t.Context(), richmedia.FromAttachment(a))
	require.NoError(t, err)
	_, err = c.ReplyFile(t.Context(), richmedia.FromAttachment(a))
	require.NoError(t, err)
	assert.Equal(t, "audio/wav", club.Answers()[0].Media.Format)
	assert.Equal(t, amr, club.Answers()[1].Media.Upload.Data, "as a file it is what it was")
	assert.Equal(t, "voice.amr", club.Answers()[1].Media.Name)
}

func TestAnEncodersOutputIsBounded(t *testing.T) {
	b := newBed(t, richmedia.WithVoiceEncoder(func(context.Context, io.Reader) (io.ReadCloser, error) {
		return io.NopCloser(endless{}), nil
	}))
	_, err := b.context(t, b.C2C("alice")).ReplyVoice(t.Context(), richmedia.FromBytes("a.amr", amr))
	require.ErrorIs(t, err, richmedia.ErrTooLarge)
}

type failingClose struct{ io.Reader }

func (failingClose) Close() error { return errors.New("exit status 1") }

func TestAnEncoderThatFailsAtItsEndIsAnError(t *testing.T) {
	half := readMedia(t, "hello.mp3")
	half = half[:len(half)/2]
	b := newBed(t, richmedia.WithVoiceEncoder(func(context.Context, io.Reader) (io.ReadCloser, error) {
		return failingClose{bytes.NewReader(half)}, nil // as exec.Cmd: EOF of the pipe, then Wait's error
	}))
	club := b.Group("club")
	_, err := b.context(t, club).ReplyVoice(t.Context(), richmedia.FromBytes("a.amr", amr))
	require.ErrorContains(t, err, "exit status 1")
}

func TestSilkThatCannotBeDecodedIsRefusedBeforeTheEncoder(t *testing.T) {
	for file, want := range map[string]string{
		"silk-22050.silk": "encode sound of 24,000 Hz",
		"silk-amr.amr":    "silk behind the mark of amr",
	} {
		content, err := os.ReadFile("testdata/formats/" + file)
		require.NoError(t, err)
		b := newBed(t, richmedia.WithVoiceEncoder(func(context.Context, io.Reader) (io.ReadCloser, error) {
			t.Error("the encoder was called")
			return nil, errors.New("called")
		}))
		_, err = b.context(t, b.Group("club")).ReplyVoice(t.Context(), richmedia.FromBytes(file, content))
		require.ErrorIs(t, err, richmedia.ErrUnsupported, file)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "WithVoiceEncoder")
		assert.Empty(t, b.Calls())
		_, err = b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromBytes(file, content))
		require.NoError(t, err, "as a file it is sent")
	}
}
