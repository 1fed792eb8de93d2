// Package picture reads the size in which a picture is shown from its first bytes.
package picture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // so that image.DecodeConfig knows the formats that the platform accepts
	_ "image/jpeg" // as above
	_ "image/png"  // as above
	"io"

	_ "golang.org/x/image/bmp"  // as above
	_ "golang.org/x/image/webp" // as above
)

// Size is the width and the height of a picture, in pixels.
type Size struct{ Width, Height int }

// maxHead bounds how much is read for the size: metadata before it can be long, such as a preview and a colour profile.
const maxHead = 4 << 20

// Read returns the size in which a png, jpeg, gif, webp or bmp is shown: with the sides exchanged if its EXIF orientation
// turns it by 90 degrees. It reads 4 MiB of r at most.
func Read(r io.Reader) (Size, error) {
	r = io.LimitReader(r, maxHead)
	var head bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return Size{}, errors.New("the picture ends before its size, or has it behind 4 MiB of other data")
	case err != nil:
		return Size{}, fmt.Errorf("the size of the picture could not be read: %w", err)
	case config.Width <= 0 || config.Height <= 0:
		return Size{}, fmt.Errorf("the picture is %d pixels wide and %d high", config.Width, config.Height)
	}
	size := Size{config.Width, config.Height}
	if turned(orientation(bufio.NewReader(io.MultiReader(&head, r)), format)) {
		size.Width, size.Height = size.Height, size.Width
	}
	return size, nil
}
