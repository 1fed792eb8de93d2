package voice

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// maxSound bounds the sound of one input. A few bytes can hold hours of silence.
const maxSound = 10 * time.Minute

// padding is what encoders add to the end of the sound.
const padding = time.Second

var errTooLong = fmt.Errorf("voice: the sound is longer than %s", maxSound)

// bounded passes on what ffmpeg writes, as long as that is not more than maxSound.
type bounded struct {
	w     io.Writer
	clock clock
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.clock.add(p) > maxSound+padding {
		return 0, errTooLong
	}
	return b.w.Write(p)
}

// clock measures sound.
type clock interface {
	// add returns the duration so far.
	add(p []byte) time.Duration
}

// constant is the clock of a format with a constant rate, in bytes a second.
type constant struct{ rate, n int64 }

func (c *constant) add(p []byte) time.Duration {
	c.n += int64(len(p))
	return time.Duration(c.n) * time.Second / time.Duration(c.rate)
}

// oggClock reads the time in the header of each page (RFC 3533); Opus always counts 48000 a second.
type oggClock struct {
	header []byte // what has come of it
	body   int    // bytes of it that are still to come
	at     time.Duration
}

func (c *oggClock) add(p []byte) time.Duration {
	const fixed, segments, opusRate = 27, 26, 48000 // the header without its table, and the length of that
	for len(p) > 0 {
		if n := min(c.body, len(p)); n > 0 {
			c.body -= n
			p = p[n:]
			continue
		}
		c.header, p = append(c.header, p[0]), p[1:]
		if len(c.header) < fixed || len(c.header) < fixed+int(c.header[segments]) {
			continue
		}
		if !bytes.HasPrefix(c.header, []byte("OggS")) {
			return maxSound + 2*padding // not what was asked for, and without an end perhaps
		}
		for _, lacing := range c.header[fixed:] {
			c.body += int(lacing)
		}
		if granule := int64(binary.LittleEndian.Uint64(c.header[6:])); granule >= 0 { //nolint:gosec // -1: no packet ends here
			c.at = time.Duration(granule/opusRate) * time.Second
		}
		c.header = c.header[:0]
	}
	return c.at
}
