package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"time"
)

const (
	maxSeconds = 120         // of a voice that is played
	maxTime    = time.Minute // of the process
)

// errNoSound is the error of a file that is no voice.
var errNoSound = errors.New("this is no sound that can be played")

// demuxers are ffmpeg's names of the formats that are read. ffmpeg must not guess: a file from a stranger may be a playlist that
// leads anywhere.
var demuxers = map[string]string{"audio/wav": "wav", "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/amr": "amr"}

// atDoubleSpeed returns the voice in file, of the MIME type typ, as an mp3 at double speed, while ffmpeg makes it. It closes file.
func atDoubleSpeed(ctx context.Context, file io.ReadCloser, typ string) (io.ReadCloser, error) {
	demuxer, ok := demuxers[typ]
	if !ok {
		_ = file.Close() // only read from
		return nil, errNoSound
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, fmt.Errorf("ffmpeg took longer than %s", maxTime))
	p := &process{file: file, cancel: cancel}
	p.cmd = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "quiet", "-threads", "1", "-protocol_whitelist", "pipe",
		"-f", demuxer, "-t", strconv.Itoa(maxSeconds), "-i", "pipe:0",
		"-map", "0:a:0", "-af", "atempo=2", "-ac", "1", "-ar", "24000", "-b:a", "48k", "-f", "mp3", "pipe:1")
	p.cmd.Stdin, p.cmd.WaitDelay = &p.in, time.Second
	p.in.r = file
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		_ = file.Close()
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	p.out = out
	return p, nil
}

// process is an ffmpeg that is running. Its end belongs to what is read: a voice that was cut by a failure must not be sent.
type process struct {
	cmd    *exec.Cmd
	in     input
	out    io.Reader
	file   io.Closer
	cancel context.CancelFunc
	ended  bool
	n      int64
	err    error
}

// input keeps the failure of reading the voice: ffmpeg takes it for the end of the sound.
type input struct {
	r   io.Reader
	err error
}

func (i *input) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		i.err = err
	}
	return n, err
}

func (p *process) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	if p.n += int64(n); err != nil {
		return n, p.end()
	}
	return n, nil
}

// end waits for the process, and returns io.EOF if all went well.
func (p *process) end() error {
	if p.ended {
		return p.err
	}
	p.ended, p.err = true, io.EOF
	err := p.cmd.Wait() // after it nothing reads p.in
	switch {
	case p.in.err != nil:
		p.err = p.in.err
	case err != nil || p.n == 0:
		p.err = errors.Join(errNoSound, err)
	}
	return p.err
}

// Close ends the process.
func (p *process) Close() error {
	p.cancel()
	_ = p.file.Close() // a Read of it returns
	_ = p.end()
	return nil
}
