package panics_test

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// explode panics under a name that a stack shows.
func explode(v any) error { panic(v) }

func TestHoweverAFunctionEndsDoneIsCalledOnceWithItsError(t *testing.T) {
	for name, test := range map[string]struct {
		fn   func() error
		want error // that the error is or wraps; nil: no error
	}{
		"nil":         {func() error { return nil }, nil},
		"error":       {func() error { return io.ErrNoProgress }, io.ErrNoProgress},
		"panic":       {func() error { return explode(io.ErrNoProgress) }, io.ErrNoProgress},
		"panic(nil)":  {func() error { return explode(nil) }, new(runtime.PanicNilError)},
		"Goexit":      {func() error { runtime.Goexit(); return nil }, panics.ErrGoexit},
		"deep Goexit": {func() error { defer func() { _ = recover() }(); runtime.Goexit(); return nil }, panics.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			var got []error
			go func() {
				defer close(over)
				panics.Do(test.fn, func(err error) { got = append(got, err) })
			}()
			<-over
			require.Len(t, got, 1)
			if test.want == nil {
				require.NoError(t, got[0])
				return
			}
			var nilPanic *runtime.PanicNilError
			require.True(t, errors.Is(got[0], test.want) || errors.As(got[0], &nilPanic), got[0])
		})
	}
}

func TestAPanicIsReturnedWithItsValueAndItsStack(t *testing.T) {
	recovered := func(v any) (err error) {
		defer panics.Recover(&err)
		return explode(v)
	}
	for name, err := range map[string]error{
		"Do": func() (err error) {
			panics.Do(func() error { return explode(7) }, func(e error) { err = e })
			return err
		}(),
		"Recover": recovered(7),
	} {
		var p *panics.Error
		require.ErrorAs(t, err, &p, name)
		require.Equal(t, 7, p.Value)
		require.Equal(t, "panic: 7", p.Error())
		require.NoError(t, p.Unwrap())
		require.Contains(t, string(p.Stack), "explode")
	}
	require.ErrorIs(t, recovered(io.ErrNoProgress), io.ErrNoProgress)
	require.NoError(t, func() (err error) { defer panics.Recover(&err); return nil }())
}
