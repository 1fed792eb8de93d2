package flight

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

var errGoexit = errors.New("runtime.Goexit was called")

// PanicError is what the callers of a run get whose function panicked or called runtime.Goexit.
type PanicError struct {
	Value any    // what panic was given; an error that says so for runtime.Goexit
	Stack []byte // of the function's goroutine at that moment
}

// Error says what was panicked with. The stack is not part of it.
func (e *PanicError) Error() string { return fmt.Sprintf("flight: panic: %v", e.Value) }

// Unwrap returns Value where it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// call runs fn and keeps what it returned, or how else it ended.
func (r *run[T]) call(fn func(ctx context.Context) (T, error)) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil { // panic(nil) is a *runtime.PanicNilError, so it is Goexit that ends the goroutine
			v = errGoexit
		}
		r.err = &PanicError{Value: v, Stack: debug.Stack()}
	}()
	r.value, r.err = fn(r.ctx)
	returned = true
}
