package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/examples/internal/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

func TestTheNumbersAgreeAndEveryAnswerHasOneLine(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, example.Offline(t.Context(), &out))
	assert.Equal(t, 8, strings.Count(out.String(), "msg=answer"))
	for _, want := range []string{
		"route=cache", "route=inline", "route=parts", "parts=5", "outcome=duplicate", "outcome=fallback", "again=true",
		`richmedia_uploads_total{outcome="not fetched",route="url"} 1`,
		"richmedia_queued 0", "richmedia_running 0", "richmedia_overdue 0", "richmedia_uploading 0", "richmedia_remembered 8",
		"8 messages, 8 answers, each once",
	} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), "sign=x")
}
