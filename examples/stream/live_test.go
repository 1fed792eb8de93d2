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
		answers := stagetest.Websocket(ctx, t, p, "cats", 2)
		require.Contains(t, answers[0].Text, "You asked about cats.")
		require.NotNil(t, answers[1].Media)
	})
}
