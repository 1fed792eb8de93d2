package platform

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorsAndLogsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, rec := newTestClient(
			status(500, `{"code":850027,"message":"download https://cos.example.com/a?sign=SECRET failed"}`),
			status(200, `{"file_info":"SECRET-INFO`),
			status(400, `{"code":850026,"message":"GET https://cos.example.com/a?sign=SECRET\nSet-Cookie: x"}`),
		)
		_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://cos.example.com/a?sign=SECRET"})
		require.Error(t, err)
		require.Len(t, rec.lines, 3, "850026 is worth one more try")
		for _, text := range append(rec.lines, err.Error()) {
			for _, secret := range []string{"SECRET", "token-1", "\n"} {
				assert.NotContains(t, text, secret)
			}
		}
	})
}
