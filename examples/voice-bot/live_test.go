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
	needFFmpeg(t)
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		require.NoError(t, p.WaitReady(ctx))
		carol := p.C2C("carol")
		carol.Say("carol", "", richmediatest.Attachment{ContentType: "voice", Data: tone(1)})
		answers, err := carol.WaitAnswers(ctx, 2)
		require.NoError(t, err)
		require.NotNil(t, answers[1].Media)
	})
}
