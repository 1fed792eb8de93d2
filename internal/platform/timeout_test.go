package platform

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachAttemptHasATimeoutAndTheCallerWins(t *testing.T) {
	hang := step{hang: true}
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(hang, status(200, sentOK))
		began := time.Now()
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err)
		assert.Len(t, s.bodies, 2)
		assert.GreaterOrEqual(t, time.Since(began), sendTimeout)
	})
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(hang)
		gone := errors.New("the caller has gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		began := time.Now()
		_, err := c.Send(ctx, group, []byte(`{}`), true)
		require.ErrorIs(t, err, gone)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Unknown)
		assert.Equal(t, time.Second, time.Since(began))
	})
}
