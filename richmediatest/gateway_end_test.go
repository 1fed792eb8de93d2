package richmediatest_test

import (
	"context"
	"errors"
	"strconv"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// ended reads until the connection's end and names it.
func (s *socket) ended() string {
	s.t.Helper()
	for {
		_, _, err := s.ws.ReadMessage()
		var c *websocket.CloseError
		switch {
		case err == nil:
			continue
		case errors.Is(err, syscall.ECONNRESET):
			return "reset"
		case errors.As(err, &c) && c.Code == websocket.CloseAbnormalClosure:
			return "FIN"
		case errors.As(err, &c):
			return strconv.Itoa(c.Code)
		default:
			return err.Error()
		}
	}
}

func TestTheGatewayEndsInEveryWay(t *testing.T) {
	drop := func(code int) func(*richmediatest.Platform) {
		return func(p *richmediatest.Platform) { p.DropGateway(code) }
	}
	for name, c := range map[string]struct {
		end       func(*richmediatest.Platform)
		seen      string
		resumable bool
	}{
		"close 1001":    {drop(1001), "1001", true},
		"close 1012":    {drop(1012), "1012", true},
		"close 4008":    {drop(4008), "4008", true},
		"close 4009":    {drop(4009), "4009", true},
		"close 4900":    {drop(4900), "4900", false},
		"op 7":          {(*richmediatest.Platform).Reconnect, "4009", true},
		"FIN, no close": {(*richmediatest.Platform).HangUpGateway, "FIN", true},
		"reset by peer": {(*richmediatest.Platform).ResetGateway, "reset", true},
		"close 4007":    {drop(4007), "4007", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := listening(t)
			g := b.p.Group("g")
			s := b.dial()
			id := b.identify(s, allIntents)
			c.end(b.p)
			assert.Equal(t, c.seen, s.ended())
			missed := g.Say("ann", "meanwhile")
			s = b.dial()
			s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":1}}`, b.token, id)
			f := s.read()
			if !c.resumable {
				assert.Equal(t, 9, f.Op)
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				require.ErrorIs(t, b.p.WaitReady(ctx), context.Canceled)
				return
			}
			assert.Equal(t, missed.ID(), f.ID)
			assert.Equal(t, "RESUMED", s.read().Type)
		})
	}
}

func TestTheEndOfAConnectionComesBehindItsEvents(t *testing.T) {
	b := listening(t)
	g := b.p.Group("g")
	s := b.dial()
	b.identify(s, allIntents)
	said := g.Say("ann", "hi")
	b.p.HangUpGateway()
	assert.Equal(t, said.ID(), s.read().ID)
	assert.Equal(t, "FIN", s.ended())
}
