package voice

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// wav writes the header when the length of the sound is known. ffmpeg would write one with an impossible length into a
// pipe.
func (j *job) wav(ctx context.Context, in io.Reader, w io.Writer) error {
	sound, free, err := createTemp()
	if err != nil {
		return err
	}
	defer free()
	if err := j.exec(ctx, in, sound); err != nil {
		return err
	}
	size, err := sound.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = sound.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("voice: %w", err)
	}
	if _, err := w.Write(wavHeader(uint32(size))); err != nil { //nolint:gosec // 10 minutes at most
		return err
	}
	_, err = io.Copy(w, sound)
	return err
}

// wavHeader returns the header of size bytes of sound: mono, 16 bit.
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
		16, 1, 1, sampleRate, sampleSize * sampleRate, sampleSize, 8 * sampleSize,
		[4]byte{'d', 'a', 't', 'a'},
		size,
	})
	return b.Bytes()
}
