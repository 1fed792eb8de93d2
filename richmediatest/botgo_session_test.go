//go:build !race

// botgo's websocket client has data races of its own, which the race detector reports whatever the server does.

package richmediatest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"go.uber.org/goleak"
)

func init() {
	// botgo's Start never returns: it dials again forever.
	leaksOfOthers = append(leaksOfOthers,
		goleak.IgnoreAnyFunction("github.com/tencent-connect/botgo/sessions/local.(*ChanManager).Start"),
		goleak.IgnoreAnyFunction("github.com/tencent-connect/botgo/sessions/local.(*ChanManager).newConnect"))
}

func TestBotgosSessionGetsEventsAndResumes(t *testing.T) {
	b := listening(t)
	restore := b.p.UseBotgo()
	defer restore()
	got := make(chan *dto.WSPayload, 10)
	intents := event.RegisterHandlers(event.C2CMessageEventHandler(func(payload *dto.WSPayload, _ *dto.WSC2CMessageData) error {
		got <- payload
		return nil
	}))
	src := token.NewQQBotTokenSource(b.p.Credentials())
	ap, err := botgo.NewOpenAPI(b.p.AppID(), src).WS(t.Context(), nil, "")
	require.NoError(t, err)
	go func() { _ = botgo.NewSessionManager().Start(ap, src, &intents) }()

	u := b.p.C2C("ann")
	receive := func() *dto.WSPayload {
		t.Helper()
		select {
		case payload := <-got:
			return payload
		case <-soon(t).Done():
			t.Fatal("no event came")
			return nil
		}
	}
	require.NoError(t, b.p.WaitReady(soon(t)))
	one := u.Say("", "one")
	assert.Equal(t, one.ID(), receive().EventID)
	b.p.Reconnect()
	two := u.Say("", "missed, and replayed by the resume")
	assert.Equal(t, two.ID(), receive().EventID)
	b.p.DropGateway(4900)
	require.NoError(t, b.p.WaitReady(soon(t)))
	three := u.Say("", "after identifying anew")
	assert.Equal(t, three.ID(), receive().EventID)

	for name, c := range map[string]struct {
		end     func()
		resumes bool
	}{
		"reset": {b.p.ResetGateway, true},
		"FIN":   {b.p.HangUpGateway, false},
		"1001":  {func() { b.p.DropGateway(1001) }, false},
		"1012":  {func() { b.p.DropGateway(1012) }, false},
		"4008":  {func() { b.p.DropGateway(4008) }, false},
	} {
		c.end()
		missed := u.Say("", "during "+name) // botgo waits a second before it dials
		require.NoError(t, b.p.WaitReady(soon(t)))
		if c.resumes {
			assert.Equal(t, missed.ID(), receive().EventID, name)
		}
		after := u.Say("", "after "+name)
		assert.Equal(t, after.ID(), receive().EventID, name+": what came meanwhile is lost")
	}
}
