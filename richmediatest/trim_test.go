package richmediatest_test

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTrimDropsTheOldestBytesAndLeavesTheUploadsUsable(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	get := func(address string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		resp, err := b.p.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	ev := g.Say("ann", "", richmediatest.Attachment{Data: bytes.Clone(png), FileName: "a.png"})
	sent := g.Messages()[0].Attachments[0].URL
	o := b.prepare(g, announced(1, "cat.png", data))
	for i, part := range o.Parts {
		block := data[10*i : min(10*i+10, len(data))]
		require.Equal(t, 200, b.put(part.URL, bytes.NewReader(block)).status)
		accepted(t, b.finish(g, "upload_id", o.UploadID, "part_index", part.Index, "block_size", strconv.Itoa(len(block)), "md5", md5Hex(block)))
	}
	merged := b.files(g, object("upload_id", o.UploadID))
	accepted(t, merged)
	waiting := b.prepare(g, announced(1, "dog.png", data))
	require.Equal(t, 200, b.put(waiting.Parts[0].URL, bytes.NewReader(data[:10])).status)

	b.p.Forget()
	b.p.Trim(1 << 20)
	assert.Equal(t, 200, get(merged.text("raw_url")), "there is room for all")
	assert.Equal(t, 200, get(sent))
	b.p.Trim(int64(len(data)) + 10)
	assert.Equal(t, 200, get(merged.text("raw_url")))
	assert.Equal(t, 400, get(sent), "the oldest has gone")
	b.p.Trim(10)
	assert.Equal(t, 403, get(merged.text("raw_url")))
	accepted(t, b.message(g, object("msg_type", 7, "media", media(merged.text("file_info")), "msg_id", ev.MsgID(), "msg_seq", 1)))
	assert.Equal(t, 200, b.put(waiting.Parts[1].URL, bytes.NewReader(data[10:20])).status, "an upload at work goes last")
	b.p.Trim(0)
	assert.Equal(t, 403, b.put(waiting.Parts[1].URL, bytes.NewReader(data[10:20])).status)
}

func TestButtonsOutliveForget(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	accepted(t, b.message(g, object("msg_id", g.Say("ann", "hi").MsgID(), "keyboard", keyboard("yes"), "markdown", map[string]any{"content": "choose"}, "msg_type", 2, "msg_seq", 1)))
	b.p.Forget()
	b.p.Forget()
	assert.Empty(t, g.Messages())
	assert.Equal(t, []richmediatest.Button{{ID: "yes", Label: "Lyes", Visited: "Vyes", Type: 1, Data: "yes!"}}, g.Buttons())
	assert.Equal(t, "yes", resolved(t, g.PressID("ann", "yes"))["button_id"])
	accepted(t, b.message(g, object("msg_id", g.Say("ann", "hi").MsgID(), "keyboard", keyboard("new"), "markdown", map[string]any{"content": "choose"}, "msg_type", 2, "msg_seq", 1)))
	assert.Equal(t, "new", g.Buttons()[0].ID)
}
