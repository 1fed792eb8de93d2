package richmediatest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// Refuse refuses the connection of the next times calls of op (below 0: all until removed): the error wraps
// syscall.ECONNREFUSED, and there was no connection. On the loopback address the listener has accepted the connection before
// it can know what is called: there it is reset before the platform acts, as with [Faults.Drop].
func (f *Faults) Refuse(op Op, times int) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a reset instead of an orderly end
			}
			_ = conn.Close()
			return
		}
		panic(cut{&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}})
	})
}

// Drop cuts the connection of the next times calls of op (below 0: all until removed) before the platform acts.
func (f *Faults) Drop(op Op, times int) (remove func()) {
	return f.times(op, times, func(http.ResponseWriter, *http.Request, http.Handler) {
		panic(http.ErrAbortHandler)
	})
}

// Lose lets the platform act on the next times calls of op (below 0: all until removed) and cuts the connection instead of
// answering: the bot cannot know whether it worked.
func (f *Faults) Lose(op Op, times int) (remove func()) {
	return f.times(op, times, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		act(next, r)
		panic(http.ErrAbortHandler)
	})
}

// Stall receives the next times calls of op (below 0: all until removed) and neither acts nor answers, until the request's
// context ends or the platform is closed. A caller without a timeout, such as [Platform.TokenSource], waits for Close.
func (f *Faults) Stall(op Op, times int) (remove func()) {
	return f.times(op, times, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // net/http sees a client go only when its body was read
		f.p.hang(r.Context())
	})
}

// StallAfter lets the platform act on the next times calls of op (below 0: all until removed) and then answers as little
// as [Faults.Stall]: the bot's timeout says nothing about what is in the chat.
func (f *Faults) StallAfter(op Op, times int) (remove func()) {
	return f.times(op, times, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		act(next, r)
		f.p.hang(r.Context())
	})
}

// Delay makes the platform wait for d before it acts on the next times calls of op (below 0: all until removed). When the
// request's context ends first, the platform does not act at all.
func (f *Faults) Delay(op Op, times int, d time.Duration) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if f.p.pause(r.Context(), d) != nil {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

// Drip lets the platform act on the next times calls of op (below 0: all until removed) and answer byte by byte, with a
// pause before each. When the request's context ends before the answer does, reading the body fails with its cause.
func (f *Faults) Drip(op Op, times int, pause time.Duration) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		got := act(next, r)
		if m, ok := inMemory(w); ok {
			m.pause = func(ctx context.Context) error { return f.p.pause(ctx, pause) }
			got.copyTo(w, got.body.Bytes())
			return
		}
		got.copyTo(w, nil)
		for _, b := range got.body.Bytes() {
			_ = http.NewResponseController(w).Flush()
			if f.p.pause(r.Context(), pause) != nil {
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write([]byte{b}) // the client may have gone
		}
	})
}

// cut is how a connection ended, where that was not a reset. For net/http it is an aborted handler.
type cut struct{ error }

// Is makes it http.ErrAbortHandler.
func (cut) Is(target error) bool { return target == http.ErrAbortHandler }

// Unwrap returns the error that the client sees.
func (c cut) Unwrap() error { return c.error }

var errClosed = errors.New("the platform is closed")

// pause waits for d, or returns the reason why ctx or the platform ended first.
func (p *Platform) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.life.ctx.Done():
		return errClosed
	}
}

// hang waits until the client has gone.
func (p *Platform) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-p.life.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

// act lets the platform act and holds its answer back.
func act(next http.Handler, r *http.Request) *memoryWriter {
	w := newMemoryWriter()
	next.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK)
	return w
}

// inMemory finds the writer of a request that came through Client.
func inMemory(w http.ResponseWriter) (*memoryWriter, bool) {
	for {
		switch v := w.(type) {
		case *memoryWriter:
			return v, true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil, false
		}
	}
}
