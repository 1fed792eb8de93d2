package richmedia

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/botgo-contrib/richmedia/internal/panics"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// PanicError is a panic, or a call of runtime.Goexit, of code that the bot passed in: a handler, a source, a store, an encoder.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked

	what string // that panicked; "" is the handler
}

// Error says the value; the stack is a field.
func (e *PanicError) Error() string {
	return fmt.Sprintf("%s panicked: %v", cmp.Or(e.what, "handler"), e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// protect calls fn, and then done with fn's error. If fn panics or calls runtime.Goexit the error is a *PanicError of what.
func protect(what string, fn func() error, done func(error)) {
	panics.Do(fn, func(err error) {
		if panicked, ok := err.(*panics.Error); ok { //nolint:errorlint // one that fn returned in another error is fn's own
			err = newPanicError(panicked, what)
		}
		done(err)
	})
}

// newPanicError returns the public form of a panic of what, unless blame knows better.
func newPanicError(panicked *panics.Error, what string) *PanicError {
	if named, ok := panicked.Value.(*PanicError); ok {
		return named
	}
	return &PanicError{Value: panicked.Value, Stack: panicked.Stack, what: what}
}

// blame, deferred, names what panicked for a protect or a flight further up.
func blame(what string) {
	v := recover()
	if v == nil {
		return
	}
	if _, named := v.(*PanicError); !named {
		v = &PanicError{Value: v, Stack: debug.Stack(), what: what}
	}
	panic(v)
}

// panicError returns the public form of a panic that was recovered in an inner package; other errors stay as they are. In
// a failed call it is one of the reasons.
func panicError(err error) error {
	var opened *platform.Panic
	var call *platform.Error
	var shared *panics.Error
	switch {
	case errors.As(err, &opened):
		public := &PanicError{Value: opened.Value, Stack: opened.Stack, what: opened.What}
		switch {
		case errors.As(err, &call) && !call.Body:
			return err // apiError has its cause converted
		case call == nil && err != error(opened): //nolint:errorlint // else it is one of several reasons
			return withPanic{err, public}
		}
		return public
	case errors.As(err, &shared):
		return newPanicError(shared, "the source")
	}
	return err
}

// withPanic is an error with a panic among its reasons.
type withPanic struct {
	error
	panicked *PanicError
}

func (e withPanic) Unwrap() []error { return []error{e.error, e.panicked} }
