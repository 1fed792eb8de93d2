package content

import (
	"context"
	"crypto/md5"  //nolint:gosec // the platform's choice, no protection
	"crypto/sha1" //nolint:gosec // the platform's choice, no protection
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"sync/atomic"
)

// md510mSize is the number of bytes that md5_10m covers, which is not 10 MiB (docs 2026-08).
const md510mSize = 10_002_432

// Sums are the size and the digests of content.
type Sums struct {
	Size   int64
	SHA256 []byte
	MD5    string // lower-case hex, as are the others; "" if the digests for parts were not computed
	SHA1   string
	MD510M string // of the first md510mSize bytes, or of all if there are fewer
}

// digestOptions say what digest computes.
type digestOptions struct {
	Limit int64     // more bytes than this are an OverError
	Parts bool      // MD5, SHA1 and MD510M too
	Copy  io.Writer // gets every byte; may be nil
}

// OverError says that content is over the limit. Its value is the number of bytes that were found.
type OverError int64

// Error names the number of bytes.
func (e OverError) Error() string { return fmt.Sprintf("%d bytes are over the limit", int64(e)) }

// chunkSize is large enough for the lanes to run at the speed of the hashes, and small enough for the cache. Without lanes
// a smaller chunk is as fast.
const (
	chunkSize  = 128 << 10
	smallChunk = 32 << 10
	depth      = 6 // chunks between the reader and the slower of the hashes
)

// chunk is a piece of the file on its way through the lanes.
type chunk struct {
	buf  []byte
	n    int
	left atomic.Int32 // lanes that have not hashed it
}

var (
	chunks      = sync.Pool{New: func() any { return &chunk{buf: make([]byte, chunkSize)} }}
	smallChunks = sync.Pool{New: func() any { return &chunk{buf: make([]byte, smallChunk)} }}
)

// digest reads r to its end. For parts MD5 runs beside the other two digests, so that on two free cores a reading takes as
// long as the slowest digest. Errors of r are returned as they are, and so is ctx's cause.
func digest(ctx context.Context, r io.Reader, o digestOptions) (Sums, error) {
	s := &summer{sha256: sha256.New(), chunks: &smallChunks}
	if o.Parts {
		s.chunks = &chunks
		s.md5, s.sha1 = md5.New(), sha1.New() //nolint:gosec // as above
	}
	err := s.read(ctx, r, o)
	if err != nil {
		return Sums{}, err
	}
	return s.sums(), nil
}

type summer struct {
	chunks            *sync.Pool
	size              int64
	sha256, sha1, md5 hash.Hash
	hashed            int64  // bytes in md5
	md510m            string // MD5 of the first md510mSize bytes, once they are hashed
	wg                sync.WaitGroup
	lanes             []chan *chunk
}

// read feeds the lanes, and returns when they have ended.
func (s *summer) read(ctx context.Context, r io.Reader, o digestOptions) (err error) {
	free := make(chan *chunk, depth)
	made := 0
	defer func() {
		for _, lane := range s.lanes {
			close(lane)
		}
		s.wg.Wait()
		for range len(free) {
			s.chunks.Put(<-free)
		}
	}()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var c *chunk
		select {
		case c = <-free:
		default:
			if made < depth {
				made++
				c, _ = s.chunks.Get().(*chunk)
			} else {
				c = <-free // the slower lane returns it
			}
		}
		n, end, err := fill(r, c.buf)
		if err != nil {
			free <- c
			return err
		}
		c.n = n
		if err := s.note(c.buf[:n], o); err != nil {
			free <- c
			return err
		}
		if end && s.lanes == nil { // a small file is not worth a goroutine
			s.addSHA(c.buf[:n])
			s.addMD5(c.buf[:n])
			free <- c
			return nil
		}
		s.pass(c, free)
		if end {
			return nil
		}
	}
}

// fill reads until buf is full or r is at its end. io.ReadFull would not do: its io.ErrUnexpectedEOF for a short last chunk
// cannot be told from the io.ErrUnexpectedEOF of a reader that was cut off, such as an HTTP body.
func fill(r io.Reader, buf []byte) (n int, end bool, err error) {
	for empty := 0; n < len(buf); {
		m, err := r.Read(buf[n:])
		n += m
		switch {
		case errors.Is(err, io.EOF):
			return n, true, nil
		case err != nil:
			return n, false, err
		case m > 0:
			empty = 0
		default:
			if empty++; empty == maxEmptyReads {
				return n, false, io.ErrNoProgress
			}
		}
	}
	return n, false, nil
}

// maxEmptyReads is how many times in a row a reader may return nothing, as in bufio.
const maxEmptyReads = 100

// note counts and copies b.
func (s *summer) note(b []byte, o digestOptions) error {
	s.size += int64(len(b))
	if s.size > o.Limit {
		return OverError(s.size)
	}
	if o.Copy != nil {
		if _, err := o.Copy.Write(b); err != nil {
			return fmt.Errorf("keep a copy: %w", err)
		}
	}
	return nil
}

// pass sends c to the lanes, or hashes it here if there would be only one.
func (s *summer) pass(c *chunk, free chan *chunk) {
	if s.md5 == nil {
		s.addSHA(c.buf[:c.n])
		free <- c
		return
	}
	if s.lanes == nil {
		for _, add := range []func([]byte){s.addSHA, s.addMD5} {
			lane := make(chan *chunk, depth)
			s.lanes = append(s.lanes, lane)
			s.wg.Go(func() {
				for c := range lane {
					add(c.buf[:c.n])
					if c.left.Add(-1) == 0 {
						free <- c
					}
				}
			})
		}
	}
	c.left.Store(int32(len(s.lanes)))
	for _, lane := range s.lanes {
		lane <- c
	}
}

func (s *summer) addSHA(b []byte) {
	s.sha256.Write(b)
	if s.sha1 != nil {
		s.sha1.Write(b)
	}
}

func (s *summer) addMD5(b []byte) {
	if s.md5 == nil {
		return
	}
	if room := md510mSize - s.hashed; room > 0 && room <= int64(len(b)) {
		s.md5.Write(b[:room])
		s.md510m = hex.EncodeToString(s.md5.Sum(nil))
		s.hashed += room
		b = b[room:]
	}
	s.md5.Write(b)
	s.hashed += int64(len(b))
}

func (s *summer) sums() Sums {
	out := Sums{Size: s.size, SHA256: s.sha256.Sum(nil)}
	if s.md5 == nil {
		return out
	}
	out.MD5, out.SHA1 = hex.EncodeToString(s.md5.Sum(nil)), hex.EncodeToString(s.sha1.Sum(nil))
	if out.MD510M = s.md510m; out.MD510M == "" {
		out.MD510M = out.MD5
	}
	return out
}
