package richmediatest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// botpy decodes an answer only if its Content-Type is exactly this (tencent-connect/botpy#198).
func TestAnswersAreApplicationJSONExactly(t *testing.T) {
	b := newBot(t)
	for _, path := range []string{"/gateway/bot", "/users/@me", "/nowhere"} {
		r, err := b.do(http.MethodGet, path, "")
		require.NoError(t, err)
		assert.Equal(t, []string{"application/json"}, r.header["Content-Type"], path)
	}
}
