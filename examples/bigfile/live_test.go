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
	*size = 6
	stagetest.Live(t, example, func(ctx context.Context, p *richmediatest.Platform) {
		answers := stagetest.Websocket(ctx, t, p, "the recording, please", 1)
		require.EqualValues(t, 6*mib, answers[0].Media.Size)
	})
}
