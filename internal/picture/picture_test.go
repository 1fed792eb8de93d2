package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
)

var plain = image.NewPaletted(image.Rect(0, 0, 30, 20), []color.Color{color.Black, color.White})

// The smallest lossy webp: 1x1.
const tinyWebP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encode(&b))
	return b.Bytes()
}

func pngBytes(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, plain) })
}

func jpegBytes(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, plain, nil) })
}

// tiff returns EXIF data with an orientation, behind another entry.
func tiff(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("MM\x00*")
	if order.AppendUint16(nil, 1)[0] == 1 {
		b = []byte("II*\x00")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for tag, value := range map[uint16]uint16{0x0100: 7, 0x0112: orientation} {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, value)
		b = order.AppendUint16(b, 0)
	}
	return b
}

// inJPEG puts EXIF data where cameras do, behind a JFIF segment and a comment.
func inJPEG(t testing.TB, exif []byte) []byte {
	plain := jpegBytes(t)
	out := append([]byte{}, plain[:2]...)
	segment := func(marker byte, data []byte) {
		out = append(out, 0xff, marker)
		out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
		out = append(out, data...)
	}
	segment(0xe0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
	segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x/>"))
	segment(0xfe, []byte("a comment"))
	segment(0xe1, append([]byte("Exif\x00\x00"), exif...))
	return append(out, plain[2:]...)
}

// inPNG puts EXIF data before the image data.
func inPNG(t testing.TB, exif []byte) []byte {
	plain := pngBytes(t)
	const ihdr = 8 + 8 + 13 + 4
	out := append([]byte{}, plain[:ihdr]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(exif)))
	body := append([]byte("eXIf"), exif...)
	out = append(out, body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	return append(out, plain[ihdr:]...)
}

// inWebP puts the tiny webp into an extended one of 30x20 pixels, with EXIF data at its end.
func inWebP(t testing.TB, exif []byte) []byte {
	tiny, err := base64.StdEncoding.DecodeString(tinyWebP)
	require.NoError(t, err)
	var body []byte
	part := func(name string, data []byte) {
		body = append(body, name...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(data)))
		body = append(body, data...)
		if len(data)%2 == 1 {
			body = append(body, 0)
		}
	}
	part("VP8X", []byte{0x08, 0, 0, 0, 29, 0, 0, 19, 0, 0})
	body = append(body, tiny[12:]...)
	part("odd ", []byte("123"))
	if exif != nil {
		part("EXIF", exif)
	}
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(out, "WEBP"...), body...)
}

func TestTheSizeIsThatInWhichThePictureIsShown(t *testing.T) {
	tiny, err := base64.StdEncoding.DecodeString(tinyWebP)
	require.NoError(t, err)
	wide, high := Size{30, 20}, Size{20, 30}
	for name, c := range map[string]struct {
		data []byte
		want Size
	}{
		"png":           {pngBytes(t), wide},
		"jpeg":          {jpegBytes(t), wide},
		"gif":           {encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, plain, nil) }), wide},
		"bmp":           {encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, plain) }), wide},
		"webp":          {tiny, Size{1, 1}},
		"extended webp": {inWebP(t, nil), wide},
		"webp with the jpeg's prefix": {
			inWebP(t, append([]byte("Exif\x00\x00"), tiff(binary.BigEndian, 6)...)), high,
		},
	} {
		got, err := Read(bytes.NewReader(c.data))
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
	}
	for orientation := range uint16(10) {
		for name, put := range map[string]func(testing.TB, []byte) []byte{"jpeg": inJPEG, "png": inPNG, "webp": inWebP} {
			for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
				want := wide
				if orientation >= 5 && orientation <= 8 {
					want = high
				}
				got, err := Read(bytes.NewReader(put(t, tiff(order, orientation))))
				require.NoError(t, err, name)
				assert.Equal(t, want, got, "%s, %v, orientation %d", name, order, orientation)
			}
		}
	}
}

func TestWhatHasNoSizeIsAnError(t *testing.T) {
	for name, data := range map[string]string{
		"nothing": "", "text": "hello", "a png that is cut": string(pngBytes(t)[:20]),
		"a jpeg that never comes to its size": "\xff\xd8" + strings.Repeat("\xff\xfe\xff\xff"+strings.Repeat("x", 0xffff-2), 70),
	} {
		_, err := Read(strings.NewReader(data))
		assert.Error(t, err, name)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(inJPEG(f, tiff(binary.LittleEndian, 6)))
	f.Add(inPNG(f, tiff(binary.BigEndian, 8)))
	f.Add(inWebP(f, tiff(binary.BigEndian, 5)))
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		size, err := Read(bytes.NewReader(data))
		if err == nil && (size.Width <= 0 || size.Height <= 0) {
			t.Errorf("%+v", size)
		}
		exifOrientation(data)
	})
}
