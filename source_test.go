package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestEverySourceArrivesByteForByte(t *testing.T) {
	png := readMedia(t, "cat.png")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a cat.png"), png, 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, root.Close()) }()
	big := bytes.Repeat(png, 40) // past what a reader keeps in memory
	for name, c := range map[string]struct {
		src  richmedia.Source
		want []byte
		name string
	}{
		"file":    {richmedia.FromFile(filepath.Join(dir, "a cat.png")), png, "a cat.png"},
		"fs":      {richmedia.FromFS(fstest.MapFS{"pics/cat.png": {Data: png}}, "pics/cat.png"), png, "cat.png"},
		"root fs": {richmedia.FromFS(root.FS(), "a cat.png"), png, "a cat.png"},
		"bytes":   {richmedia.FromBytes("cat.png", png), png, "cat.png"},
		"reader":  {richmedia.FromReader("cat.png", iotest.OneByteReader(bytes.NewReader(png))), png, "cat.png"},
		"spooled": {richmedia.FromReader("cat.png", iotest.DataErrReader(bytes.NewReader(big))), big, "cat.png"},
		"opener": {richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(iotest.HalfReader(bytes.NewReader(png))), nil
		}), png, "cat.png"},
		"url":        {richmedia.FromURL("https://example.com/pics/cat.png?sign=1"), png, "cat.png"},
		"attachment": {richmedia.FromAttachment(richmedia.Attachment{}), nil, ""},
		"renamed":    {richmedia.FromBytes("x", png).Named(`..\evil/na` + "\x00me.png"), png, "name.png"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.Host("https://example.com/pics/cat.png?sign=1", png)
			b.Host("https://multimedia.example.com/a?rkey=1", png)
			if name == "attachment" {
				a := richmedia.Attachment{}
				a.URL, a.FileName = "multimedia.example.com/a?rkey=1", "photo.png"
				c.src, c.want, c.name = richmedia.FromAttachment(a), png, "photo.png"
			}
			for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("bob")} {
				if chat.Scene() == "c2c" && (name == "reader" || name == "spooled") {
					continue // was used
				}
				f, err := b.media.Upload(t.Context(), target(chat), richmedia.KindFile, c.src)
				require.NoError(t, err)
				assert.Equal(t, richmedia.KindFile, f.Kind)
				up := b.Uploads()[len(b.Uploads())-1]
				assert.Equal(t, c.want, up.Data)
				assert.Equal(t, c.name, up.Name)
				assert.Equal(t, chat.Scene(), up.Scene)
			}
		})
	}
}

func TestTheBodyIsStreamedWithItsLength(t *testing.T) {
	b := newBed(t)
	var length, announced int64
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		raw, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		length, announced = int64(len(raw)), r.ContentLength
		r.Body = io.NopCloser(bytes.NewReader(raw))
		next.ServeHTTP(w, r)
	})
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromBytes("x", make([]byte, 100_001)))
	require.NoError(t, err)
	assert.Equal(t, length, announced)
	assert.Positive(t, announced)
}

func TestARetryOpensTheSourceAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Lose(richmediatest.OpUpload, 2)
		png := readMedia(t, "cat.png")
		for name, src := range map[string]richmedia.Source{
			"reader": richmedia.FromReader("cat.png", bytes.NewReader(png)), "fs": cat(),
		} {
			f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, src)
			require.NoError(t, err, name)
			assert.NotEmpty(t, f.Info)
		}
		for _, up := range b.Uploads() {
			assert.Equal(t, png, up.Data)
		}
	})
}

// seekCloser can be read at offsets, so that it is opened again for the upload.
type seekCloser struct{ *bytes.Reader }

func (seekCloser) Close() error { return nil }

func TestContentThatChangesIsNotUploaded(t *testing.T) {
	b := newBed(t)
	for name, later := range map[string][]byte{"other bytes": []byte("abd"), "longer": []byte("abcd"), "shorter": []byte("ab"), "empty": nil} {
		var opened atomic.Int32
		src := richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
			if opened.Add(1) == 1 {
				return seekCloser{bytes.NewReader([]byte("abc"))}, nil
			}
			return seekCloser{bytes.NewReader(later)}, nil
		})
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, src)
		require.ErrorContains(t, err, "changed", name)
		assert.Empty(t, b.Uploads(), name)
	}
}

// noSeek has the method and cannot do it.
type noSeek struct{ io.Reader }

func (noSeek) Seek(int64, int) (int64, error) { return 0, errors.New("seek not supported") }
func (noSeek) Close() error                   { return nil }

func TestAStreamThatLooksLikeAFileIsAStream(t *testing.T) {
	b := newBed(t)
	for name, open := range map[string]func(context.Context) (io.ReadCloser, error){
		"a command's output": func(context.Context) (io.ReadCloser, error) {
			r, w, err := os.Pipe() // as exec.Cmd.StdoutPipe returns
			if err == nil {
				go func() {
					_, _ = w.Write(noise(300_000))
					_ = w.Close()
				}()
			}
			return r, err
		},
		"no seeking": func(context.Context) (io.ReadCloser, error) { return noSeek{bytes.NewReader(noise(100))}, nil },
	} {
		for _, opts := range [][]richmedia.UploadOption{nil, {richmedia.WithCacheKey(name)}} {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindFile, richmedia.FromOpener("x", open), opts...)
			require.NoError(t, err, name)
			assert.NotEmpty(t, b.Uploads()[len(b.Uploads())-1].Data, name)
		}
	}
}

func TestAReaderThatHangsDoesNotHoldItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		r, w := io.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := b.media.Upload(ctx, target(b.Group("club")), richmedia.KindFile, richmedia.FromReader("x", r))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		require.NoError(t, w.Close())
	})
}

type cutOff struct {
	*bytes.Reader
	left int
}

func (c *cutOff) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Reader.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func (c *cutOff) Close() error { return nil }

func TestASourceThatIsCutOffWhileItIsSentIsAnError(t *testing.T) {
	b := newBed(t)
	data := append(readMedia(t, "cat.png"), make([]byte, 100<<10)...)
	opens := 0
	src := richmedia.FromOpener("x.png", func(context.Context) (io.ReadCloser, error) {
		opens++
		left := 1 << 30
		if opens > 1 {
			left = 50 << 10
		}
		cut := &cutOff{bytes.NewReader(data), left}
		return struct {
			io.Reader
			io.Seeker
			io.Closer
		}{cut, cut, cut}, nil
	})
	_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), src)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestASourceThatChangesIsNeverACorruptUpload(t *testing.T) {
	content := noise(95)
	for name, later := range map[string][]byte{"longer": append(noise(95), 1), "shorter": content[:90]} {
		var opened atomic.Int32
		src := richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) {
			if opened.Add(1) <= 3 {
				return seekCloser{bytes.NewReader(content)}, nil
			}
			return seekCloser{bytes.NewReader(later)}, nil
		})
		b := inParts(t, richmediatest.PartShape{BlockSize: 10})
		_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), src)
		require.ErrorContains(t, err, "the content changed", name)
		assert.Zero(t, b.Count(richmediatest.OpMerge), name)
	}
	b := inParts(t, richmediatest.PartShape{BlockSize: 10})
	path := filepath.Join(t.TempDir(), "log.txt")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	var once sync.Once
	b.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		once.Do(func() { // the same length, other bytes, another time
			assert.NoError(t, os.WriteFile(path, noise(95)[5:], 0o600))
			assert.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 95), 0o600))
			assert.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
		})
		next.ServeHTTP(w, r)
	})
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromFile(path))
	require.ErrorContains(t, err, "the content changed")
}

func TestASpooledReaderLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	b := newBed(t)
	big := func() io.Reader { return io.LimitReader(endless{}, 1<<20) }
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromReader("big.bin", big()))
	require.NoError(t, err)
	b.Fail(richmediatest.OpUpload, -1, 400, 850018, "muted")
	_, err = b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromReader("other.bin", big()))
	require.ErrorIs(t, err, richmedia.ErrNotPermitted)
	_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromReader("no.png", big()))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
