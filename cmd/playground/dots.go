package main

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
)

// drawDots writes a PNG image of dots to w, a different one for each seed.
func drawDots(w io.Writer, seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a picture, no secret
	img := image.NewRGBA(image.Rect(0, 0, 240, 180))
	shade := func(base, spread int) color.RGBA {
		return color.RGBA{uint8(base + chance.IntN(spread)), uint8(base + chance.IntN(spread)), uint8(base + chance.IntN(spread)), 255} //nolint:gosec // below 256
	}
	ground := shade(215, 40)
	for i := range img.Pix {
		img.Pix[i] = [4]uint8{ground.R, ground.G, ground.B, 255}[i%4]
	}
	for range 24 {
		x, y, r, c := chance.IntN(240), chance.IntN(180), 6+chance.IntN(24), shade(90, 140)
		for dy := -r; dy <= r; dy++ {
			for dx := -r; dx <= r; dx++ {
				if dx*dx+dy*dy <= r*r {
					img.SetRGBA(x+dx, y+dy, c)
				}
			}
		}
	}
	_ = png.Encode(w, img) // into memory
}
