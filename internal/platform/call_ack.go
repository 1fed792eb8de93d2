package platform

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ackTimeout is the platform's: an interaction without an acknowledgement within 3 s has failed for the user (docs
// 2026-08).
const ackTimeout = 3 * time.Second

// Ack acknowledges the interaction id with a code from 0 (done) to 5.
func (c *Client) Ack(ctx context.Context, id string, code int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, ackTimeout, timeoutError(ackTimeout))
	defer cancel()
	r := &request{
		op: "ack", endpoint: endpointInteractions, method: http.MethodPut, path: "/interactions/" + url.PathEscape(id),
		timeout: ackTimeout, repeatable: true, content: []byte(`{"code":` + strconv.Itoa(code) + `}`),
		decode: func(answer) error { return nil }, // {} or nothing
	}
	return c.do(ctx, r)
}
