package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the formats that are read; of a gif the first picture
	"image/jpeg"
	_ "image/png"
	"io"
	"math"

	_ "golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	cardLimit = 20_000_000 // bytes; the chat shows a larger image as a file
	maxSide   = 16_384     // pixels
	maxPixels = 24_000_000 // of a picture in memory: four bytes each, and eight in some formats
	quality   = 90
)

// decode reads a picture. Its size is known, and refused, before any pixel is in memory: a small file can hold a large picture.
func decode(r io.Reader) (image.Image, error) {
	var head bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	if err != nil {
		return nil, errors.New("it is no png, jpg, gif, webp or bmp")
	}
	if !bounded(config.Width, config.Height) {
		return nil, fmt.Errorf("it has %d x %d pixels, which is too much", config.Width, config.Height)
	}
	img, _, err := image.Decode(io.MultiReader(&head, r))
	if err != nil {
		return nil, fmt.Errorf("the %s is damaged", format)
	}
	return img, nil
}

// bounded reports whether a picture may be in memory.
func bounded(width, height int) bool {
	return width > 0 && height > 0 && width <= maxSide && height <= maxSide && width*height <= maxPixels
}

// scaled returns img in mul/div of its size, as far as that is bounded.
func scaled(img image.Image, mul, div int) image.Image {
	width, height := max(img.Bounds().Dx()*mul/div, 1), max(img.Bounds().Dy()*mul/div, 1)
	if !bounded(width, height) {
		return img
	}
	return resized(img, width, height)
}

func resized(img image.Image, width, height int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// turned returns img turned by 90 degrees to the right.
func turned(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dy()-1-y, x, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// grey returns img without its colours, what is transparent on white.
func grey(img image.Image) image.Image {
	out := image.NewGray(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	onWhite(out, img)
	return out
}

func onWhite(out draw.Image, img image.Image) {
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
}

// fitted returns img so that encoded is at most limit bytes of it, smaller if it has to be. What is transparent becomes white:
// a jpeg has no transparency.
func fitted(img image.Image, limit int64) (image.Image, error) {
	if _, opaque := img.(*image.Gray); !opaque {
		out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
		onWhite(out, img)
		img = out
	}
	for {
		size, err := io.Copy(io.Discard, encoded(img))
		if err != nil || size <= limit {
			return img, err
		}
		by := math.Sqrt(float64(limit)/float64(size)) * 0.95
		width, height := int(float64(img.Bounds().Dx())*by), int(float64(img.Bounds().Dy())*by)
		if width < 1 || height < 1 {
			return nil, fmt.Errorf("a picture of %d bytes does not fit into %d", size, limit)
		}
		img = resized(img, width, height)
	}
}

// encoded returns img as a jpeg, which is made as it is read. It has to be read to its end or closed.
func encoded(img image.Image) io.ReadCloser {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(jpeg.Encode(w, img, &jpeg.Options{Quality: quality})) }()
	return r
}
