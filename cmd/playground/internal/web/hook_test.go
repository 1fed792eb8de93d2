package web_test

import (
	"net/http/httptest"
	"testing"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// hookServer is a bot behind a webhook of its own.
func hookServer(t *testing.T, p *richmediatest.Platform) string {
	t.Helper()
	s := httptest.NewServer(richmedia.WebhookHandler(p.Credentials()))
	t.Cleanup(s.Close)
	return s.URL
}
