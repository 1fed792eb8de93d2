//go:build unix

package main

import (
	_ "embed" // the clip
	"encoding/binary"
	"slices"
	"strings"
)

//go:embed clip.mp4
var clip []byte

const (
	partSize = 64 << 10 // of the fake platform; the documents' sample is 10 MiB
	parts    = 3
)

// render stands in for an encoder: it returns a video of three parts, a different one for each name. The name is repeated in a
// box that players skip.
func render(name string) []byte {
	size := parts*partSize - len(clip) - 1000
	box := binary.BigEndian.AppendUint32(nil, uint32(size))
	box = append(box, "free"...)
	box = append(box, strings.Repeat(name+"\n", size/(len(name)+1)+1)...)
	return slices.Concat(clip, box[:size])
}
