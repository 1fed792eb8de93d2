package platform

import (
	"fmt"
	"runtime/debug"
)

// Panic is the error for a panic in code of the bot: a source, a token source, a filter, an HTTP client.
type Panic struct {
	What  string // what panicked, such as "the token source"
	Value any    // the argument of panic
	Stack []byte // of the goroutine that panicked
}

func (e *Panic) Error() string { return fmt.Sprintf("%s panicked: %v", e.What, e.Value) }

// Unwrap returns the value if it is an error.
func (e *Panic) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// rescue, deferred, turns a panic of the function into its error.
func rescue(what string, err *error) {
	if v := recover(); v != nil {
		*err = &Panic{What: what, Value: v, Stack: debug.Stack()}
	}
}
