// Package panics turns a panic, or a call of runtime.Goexit, of foreign code into an error.
package panics

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrGoexit is the Value of an Error for a function that called runtime.Goexit.
var ErrGoexit = errors.New("runtime.Goexit was called")

// Error is a function that panicked or called runtime.Goexit.
type Error struct {
	Value any    // what was passed to panic; ErrGoexit for runtime.Goexit
	Stack []byte // of the goroutine at that moment
}

// Error says the value; the stack is a field.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns Value if it is an error, else nil.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Do calls fn, and then done with the error of fn, which is an *Error if fn panicked or called runtime.Goexit. After a
// panic Do returns; nothing can stop runtime.Goexit, which ends the goroutine after done has returned.
func Do(fn func() error, done func(error)) {
	var err error
	returned := false
	defer func() {
		if !returned {
			v := recover()
			if v == nil { // panic(nil) is a *runtime.PanicNilError
				v = ErrGoexit
			}
			err = &Error{Value: v, Stack: debug.Stack()}
		}
		done(err)
	}()
	err = fn()
	returned = true
}

// Recover is deferred by a function that must not panic, on a goroutine that is not its caller's: it sets *err to an
// *Error if the function panics.
func Recover(err *error) {
	if v := recover(); v != nil {
		*err = &Error{Value: v, Stack: debug.Stack()}
	}
}
