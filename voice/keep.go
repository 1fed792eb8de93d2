package voice

import (
	"fmt"
	"io"
	"os"
)

// keepLimit bounds what is put on disk, in bytes: the platform takes 200 MiB, and the sound of a film may be sent.
const keepLimit = 1 << 30

// keep puts r into a temporary file, which is the caller's to close and to remove.
func keep(r io.Reader) (*os.File, error) {
	f, err := os.CreateTemp("", "richmedia-voice-*")
	if err != nil {
		return nil, fmt.Errorf("voice: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(r, keepLimit+1))
	if err == nil && n > keepLimit {
		err = fmt.Errorf("voice: the input is longer than %d bytes", int64(keepLimit))
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}
