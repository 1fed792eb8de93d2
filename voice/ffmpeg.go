// Package voice turns audio that the platform does not take as a voice (m4a, amr, flac, the sound of a video, ...) into
// audio that it does, with the program ffmpeg, version 4.1 or newer. It is for richmedia.WithVoiceEncoder:
//
//	media, err := richmedia.New(src, richmedia.WithVoiceEncoder(voice.FFmpeg{}.Encode))
//
// What comes in may come from anybody. ffmpeg is told to read formats of media only and nothing but the input: a
// playlist that names a file of the machine or an address in its network opens neither.
package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
)

// Format is what comes out. It is mono at 24 kHz, which is the rate of the platform's own voices.
type Format uint8

// The formats of voices that ffmpeg writes. It has no encoder for silk.
const (
	MP3 Format = iota // 64 kbit/s; the platform's SDK for agents sends it as it is (openclaw-qqbot 1.7.1)
	WAV               // 16 bit; kept in a temporary file until its length is known
	OGG               // Opus, 32 kbit/s
)

// output is what makes a Format: its name and ffmpeg's arguments.
type output struct {
	name string
	args []string
}

// outputs leave out what would have to be written at the beginning after the end, where a pipe cannot go back to.
var outputs = map[Format]output{
	MP3: {"mp3", []string{"-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"}},
	WAV: {"wav", []string{"-c:a", "pcm_s16le", "-f", "s16le"}}, // its header is ours
	OGG: {"ogg", []string{"-c:a", "libopus", "-b:a", "32k", "-f", "ogg"}},
}

// String is the name, such as "mp3".
func (f Format) String() string {
	if out, ok := outputs[f]; ok {
		return out.name
	}
	return fmt.Sprintf("Format(%d)", f)
}

// sampleRate is that of all that comes out, in Hz.
const sampleRate = 24000

// ErrNotInstalled is the error of Encode where there is no ffmpeg.
var ErrNotInstalled = errors.New("voice: ffmpeg is not installed; get it with apt-get install ffmpeg, apk add ffmpeg, " +
	"brew install ffmpeg or winget install ffmpeg, or set FFmpeg.Path to where it is")

// FFmpeg encodes with the program of that name, one process for each call. The zero value is ready and makes MP3. It is
// plain data, safe for concurrent use.
type FFmpeg struct {
	Path   string // the program; "" is ffmpeg, looked up on PATH
	Format Format // what comes out
}

// Encode starts to turn the first audio stream of in into f.Format. It returns before it has read anything; what goes
// wrong then is the error of Read: what ffmpeg said, with its exit status; what in said when it could not be read; the
// cause of ctx when that ended. An end without an error is that of the whole input. An input without audio is an error.
//
// It takes constant memory. mp4, m4a and other files with an index that may be at their end are kept in a temporary
// file first, up to 1 GiB, and so is what comes out as WAV; the files are gone with the process.
//
// Close ends the process where it still runs and waits for it. It may be called at any time and more than once, and
// must be called unless Read has returned an error or ctx has ended. in is not closed, and not read after Close. Only a
// Read of in that blocks for ever is not waited for beyond 2 s; one goroutine then stays with it.
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

// media are the demuxers that may look at the input: none of them opens anything else. hls, concat, dash, sdp and others
// do, and are not among them.
const media = "mp3,mov,matroska,ogg,flac,wav,w64,aiff,au,caf,amr,amrnb,amrwb,aac,ac3,eac3,asf,avi,flv,mpegts,mpeg,ape,wv,tta,mpc,mpc8,voc"

// arguments are those of a call. file is the name of the input where it is in one, "" where it comes through the pipe.
func arguments(format Format, file string) []string {
	args := []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-format_whitelist", media}
	if file == "" {
		args = append(args, "-protocol_whitelist", "pipe", "-i", "pipe:0")
	} else {
		// Data references are what this format has to open other files with.
		args = append(args, "-protocol_whitelist", "file", "-f", "mov", "-enable_drefs", "0", "-i", "file:"+file)
	}
	args = append(args, "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		"-fflags", "+bitexact", "-flags:a", "+bitexact", "-ac", "1", "-ar", fmt.Sprint(sampleRate))
	return append(append(args, outputs[format].args...), "pipe:1")
}
