package sniff

import (
	"errors"
	"io"
)

const (
	headLen  = 3072     // bytes that decide what most content is
	scanned  = 32 << 10 // bytes that are searched at once
	maxReads = 512      // of r: lying lengths must not make a reader over a network wait forever
)

// content is read in blocks, with the last one kept.
type content struct {
	r     io.ReaderAt
	size  int64
	err   error // the first failure of r
	reads int
	block []byte
	at    int64  // the offset of block
	chunk []byte // what was searched last
}

// bytes returns the n bytes at offset. They are fewer at the end of the content, after a failure and after too many reads.
func (c *content) bytes(offset int64, n int) []byte {
	if offset < 0 || offset >= c.size || n <= 0 {
		return nil
	}
	n = int(min(int64(n), c.size-offset))
	if from := offset - c.at; from >= 0 && from+int64(n) <= int64(len(c.block)) {
		return c.block[from : from+int64(n)]
	}
	block := c.read(make([]byte, min(max(int64(n), headLen), c.size-offset)), offset) // a new one: callers keep parts of the last
	c.block, c.at = block, offset
	return block[:min(n, len(block))]
}

// search returns at most scanned bytes at offset. The next call overwrites them.
func (c *content) search(offset int64) []byte {
	if offset >= c.size {
		return nil
	}
	if c.chunk == nil {
		c.chunk = make([]byte, scanned)
	}
	return c.read(c.chunk[:min(scanned, c.size-offset)], offset)
}

// read fills b, and returns what it has read.
func (c *content) read(b []byte, offset int64) []byte {
	if c.reads++; c.err != nil || c.reads > maxReads {
		return nil
	}
	n, err := c.r.ReadAt(b, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
		return nil
	}
	return b[:n]
}

// head returns the bytes at offset that decide what begins there.
func (c *content) head(offset int64) []byte { return c.bytes(offset, headLen) }
