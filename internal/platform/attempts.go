package platform

import (
	"context"
	"sync/atomic"
)

type attemptsKey struct{}

// CountAttempts counts the requests that are made under the returned context.
func CountAttempts(ctx context.Context) (context.Context, *atomic.Int32) {
	n := &atomic.Int32{}
	return context.WithValue(ctx, attemptsKey{}, n), n
}

func countAttempt(ctx context.Context) {
	if n, ok := ctx.Value(attemptsKey{}).(*atomic.Int32); ok {
		n.Add(1)
	}
}
