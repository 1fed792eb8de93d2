package richmedia_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
)

func TestAnUploadHasTheURLThatThePlatformSent(t *testing.T) {
	b := newBed(t, richmedia.WithInlineLimit(0))
	to := b.context(t, b.Group("club")).Target()
	src := richmedia.FromBytes("cat.png", readMedia(t, "cat.png"))
	f, err := b.media.Upload(t.Context(), to, richmedia.KindImage, src)
	require.NoError(t, err)
	require.NotEmpty(t, f.URL)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL, nil)
	require.NoError(t, err)
	resp, err := b.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // only read from
	assert.Equal(t, 200, resp.StatusCode)
	again, err := b.media.Upload(t.Context(), to, richmedia.KindImage, src)
	require.NoError(t, err)
	assert.Equal(t, f.URL, again.URL, "from the store")

	_, query, _ := strings.Cut(f.URL, "?")
	require.NotEmpty(t, query)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", f, f, &f, f), query)
	data, err := json.Marshal(f)
	require.NoError(t, err)
	var kept richmedia.File
	require.NoError(t, json.Unmarshal(data, &kept))
	assert.Equal(t, f.URL, kept.URL, "for a job")

	file, err := b.media.Upload(t.Context(), to, richmedia.KindFile, src)
	require.NoError(t, err)
	assert.Empty(t, file.URL, "the platform sends none for files")
}
