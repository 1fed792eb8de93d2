package platform

import (
	"context"
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

// succeeded forgets the failure of an earlier attempt or call.
func (o *Observation) succeeded() { o.failure.Store(nil) }

// note keeps a copy of e, which its call may still change.
func (e *Error) note(o *Observation) {
	kept := *e
	o.failure.Store(&kept)
}

// Left returns reason, why a caller does not wait for the calls under ctx any longer, together with the last failure of one of
// them: "context deadline exceeded" alone hides why the time did not suffice.
func Left(ctx context.Context, reason error) error {
	o, _ := ctx.Value(observationKey{}).(*Observation)
	if o == nil {
		return reason
	}
	failure := o.failure.Load()
	if failure == nil {
		return reason
	}
	return Stopped(failure, reason)
}

// Stopped returns failure together with the reason why the call was not repeated.
func Stopped(failure, reason error) error {
	e, ok := failure.(*Error) //nolint:errorlint // a wrapped one keeps what is around it
	if !ok {
		return join(reason, failure)
	}
	stopped := *e
	stopped.ended(reason)
	return &stopped
}
