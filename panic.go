package richmedia

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/flight"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// PanicError is a panic, or a call of runtime.Goexit, of code that the bot passed in: a handler, a source, an encoder.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked
}

// Error says the value; the stack is a field.
func (e *PanicError) Error() string { return fmt.Sprintf("handler panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// protect calls fn, and then done with fn's error. If fn panics or calls runtime.Goexit the error is a *PanicError.
func protect(fn func() error, done func(error)) {
	var err error
	returned := false
	defer func() {
		if !returned {
			v := recover()
			if v == nil {
				v = "runtime.Goexit was called"
			}
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		done(err)
	}()
	err = fn()
	returned = true
}

// panicError returns the public form of a panic that was recovered in an inner package; other errors stay as they are.
func panicError(err error) error {
	var opened *platform.SourcePanic
	var read *content.PanicError
	var shared *flight.PanicError
	switch {
	case errors.As(err, &opened):
		return &PanicError{Value: opened.Value, Stack: opened.Stack}
	case errors.As(err, &read):
		return &PanicError{Value: read.Value, Stack: read.Stack}
	case errors.As(err, &shared):
		return &PanicError{Value: shared.Value, Stack: shared.Stack}
	}
	return err
}
