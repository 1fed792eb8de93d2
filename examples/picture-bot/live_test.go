//go:build !race

// botgo's websocket client races inside itself, so what runs over it stands apart from the race detector.

package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheLiveRunAnswersUntilItIsInterrupted(t *testing.T) {
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		require.NoError(t, p.WaitReady(ctx))
		carol := p.C2C("carol")
		carol.Say("carol", "grey", richmediatest.Attachment{FileName: "a.png", Data: painted(32, 20)})
		answers, err := carol.WaitAnswers(ctx, 1)
		require.NoError(t, err)
		require.NotNil(t, answers[0].Media)
	})
}
