package richmedia_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// canvas is a picture of that size.
func canvas(width, height int) image.Image {
	return image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White})
}

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, canvas(width, height)))
	return b.Bytes()
}

// turnedJPEG is a jpeg of 30x20 pixels with an EXIF orientation.
func turnedJPEG(t testing.TB, orientation byte) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, canvas(30, 20), nil))
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(orientation)) + "\x00\x00\x00\x00\x00\x00"
	return []byte("\xff\xd8\xff\xe1\x00" + string(rune(len(exif)+2)) + exif + b.String()[2:])
}

var markdownImage = regexp.MustCompile(`^!\[([^]]*) #(\d+)px #(\d+)px\]\((\S+)\)$`)

// drawn takes the text of a picture apart, and reads the picture from its address.
func drawn(t testing.TB, b *bed, text string) (alt string, width, height int, content []byte) {
	t.Helper()
	m := markdownImage.FindStringSubmatch(text)
	require.NotNil(t, m, text)
	width, _ = strconv.Atoi(m[2])
	height, _ = strconv.Atoi(m[3])
	status, content := get(t, b, m[4])
	require.Equal(t, http.StatusOK, status)
	return m[1], width, height, content
}

func get(t testing.TB, b *bed, address string) (status int, content []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := b.Client().Do(req)
	require.NoError(t, err)
	content, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, content
}

func TestALocalPictureIsShownInMarkdown(t *testing.T) {
	encode := func(fn func(io.Writer) error) []byte {
		var buf bytes.Buffer
		require.NoError(t, fn(&buf))
		return buf.Bytes()
	}
	for name, c := range map[string]struct {
		content       []byte
		width, height int
	}{
		"a.png":      {pngOf(t, 30, 20), 30, 20},
		"b.gif":      {encode(func(w io.Writer) error { return gif.Encode(w, canvas(30, 20), nil) }), 30, 20},
		"c.bmp":      {encode(func(w io.Writer) error { return bmp.Encode(w, canvas(30, 20)) }), 30, 20},
		"d.jpg":      {encode(func(w io.Writer) error { return jpeg.Encode(w, canvas(30, 20), nil) }), 30, 20},
		"turned.jpg": {turnedJPEG(t, 6), 20, 30},
		"mirror.jpg": {turnedJPEG(t, 2), 30, 20},
	} {
		for scope, chat := range map[string]func(*bed) *richmediatest.Chat{
			"group": func(b *bed) *richmediatest.Chat { return b.Group("club") },
			"c2c":   func(b *bed) *richmediatest.Chat { return b.C2C("ann") },
		} {
			t.Run(name+" "+scope, func(t *testing.T) {
				b := newBed(t)
				club := chat(b)
				ctx := b.context(t, club)
				before := left(ctx)
				text, err := ctx.MarkdownImage(t.Context(), richmedia.FromBytes(name, c.content))
				require.NoError(t, err)
				alt, width, height, content := drawn(t, b, text)
				assert.Equal(t, name, alt)
				assert.Equal(t, []int{c.width, c.height}, []int{width, height})
				assert.Equal(t, c.content, content)
				assert.Equal(t, before, left(ctx), "it takes no reply")
				_, err = ctx.ReplyText(t.Context(), "# Report\n"+text, richmedia.WithMarkdown())
				require.NoError(t, err)
				assert.Contains(t, string(club.Answers()[0].Markdown), "px](")
			})
		}
	}
}

func TestAPictureIsUploadedOnceAndApartFromItsReplies(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	_, err := c.ReplyImage(t.Context(), cat()) // without an address
	require.NoError(t, err)
	first, err := c.MarkdownImage(t.Context(), cat())
	require.NoError(t, err)
	again, err := b.context(t, b.Group("other")).MarkdownImage(t.Context(), cat().Named("again.png"))
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(first, "cat.png", "again.png", 1), again)
	assert.Equal(t, 1, b.Count(richmediatest.OpPrepare))
	assert.Len(t, b.Uploads(), 2)

	opened := 0
	src := richmedia.FromOpener("chart.png", func(context.Context) (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(pngOf(t, 3, 2))), nil
	})
	for range 3 {
		text, err := c.MarkdownImage(t.Context(), src, richmedia.WithCacheKey("chart"))
		require.NoError(t, err)
		assert.Contains(t, text, "#3px #2px", "the size is kept with the upload")
	}
	assert.Equal(t, 1, opened)
}

func TestAPictureByURLIsFetchedHere(t *testing.T) {
	p := richmediatest.New()
	p.Host(catURL, pngOf(t, 7, 5))
	b := newBedOn(t, p, richmedia.WithURLFallback(p.Client()))
	c := b.context(t, b.Group("club"))
	text, err := c.MarkdownImage(t.Context(), richmedia.FromURL(catURL))
	require.NoError(t, err)
	_, width, height, _ := drawn(t, b, text)
	assert.Equal(t, []int{7, 5}, []int{width, height})
	assert.NotContains(t, text, catURL)

	p.Host(catURL, []byte("no picture"))
	_, err = b.context(t, b.Group("club")).MarkdownImage(t.Context(), richmedia.FromURL(catURL+"?v=2"))
	require.ErrorIs(t, err, richmedia.ErrFetchFailed)

	b = newBedOn(t, p)
	_, err = b.context(t, b.Group("club")).MarkdownImage(t.Context(), richmedia.FromURL(catURL))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	require.ErrorContains(t, err, "WithURLFallback")
}

func TestTheAddressOfAPictureIsNewBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 0)
		club := b.Group("club")
		first, err := b.context(t, club).MarkdownImage(t.Context(), cat())
		require.NoError(t, err)
		time.Sleep(shortUsable - time.Second)
		same, err := b.context(t, club).MarkdownImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, first, same)
		_, _, _, _ = drawn(t, b, same)
		time.Sleep(2 * time.Second)
		fresh, err := b.context(t, club).MarkdownImage(t.Context(), cat())
		require.NoError(t, err)
		assert.NotEqual(t, first, fresh)
		time.Sleep(shortTTL - shortUsable)
		status, _ := get(t, b, markdownImage.FindStringSubmatch(first)[4])
		assert.Equal(t, http.StatusForbidden, status, "the platform serves an address as long as its upload")
		_, _, _, _ = drawn(t, b, fresh)
	})
}

func TestAPictureThatIsUsedOftenIsRenewedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := refreshBed(t, 10)
		club := b.Group("club")
		var first string
		for range 3 {
			text, err := b.context(t, club).MarkdownImage(t.Context(), cat())
			require.NoError(t, err)
			first = text
		}
		require.Equal(t, 1, b.Count(richmediatest.OpPrepare))
		time.Sleep(shortDue + time.Second)
		synctest.Wait()
		require.Equal(t, 2, b.Count(richmediatest.OpPrepare), "in parts again")
		text, err := b.context(t, club).MarkdownImage(t.Context(), cat())
		require.NoError(t, err)
		assert.NotEqual(t, first, text)
		require.Equal(t, 2, b.Count(richmediatest.OpPrepare))
		require.Equal(t, 2, b.Count(richmediatest.OpMerge))
	})
}

func TestAPictureWithoutAddressOrSizeIsAnError(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	_, err := c.MarkdownImage(t.Context(), richmedia.FromBytes("cut.png", pngOf(t, 30, 20)[:30]))
	require.Error(t, err)
	_, err = c.MarkdownImage(t.Context(), richmedia.FromBytes("x.txt", []byte("hello")))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	assert.Zero(t, b.Count(richmediatest.OpPrepare), "before any request")
	_, err = b.context(t, b.Channel("general")).MarkdownImage(t.Context(), cat())
	require.ErrorIs(t, err, richmedia.ErrUnsupported)

	b.Intercept(richmediatest.OpMerge, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = fmt.Fprint(w, `{"file_info":"x","file_uuid":"u","ttl":300,"raw_url":""}`)
	})
	_, err = c.MarkdownImage(t.Context(), cat())
	require.ErrorContains(t, err, "upload cat.png: merge: the platform answered no raw_url")
}

func TestTheNameAndTheAddressOfAPictureCannotEndItsMarkdown(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	b.Intercept(richmediatest.OpMerge, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = fmt.Fprint(w, `{"file_info":"x","ttl":300,"raw_url":"https://example.com/a(1) b.png?sign=(x)"}`)
	})
	for name, alt := range map[string]string{
		"C# [final] (2).png": "C final 2 .png", "](https:evil.example) #1px #1px": "https:evil.example 1px 1px", "": "image", "图.png": "图.png",
	} {
		text, err := c.MarkdownImage(t.Context(), richmedia.FromBytes("x", pngOf(t, 3, 2)).Named(name))
		require.NoError(t, err)
		m := markdownImage.FindStringSubmatch(text)
		require.NotNil(t, m, text)
		assert.Equal(t, alt, m[1])
		assert.Equal(t, "https://example.com/a%281%29%20b.png?sign=%28x%29", m[4])
	}
}

func TestAPictureIsNotUploadedAfterTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.context(t, b.Group("club"))
		time.Sleep(5 * time.Minute)
		_, err := c.MarkdownImage(t.Context(), cat())
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		assert.Zero(t, b.Count(richmediatest.OpPrepare))
	})
}
