package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// console talks with the user.
type console struct {
	out   io.Writer
	zh    bool
	lines <-chan string // what the user types; closed at the end of the input; nil if nobody is asked
}

// read returns the lines of in until it or ctx ends. A read of a terminal cannot be cancelled and ends with the process.
func read(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// say prints a sentence. What it is given is a constant or masked, so that a terminal's log is as safe as the report.
func (c *console) say(t text, args ...any) {
	_, _ = fmt.Fprintf(c.out, t.in(c.zh)+"\n", localized(args, c.zh)...)
}

// ask prints a question and returns the answer in lower case without blanks, "" if nobody answers.
func (c *console) ask(ctx context.Context, question text) (string, error) {
	if c.lines == nil {
		return "", context.Cause(ctx)
	}
	_, _ = fmt.Fprint(c.out, question.in(c.zh)+" ")
	select {
	case line, ok := <-c.lines:
		if !ok {
			c.lines = nil
			_, _ = fmt.Fprintln(c.out)
		}
		return strings.ToLower(strings.TrimSpace(line)), context.Cause(ctx)
	case <-ctx.Done():
		_, _ = fmt.Fprintln(c.out)
		return "", context.Cause(ctx)
	}
}
