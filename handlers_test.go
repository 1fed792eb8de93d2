package richmedia_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"
)

// noHandlers is what botgo has before a bot registers any.
var noHandlers = event.DefaultHandlers

// keepers is the number of tests, subtests and beds that have called keepHandlers and have not ended.
var keepers int

// keepHandlers puts botgo's handlers, which belong to the process, back when t ends. A handler that an earlier test left
// behind is a failure: in another test it runs on a plugin that is closed, or on channels of a synctest bubble that has ended.
func keepHandlers(t testing.TB) {
	t.Helper()
	if keepers == 0 {
		require.True(t, reflect.ValueOf(event.DefaultHandlers).IsZero(), "a test has left its handlers with botgo")
	}
	keepers++
	was := event.DefaultHandlers
	t.Cleanup(func() {
		event.DefaultHandlers = was
		keepers--
	})
}
