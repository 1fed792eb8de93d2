package voice

import (
	"fmt"
	"io"
	"os"
)

// maxInput bounds what is put on disk, in bytes: no kind of media may be larger on the platform.
const maxInput = 200 << 20

const tempPattern = "richmedia-voice-*"

// createTemp returns a temporary file without a name if the system allows it, so that a killed process leaves nothing
// behind. free closes and removes it.
func createTemp() (f *os.File, free func(), err error) {
	sweep()
	f, err = os.CreateTemp("", tempPattern)
	if err != nil {
		return nil, nil, fmt.Errorf("voice: %w", err)
	}
	if unlinks {
		_ = os.Remove(f.Name()) // if that fails, free tries again
	}
	return f, func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}, nil
}

// spool puts r into a temporary file.
func spool(r io.Reader) (f *os.File, free func(), err error) {
	f, free, err = createTemp()
	if err != nil {
		return nil, nil, err
	}
	n, err := io.Copy(f, io.LimitReader(r, maxInput+1))
	switch {
	case err != nil:
	case n > maxInput:
		err = fmt.Errorf("voice: the input is longer than %d bytes", int64(maxInput))
	default:
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		free()
		return nil, nil, err
	}
	return f, free, nil
}
