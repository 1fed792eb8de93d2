//go:build linux

package richmedia

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// TestAFullDiskIsAnErrorThatDoesNotPass writes to the device that is always full.
func TestAFullDiskIsAnErrorThatDoesNotPass(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full: ", err)
	}
	defer full.Close() //nolint:errcheck // nothing was written
	w := &fileWriter{file: full}
	_, err = bytes.NewReader(make([]byte, 100<<10)).WriteTo(w)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "write: no space left on device") || platform.MayPass(err) {
		t.Errorf("a full disk is %v", err)
	}
}

func TestAFileIsNamedInOneStep(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []string{"a.txt", "a-2.txt"} {
		temp := filepath.Join(dir, "temp")
		if err := os.WriteFile(temp, []byte{byte(i)}, 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := place(temp, dir, "a.txt")
		_ = os.Remove(temp)
		if err != nil || filepath.Base(path) != want {
			t.Errorf("%s, %v; want %s", path, err, want)
		}
	}
	if _, err := place(filepath.Join(dir, "gone"), dir, "b.txt"); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "gone") {
		t.Errorf("a file that is not there is named: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b.txt")); err == nil {
		t.Error("the place of a file that could not be named stays taken")
	}
}
