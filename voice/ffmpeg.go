// Package voice turns audio that the platform does not accept as a voice (m4a, amr, flac, the sound of a video, ...) into
// audio that it does, with the program ffmpeg, version 4.1 or newer. It is for richmedia.WithVoiceEncoder:
//
//	media, err := richmedia.New(src, richmedia.WithVoiceEncoder(voice.FFmpeg{}.Encode))
//
// The input may come from anybody. ffmpeg reads formats of media only and nothing but the input: a playlist that names a
// file of the machine or an address in its network opens neither. An input of at most 200 MiB becomes at most 10 minutes
// of sound, in at most 2 minutes of processor time; a longer sound is an error.
package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"time"
)

// Format is the format of the output. It is mono at 24 kHz, which is the rate of the platform's own voices.
type Format uint8

// The formats of voices that ffmpeg writes. It has no encoder for silk.
const (
	MP3 Format = iota // 64 kbit/s; the platform's SDK for agents sends it as it is (openclaw-qqbot 1.7.1)
	WAV               // 16 bit; kept in a temporary file until its length is known
	OGG               // Opus, 32 kbit/s
)

// output is the name of a Format, ffmpeg's arguments for it, and a clock for its bytes.
type output struct {
	name  string
	args  []string
	clock func() clock
}

// outputs leave out what would have to be written at the beginning after the end: a pipe cannot go back.
var outputs = map[Format]output{
	MP3: {
		name:  "mp3",
		args:  []string{"-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"},
		clock: func() clock { return &constant{rate: 64000 / 8} },
	},
	WAV: { // the header is written here
		name:  "wav",
		args:  []string{"-c:a", "pcm_s16le", "-f", "s16le"},
		clock: func() clock { return &constant{rate: sampleRate * sampleSize} },
	},
	OGG: {
		name:  "ogg",
		args:  []string{"-c:a", "libopus", "-b:a", "32k", "-f", "ogg"},
		clock: func() clock { return &oggClock{} },
	},
}

// String returns the name, such as "mp3".
func (f Format) String() string {
	if out, ok := outputs[f]; ok {
		return out.name
	}
	return fmt.Sprintf("Format(%d)", f)
}

const (
	sampleRate = 24000 // of every output, in Hz
	sampleSize = 2     // of a WAV, in bytes
)

// The bounds of one process, beside those of its input and output.
const (
	cpuLimit = 2 * time.Minute // of processor time
	maxAlloc = 256 << 20       // bytes of memory at once
	maxPause = 64 << 20        // the same where ffmpeg makes the pauses: it holds a pause whole, and 10 minutes of AMR-WB take 37 MiB
)

// ErrNotInstalled is the error of Encode if there is no ffmpeg.
var ErrNotInstalled = errors.New("voice: ffmpeg is not installed; get it with apt-get install ffmpeg, apk add ffmpeg, " +
	"brew install ffmpeg or winget install ffmpeg, or set FFmpeg.Path to where it is")

// FFmpeg encodes with the program of that name, one process for each call. The zero value is ready and encodes MP3. It is
// plain data, safe for concurrent use.
type FFmpeg struct {
	Path   string // the program; "" is ffmpeg, looked up on PATH
	Format Format // of the output
}

// Encode starts to turn the first audio stream of in into f.Format. It returns before it has read anything; a later
// failure is the error of Read: ffmpeg's message, with its exit status; the error of in; the cause of ctx when that ended;
// a sound that is longer than 10 minutes, after its first 10 minutes. An end without an error is that of the whole input.
// An input without audio is an error.
//
// The pauses of an AMR voice, also in 3GP, become silence, except for one at its end.
//
// It takes constant memory. mp4, m4a and other files whose index may be at their end are kept in a temporary file first,
// up to 200 MiB, and so is the sound of a WAV, up to 28 MiB. On Unix the files have no name, so that a killed process
// leaves nothing behind; elsewhere the next process removes what is a day old.
//
// Close ends the process if it still runs and waits for it. It may be called at any time and more than once, and must be
// called unless Read has returned an error or ctx has ended. in is not closed, and not read after Close. A Read of in that
// blocks forever is waited for no longer than 2 s; one goroutine then stays with it.
func (f FFmpeg) Encode(ctx context.Context, in io.Reader) (io.ReadCloser, error) {
	if _, ok := outputs[f.Format]; !ok {
		return nil, fmt.Errorf("voice: %s: give MP3, WAV or OGG", f.Format)
	}
	if in == nil {
		return nil, errors.New("voice: the input is nil")
	}
	path, err := exec.LookPath(cmp.Or(f.Path, "ffmpeg"))
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w (%w)", ErrNotInstalled, err)
	case err != nil:
		return nil, fmt.Errorf("voice: %w", err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return start(ctx, path, f.Format, in), nil
}

// media are the demuxers that may read the input: none of them opens anything else. hls, concat, dash, sdp and others do.
const media = "mp3,matroska,ogg,flac,wav,w64,aiff,au,caf,amr,amrnb,amrwb,aac,ac3,eac3,asf,avi,flv,mpegts,mpeg,ape,wv,tta,mpc,mpc8,voc"

// arguments are those of a call. file is the name of an input that is not streamed, and pauses says that ffmpeg cannot decode
// the pauses of the input.
func arguments(format Format, as container, file string, pauses bool) []string {
	memory := maxAlloc
	if pauses {
		memory = maxPause
	}
	args := []string{
		"-nostdin", "-hide_banner", "-loglevel", "error",
		"-timelimit", fmt.Sprint(cpuLimit.Seconds()), "-max_alloc", fmt.Sprint(memory),
		"-abort_on", "empty_output", // else the headers of OGG would pass for a sound
	}
	switch as {
	case streamed:
		args = append(args, "-format_whitelist", media, "-protocol_whitelist", "pipe", "-i", "pipe:0")
	case seekable:
		args = append(args, "-format_whitelist", media, "-protocol_whitelist", "file", "-i", "file:"+file)
	case movie: // it can open other files by data references
		args = append(args, "-format_whitelist", "mov", "-protocol_whitelist", "file", "-f", "mov", "-enable_drefs", "0", "-i", "file:"+file)
	}
	args = append(args, "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		"-fflags", "+bitexact", "-flags:a", "+bitexact", "-ac", "1", "-ar", fmt.Sprint(sampleRate))
	if pauses { // silence for the missing times, and success also if that is most of the voice
		args = append(args, "-af", "aresample=async=1:first_pts=0", "-max_error_rate", "1")
	}
	return append(append(args, outputs[format].args...), "pipe:1")
}
