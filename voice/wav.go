package voice

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// wav writes the header when it knows how long the sound is. ffmpeg would write one with an impossible length into a
// pipe, and leave it at that.
func (j *job) wav(ctx context.Context, in io.Reader, file string, w io.Writer) error {
	sound, err := os.CreateTemp("", "richmedia-voice-*")
	if err != nil {
		return fmt.Errorf("voice: %w", err)
	}
	defer func() {
		_ = sound.Close()
		_ = os.Remove(sound.Name())
	}()
	counted := &limited{w: sound, left: keepLimit}
	if err := j.exec(ctx, in, file, counted); err != nil {
		return err
	}
	if _, err := sound.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("voice: %w", err)
	}
	if _, err := w.Write(wavHeader(uint32(keepLimit - counted.left))); err != nil {
		return err
	}
	_, err = io.Copy(w, sound)
	return err
}

// wavHeader is that of size bytes of sound: mono, 16 bit.
func wavHeader(size uint32) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, struct {
		RIFF           [4]byte
		Length         uint32
		WAVE, Fmt      [4]byte
		FmtLength      uint32
		PCM, Channels  uint16
		Rate, ByteRate uint32
		Frame, Bits    uint16
		Data           [4]byte
		DataLength     uint32
	}{
		[4]byte{'R', 'I', 'F', 'F'},
		36 + size,
		[4]byte{'W', 'A', 'V', 'E'},
		[4]byte{'f', 'm', 't', ' '},
		16, 1, 1, sampleRate, 2 * sampleRate, 2, 16,
		[4]byte{'d', 'a', 't', 'a'},
		size,
	})
	return b.Bytes()
}

// limited fails where more is written than is left.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		return 0, fmt.Errorf("the sound is longer than %d bytes", int64(keepLimit))
	}
	n, err := l.w.Write(p)
	l.left -= int64(n)
	return n, err
}
