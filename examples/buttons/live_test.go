//go:build !race

// botgo's websocket client races inside itself, so what runs over it stands apart from the race detector.

package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	for manual, code := range map[bool]int{false: done, true: noPermission} {
		*byHand = manual
		stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
			answers := stagetest.Websocket(ctx, t, p, "what do you have?", 1)
			require.NotEmpty(t, answers[0].Keyboard)
			press := p.C2C("carol").Press("carol", "secret")
			require.Eventually(t, func() bool { _, ok := p.Acks()[press.InteractionID()]; return ok }, 10*time.Second, 5*time.Millisecond,
				"the platform tells nobody of an acknowledgement")
			require.Equal(t, code, p.Acks()[press.InteractionID()])
		})
	}
}
