package voice_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The test binary is its own faulty ffmpeg: fakeMode says what is wrong with it, and fakePID is a file for its number.
const (
	fakeMode = "VOICE_TEST_FFMPEG"
	fakePID  = "VOICE_TEST_PID"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		os.Exit(fake(mode))
	}
	goleak.VerifyTestMain(m)
}

// fake behaves as mode says and returns the exit status.
func fake(mode string) int {
	if path := os.Getenv(fakePID); path != "" {
		_ = os.WriteFile(path+".new", []byte(strconv.Itoa(os.Getpid())), 0o600)
		_ = os.Rename(path+".new", path)
	}
	block := bytes.Repeat([]byte("sound "), 100)
	switch mode {
	case "dies half-way":
		_, _ = os.Stdout.Write(block)
		_, _ = fmt.Fprint(os.Stderr, "[graph @ 0x55d0c8a7b2c0] a warning\n[enc @ 0x1] \x1b[31mcannot go on\x1b[0m\n\n")
		return 3
	case "hangs", "hangs with half of it written":
		if mode != "hangs" {
			_, _ = os.Stdout.Write(block)
		}
		time.Sleep(time.Minute) // longer than any test has patience
	case "floods":
		for range 1_000 {
			_, _ = fmt.Fprintf(os.Stderr, "%1000d\n", 1)
		}
		_, _ = fmt.Fprint(os.Stderr, "the last line\n")
		return 1
	case "one long line":
		_, _ = os.Stderr.Write(bytes.Repeat([]byte("x"), 100_000))
		return 1
	case "finds no audio, as ffmpeg 8 says it": // SubtitleEdit/subtitleedit#13621
		_, _ = fmt.Fprint(os.Stderr, "Stream map '' matches no streams.\nTo ignore this, add a trailing '?' to the map.\n"+
			"Failed to set value '0:a:0' for option 'map': Invalid argument\nError parsing options for output file pipe:1.\n")
		return 234
	case "says nothing":
		return 1
	case "makes nothing":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "ignores its input":
		_, _ = os.Stdout.Write(block)
	case "goes on for ever":
		for {
			time.Sleep(100 * time.Microsecond) // so that it is not too long at once
			if _, err := os.Stdout.Write(block); err != nil {
				return 1
			}
		}
	case "leaves a child with the pipes":
		child := exec.Command(os.Args[0]) //nolint:noctx // it is to outlive everybody
		child.Env = append(os.Environ(), fakeMode+"=hangs for a while", fakePID+"=")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return 1
		}
		_, _ = os.Stdout.Write(block)
		time.Sleep(time.Minute)
	case "hangs for a while":
		time.Sleep(8 * time.Second)
	case "echoes":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			return 1
		}
	}
	return 0
}

// faulty makes the test binary the ffmpeg that behaves as mode says. pid waits for its number.
func faulty(t *testing.T, mode string) (path string, pid func() int) {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	file := t.TempDir() + "/pid"
	t.Setenv(fakeMode, mode)
	t.Setenv(fakePID, file)
	return path, func() int {
		n := 0
		require.Eventually(t, func() bool {
			b, err := os.ReadFile(file)
			if err != nil {
				return false
			}
			n, err = strconv.Atoi(string(b))
			return err == nil
		}, 20*time.Second, 5*time.Millisecond, "another process starts in its own time")
		return n
	}
}

// needFFmpeg skips where there is no ffmpeg, except where all is to be tested.
func needFFmpeg(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range append(programs, "ffmpeg") {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed, and CI is to test all: apt-get install ffmpeg", program)
			}
			t.Skipf("%s is not installed; apt-get install ffmpeg", program)
		}
	}
}

// ownTemp gives the test a folder for temporary files and checks in the end that none is left.
func ownTemp(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left, "temporary files are left")
	})
	return dir
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../testdata/formats/" + name)
	require.NoError(t, err)
	return b
}
