package platform

import (
	"context"
	"sync/atomic"
)

type attemptsKey struct{}

// counter counts for itself and for those around it.
type counter struct {
	atomic.Int32
	outer *counter
}

// CountAttempts counts the requests that are made under the returned context. An outer count goes on beside it.
func CountAttempts(ctx context.Context) (context.Context, *atomic.Int32) {
	n := &counter{}
	n.outer, _ = ctx.Value(attemptsKey{}).(*counter)
	return context.WithValue(ctx, attemptsKey{}, n), &n.Int32
}

func countAttempt(ctx context.Context) {
	n, _ := ctx.Value(attemptsKey{}).(*counter)
	for ; n != nil; n = n.outer {
		n.Add(1)
	}
}
