package richmediatest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// heard keeps what was reported, progress only on request.
type heard struct {
	all      []richmediatest.Happening
	progress []int64
}

func listen(p *richmediatest.Platform) (*heard, func()) {
	h := &heard{}
	return h, p.Watch(func(in richmediatest.Happening) {
		if in.What == richmediatest.CallProgress {
			h.progress = append(h.progress, in.Call.Size)
			return
		}
		h.all = append(h.all, in)
	})
}

func (h *heard) lines() []string {
	var out []string
	for _, in := range h.all {
		line := string(in.What)
		if in.Call.Number > 0 {
			line = fmt.Sprintf("%s: %s %d", line, in.Call.Op, in.Call.Status)
		}
		out = append(out, line)
	}
	return out
}

func TestAWatcherIsNotifiedEverythingOnceAndInOrder(t *testing.T) {
	b := newBot(t)
	h, stop := listen(b.p)
	group := b.p.Group("cats")
	group.Say("ann", "cat")
	ev := group.Press("ann", "again")
	b.p.PushTo(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ev.Redeliver()
	info := b.fileInfo(group, 1, png)
	accepted(t, b.message(group, object("msg_type", 7, "event_id", ev.ID(), "media", media(info))))
	acked, err := b.do(http.MethodPut, "/interactions/"+ev.InteractionID(), `{"code":0}`)
	require.NoError(t, err)
	accepted(t, acked)
	id := group.Answers()[0].ID
	_, err = b.do(http.MethodDelete, base(group)+"/messages/"+id, "")
	require.NoError(t, err)
	stop()
	group.Say("ann", "unheard")

	assert.Equal(t, []string{
		"message shown", "message shown", "event pushed",
		"call began: upload 0", "call read: upload 0", "file stored", "call ended: upload 200",
		"call began: send 0", "call read: send 0", "message shown", "call ended: send 200",
		"call began: ack 0", "call read: ack 0", "button acked", "call ended: ack 200",
		"call began: recall 0", "call read: recall 0", "message recalled", "call ended: recall 200",
	}, h.lines())
	for i, in := range h.all {
		assert.False(t, in.Time.IsZero(), "%d", i)
	}
	assert.Equal(t, ev.ID(), h.all[1].Event.ID())
	assert.True(t, h.all[2].Push.Acked)
	assert.Equal(t, info, h.all[5].Upload.FileInfo)
	send := h.all[10].Call
	assert.Contains(t, string(send.Answer), id)
	assert.NotEmpty(t, send.Trace)
	assert.Positive(t, send.Took)
	assert.Equal(t, b.p.Calls()[send.Number-1].Answer, send.Answer)
}

func TestAWatcherSeesALongBodyComeIn(t *testing.T) {
	b := newBot(t)
	h, stop := listen(b.p)
	defer stop()
	b.fileInfo(b.p.Group("cats"), 4, bytes.Repeat([]byte("long "), 100_000))
	require.Greater(t, len(h.progress), 3)
	assert.IsIncreasing(t, h.progress)
	assert.GreaterOrEqual(t, h.all[len(h.all)-1].Call.Size, h.progress[len(h.progress)-1])
}

func TestNeitherATokenNorTheSecretIsReported(t *testing.T) {
	b := newBot(t)
	h, stop := listen(b.p)
	defer stop()
	tk := b.newToken()
	b.message(b.p.Group("cats"), object("msg_type", 0, "content", "hello"))
	require.Len(t, h.all, 6)
	told := fmt.Sprintf("%+v", h.all)
	assert.NotContains(t, told, tk)
	assert.NotContains(t, told, b.p.Credentials().AppSecret)
}

func TestAServerOfTheCallersOwnServesThePlatform(t *testing.T) {
	p := richmediatest.New()
	server := httptest.NewServer(p)
	defer server.Close()
	p.ServeAt(server.URL + "/")
	require.Equal(t, server.URL, p.URL())
	b := &bot{t: t, p: p}
	b.token = b.newToken()
	r, err := overNetwork(t, b, base(p.Group("cats"))+"/upload_prepare", prepareBody(t))
	require.NoError(t, err)
	accepted(t, r)
	assert.Contains(t, string(r.raw), server.URL+"/presigned/")
	require.NoError(t, p.Close())
}

func prepareBody(t *testing.T) string {
	t.Helper()
	const sum = "0123456789abcdef0123456789abcdef"
	return object("file_type", 4, "file_size", "5", "file_name", "a.bin", "md5", sum, "sha1", sum+"01234567", "md5_10m", sum)
}

func TestWhatUsersSendIsOnAServerOfTheCallersOwnToo(t *testing.T) {
	b := newBot(t)
	server := httptest.NewServer(b.p)
	defer server.Close()
	b.p.ServeAt(server.URL)
	group := b.p.Group("cats")
	var said struct {
		Attachments []struct{ URL string }
	}
	payload := group.Say("ann", "look", richmediatest.Attachment{Data: png}).Payload()
	require.NoError(t, json.Unmarshal(payload.RawMessage, &struct{ D any }{&said}))
	require.Len(t, said.Attachments, 1)
	address := said.Attachments[0].URL
	require.Contains(t, address, server.URL+"/")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, png, got)
	accepted(t, b.files(group, object("file_type", 1, "url", address, "srv_send_msg", false)))
	refused(t, b.files(group, object("file_type", 1, "url", address+"0", "srv_send_msg", false)), 400, 850026, 40034001)
}
