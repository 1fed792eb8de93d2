//go:build !race

// botgo's websocket client shares its session and its connection between goroutines without a lock, so the race
// detector stops whatever runs over it.

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestItStartsAnswersOverTheWebsocketAndStopsOffline(t *testing.T) {
	for name, url := range map[string]string{"its own address": "", "an address that only others know": "http://playground.invalid:7471"} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), config{url: url, appID: defaultAppID, secret: defaultSecret}, &out, true))
			for _, want := range []string{
				`bot: \[image image/png, 16113 bytes\] meow`, `bot: \[file recording.bin application/octet-stream, 8388608 bytes\]`,
				`bot: \[voice audio/mpeg`, `bot: \[video video/mp4`, `ann pressed "purr"`, `and the page is there`,
			} {
				assert.Regexp(t, want, out.String())
			}
		})
	}
}
