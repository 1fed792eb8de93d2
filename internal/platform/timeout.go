package platform

import (
	"context"
	"fmt"
	"time"
)

// slowest is the slowest line on which a body may take its whole time, in bytes a second.
const slowest = 1 << 10

// patience bounds an attempt: by timeout since the last byte that was sent, which the caller reports with moved, because
// parts that are sent side by side share the line and the duration of one says nothing; and by the time that size bytes
// take on the slowest line.
func patience(ctx context.Context, timeout time.Duration, size int64) (_ context.Context, moved, cancel func()) {
	sending := time.Duration(size/slowest) * time.Second
	ctx, stop := context.WithTimeoutCause(ctx, timeout+sending, timeoutError(timeout))
	if sending == 0 { // then the first end comes before the other
		return ctx, func() {}, stop
	}
	ctx, end := context.WithCancelCause(ctx)
	idle := time.AfterFunc(timeout, func() { end(timeoutError(timeout)) })
	return ctx, func() { idle.Reset(timeout) }, func() {
		idle.Stop()
		end(nil)
		stop()
	}
}

// timeoutError is the cause of a context that ended because no answer came within the duration.
type timeoutError time.Duration

func (e timeoutError) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(e)) }

// Timeout is that of net.Error, and always true.
func (e timeoutError) Timeout() bool { return true }

// Is makes errors.Is(err, context.DeadlineExceeded) true, as for any other timeout.
func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }
