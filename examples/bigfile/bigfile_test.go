package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestTheFileArrivesOverALineThatBreaks(t *testing.T) {
	for name, terminal := range map[string]bool{"plain": false, "terminal": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, terminal, 18, 100))
			for _, line := range []string{
				`the line breaks in the middle of a part`,
				`arrived +recording.bin, 18874368 bytes`,
				`SHA-256 +[0-9a-f]{64}, as in the file`,
				`route +parts: 6 parts by 7 PUTs, prepared 1 times`,
				`peak heap .* for a file of 18 MiB`,
			} {
				assert.Regexp(t, `(?m)^[^\n]*`+line+`$`, out.String())
			}
			if terminal {
				assert.Regexp(t, ` 6 of 6 parts 100% \|█{30}\| \(18/18 MiB, .*/s\)`, out.String())
			} else {
				assert.Regexp(t, `(?m)^100 %   18.0 of 18 MiB,  6 of 6 parts, \d+ MiB/s$`, out.String())
			}
		})
	}
}

func TestASizeThatThePlatformDoesNotTakeIsRefused(t *testing.T) {
	for _, size := range []int64{0, 5, 201} {
		require.ErrorContains(t, run(t.Context(), t.Output(), false, size, 20), "-size: give 6 to 200 MiB")
	}
}
