package e2e

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"image"
	"image/png"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// uploaded uploads a picture in parts, and returns its raw_url.
func (w *wire) uploaded(target string, content []byte) string {
	w.t.Helper()
	m, s := md5.Sum(content), sha1.Sum(content) //nolint:gosec // the platform's choice
	sum := hex.EncodeToString(m[:])
	offer := w.post(target+"/upload_prepare", map[string]any{
		"file_type": 1, "file_name": "a.png", "file_size": strconv.Itoa(len(content)), "md5": sum, "sha1": hex.EncodeToString(s[:]), "md5_10m": sum,
	})
	part := offer["parts"].([]any)[0].(map[string]any)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, part["presigned_url"].(string), bytes.NewReader(content))
	require.NoError(w.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	w.post(target+"/upload_part_finish", map[string]any{"upload_id": offer["upload_id"], "part_index": part["index"], "block_size": strconv.Itoa(len(content)), "md5": sum})
	return w.post(target+"/files", map[string]any{"upload_id": offer["upload_id"]})["raw_url"].(string)
}

func TestAPictureInMarkdownIsDrawnAtItsUploadAndNowhereElse(t *testing.T) {
	at := start(t, "-bot=false")
	w, p := newWire(t, at), open(t, at)
	id := w.form("/api/say", "chat", "group/cats", "user", "ann", "text", "report")["msg_id"].(string)
	target := "/v2/groups/" + w.group(id)
	var content bytes.Buffer
	require.NoError(t, png.Encode(&content, image.NewGray(image.Rect(0, 0, 64, 48))))
	address := w.uploaded(target, content.Bytes())
	w.post(target+"/messages", map[string]any{
		"msg_type": 2, "msg_id": id, "msg_seq": 1, "markdown": map[string]any{"content": "# Report\n" +
			"![chart.png #64px #48px](" + address + ")\n\n![unsized](" + address + ")\n\n" +
			"![elsewhere #64px #48px](https://example.com/a.png)\n\n![ended #64px #48px](" + address + "x)"},
	})
	p.answers(1)
	p.until(`document.querySelector('.md-picture[alt="chart.png"]')?.naturalWidth === 64`, "the picture is drawn")
	p.until(`document.querySelectorAll('.md-picture').length === 1`, "one whose address has ended is named")
	assert.Equal(t, []int{64, 48}, eval[[]int](p, `(i => [i.width, i.height])(document.querySelector('.md-picture'))`))
	assert.Equal(t, []string{"🖼 unsized", "🖼 elsewhere", "🖼 ended"}, eval[[]string](p, `[...document.querySelectorAll('.md-image')].map(e => e.textContent)`))
	p.shot("markdown-picture")
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(t, p.errors, 1)
	require.Contains(t, p.errors[0], "403", "the browser complains of the address that has ended, and of nothing else")
	p.errors = nil
}
