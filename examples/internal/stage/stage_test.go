package stage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

func TestMain(m *testing.M) {
	botgo.SetLogger(Quiet(io.Discard))
	os.Exit(m.Run())
}

var errBroken = errors.New("broken")

func TestAHandlersErrorEndsThePlayAndIsItsError(t *testing.T) {
	var out bytes.Buffer
	err := Play(func(s *Stage) {
		s.Start(func(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
			media, err := richmedia.New(src, opts...)
			if err != nil {
				return nil, 0, err
			}
			return media, event.RegisterHandlers(media.C2CMessage(func(context.Context, *richmedia.Context) error { return errBroken })), nil
		})
		s.Say(s.C2C("carol"), "carol", "hello", 1)
		s.Note("never said")
	})(t.Context(), &out)
	require.ErrorIs(t, err, errBroken)
	assert.Equal(t, "c2c \"carol\"\n  carol: hello\n", out.String())
}

func TestABotThatCannotBeginEndsThePlay(t *testing.T) {
	err := Play(func(s *Stage) {
		s.Run(func(context.Context, *token.QQBotCredentials, ...richmedia.Option) error { return errBroken })
		s.Do(func() error { return s.WaitReady(s.Context()) })
	})(t.Context(), t.Output())
	require.ErrorIs(t, err, errBroken)
}
