package platform

import (
	"context"
	"errors"
	"sync/atomic"
)

type observationKey struct{}

// Observation is what happened to the calls under a context.
type Observation struct {
	attempts atomic.Int32
	failure  atomic.Pointer[Error]
	outer    *Observation
}

// Observe returns a context whose calls are counted. An observation around it goes on beside it.
func Observe(ctx context.Context) (context.Context, *Observation) {
	outer, _ := ctx.Value(observationKey{}).(*Observation)
	o := &Observation{outer: outer}
	return context.WithValue(ctx, observationKey{}, o), o
}

// Attempts returns the number of requests so far.
func (o *Observation) Attempts() int { return int(o.attempts.Load()) }

func observed(ctx context.Context, note func(*Observation)) {
	o, _ := ctx.Value(observationKey{}).(*Observation)
	for ; o != nil; o = o.outer {
		note(o)
	}
}

// note keeps a copy of e, which its call may still change.
func (e *Error) note(o *Observation) {
	kept := *e
	o.failure.Store(&kept)
}

// Ended returns err, the reason why ctx ended, together with the last failure of a call under ctx: "context deadline
// exceeded" alone hides why the time did not suffice. Any other err, and any err before ctx ends, is returned as it is.
func Ended(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	var e *Error
	if err == nil || cause == nil || !errors.Is(err, cause) || errors.As(err, &e) {
		return err
	}
	o, _ := ctx.Value(observationKey{}).(*Observation)
	if o == nil {
		return err
	}
	if e = o.failure.Load(); e == nil {
		return err
	}
	joined := *e
	joined.ended(cause)
	return &joined
}
