package sniff

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

const (
	silkMark      = "#!SILK_V3"
	maxSilkPacket = 1024     // bytes; a decoder of the SDK, and so the platform's, reads no larger one
	maxSilk       = 32 << 20 // bytes whose packets are looked at, which is over the soft limit of a voice
)

// isSilk reports whether head begins a silk file. Tencent's has one byte 0x02 before the mark (tencent-connect/botpy#233).
func isSilk(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte(silkMark))
}

// silk follows the packets behind the mark. Each is a length, as a signed 16-bit number, and so many bytes; the length -1 ends
// the file, and Tencent's files end without it. A file that was cut short plays as far as it goes.
func (c *content) silk(head []byte) string {
	start := int64(bytes.Index(head, []byte(silkMark)) + len(silkMark))
	r := bufio.NewReaderSize(io.NewSectionReader(c.r, start, min(c.size, maxSilk)-start), 64<<10)
	oversized := false
	for packets := 0; ; packets++ {
		var length [2]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			c.fail(err)
			break
		}
		n := int(int16(binary.LittleEndian.Uint16(length[:]))) //nolint:gosec // it is signed
		if n == -1 {
			break
		}
		if n < 0 {
			return Silk // these are no packets: that is for the platform to judge
		}
		skipped, err := r.Discard(n)
		c.fail(err)
		if n <= maxSilkPacket {
			continue
		}
		if skipped < n && packets < 3 && c.size < maxSilk {
			return Silk // nor are these
		}
		oversized = true
	}
	if oversized {
		return SilkOversized
	}
	return Silk
}

// fail keeps err, the failure of a reading, unless it is the end of the content.
func (c *content) fail(err error) {
	if c.err == nil && err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.err = err
	}
}
