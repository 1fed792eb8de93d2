// Package stagetest tests what an example does with -live, with a fake in the place of the real platform.
package stagetest

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"

	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// Main runs an example's tests without botgo's log. botgo reads its logger without a lock, so it is set once.
func Main(m *testing.M) {
	botgo.SetLogger(stage.Quiet(io.Discard))
	os.Exit(m.Run())
}

// Live runs the example as -live does, lets act play its users, and stops it as Ctrl-C does.
func Live(t *testing.T, e stage.Example, act func(ctx context.Context, p *richmediatest.Platform), opts ...richmediatest.Option) {
	t.Helper()
	t.Setenv("QQBOT_APPID", "1")
	t.Setenv("QQBOT_SECRET", "")
	require.ErrorContains(t, e.RunLive(t.Context()), "set QQBOT_APPID and QQBOT_SECRET")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	p := richmediatest.New(opts...)
	_, err := p.Listen()
	require.NoError(t, err)
	defer p.UseBotgo()() // puts back what the environment changes
	defer func() { require.NoError(t, p.Close()) }()
	constant.APIDomain, constant.TokenDomain = "http://nowhere.invalid", "http://nowhere.invalid"
	t.Setenv("QQBOT_API_DOMAIN", p.URL())
	t.Setenv("QQBOT_TOKEN_DOMAIN", p.URL())
	t.Setenv("QQBOT_APPID", p.Credentials().AppID)
	t.Setenv("QQBOT_SECRET", p.Credentials().AppSecret)

	live, interrupt := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		err := e.RunLive(live)
		fail(err)
		ended <- err
	}()
	act(ctx, p)
	interrupt()
	require.NoError(t, <-ended)
}

// Websocket waits until the bot is connected, lets user write to it in a single chat, and returns its answers.
func Websocket(ctx context.Context, t *testing.T, p *richmediatest.Platform, text string, answers int) []richmediatest.Message {
	t.Helper()
	require.NoError(t, p.WaitReady(ctx))
	p.C2C("carol").Say("carol", text)
	got, err := p.C2C("carol").WaitAnswers(ctx, answers)
	require.NoError(t, err)
	require.Len(t, got, answers)
	return got
}
