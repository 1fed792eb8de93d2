package richmediatest_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

var wav = []byte("RIFF\x24\x00\x00\x00WAVEfmt ")

// attached returns the first attachment of an event.
func attached(t *testing.T, ev *richmediatest.Event) map[string]any {
	t.Helper()
	atts, _ := d(t, ev)["attachments"].([]any)
	require.NotEmpty(t, atts)
	first, _ := atts[0].(map[string]any)
	return first
}

// fetched is what came from a URL.
type fetched struct {
	status int
	header http.Header
	length int64 // as told
	host   string
	body   []byte
}

// fetch asks client for a URL.
func fetch(t *testing.T, client *http.Client, method, url, ranges string) fetched {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return fetched{resp.StatusCode, resp.Header, resp.ContentLength, resp.Request.URL.Host, body}
}

// stranger is a client that knows nothing of the platform.
func stranger() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func TestTheAddressOfAnAttachmentEnds(t *testing.T) {
	for name, end := range map[string]func(*richmediatest.Platform){
		"with its life": func(p *richmediatest.Platform) { p.Advance(20 * time.Minute) },
		"by a call":     func(p *richmediatest.Platform) { p.ExpireAttachments() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBot(t, richmediatest.WithAttachmentLife(20*time.Minute))
			c, channel := b.p.C2C("ann"), b.p.Channel("news")
			voice := attached(t, c.Say("", "", richmediatest.Attachment{ContentType: "voice", Data: silk, VoiceWAV: wav}))
			urls := []string{voice["url"].(string), voice["voice_wav_url"].(string)}
			lasting, _ := attached(t, channel.Say("ann", "", richmediatest.Attachment{Data: png}))["url"].(string)
			for _, url := range urls {
				assert.Equal(t, 200, fetch(t, b.client, "GET", url, "").status)
			}
			end(b.p)
			for _, url := range urls {
				got := fetch(t, b.client, "GET", url, "")
				assert.Equal(t, 400, got.status)
				rkey := regexp.MustCompile("rkey=([^&]+)").FindStringSubmatch(url)[1]
				assert.JSONEq(t, object("retcode", -5503007, "retmsg", "download url has expired", "rkey", rkey), string(got.body))
			}
			refused(t, b.files(c, object("file_type", 3, "url", urls[0])), 400, 850026, 40034001)
			assert.Equal(t, 200, fetch(t, b.client, "GET", "https://"+lasting, "").status, "an address in a guild has no rkey")
			anew, _ := attached(t, c.Say("", "", richmediatest.Attachment{Data: png}))["url"].(string)
			assert.Equal(t, 200, fetch(t, b.client, "GET", anew, "").status)
			got := fetch(t, b.client, "GET", strings.Replace(anew, "rkey=", "rkey=0", 1), "")
			assert.Equal(t, 400, got.status)
			assert.Contains(t, string(got.body), `{"retcode":-5503022,"retmsg":"invalid rkey","rkey":"0`)
		})
	}
	b := listening(t)
	url, _ := attached(t, b.p.Group("g").Say("ann", "", richmediatest.Attachment{Data: png}))["url"].(string)
	b.p.ExpireAttachments()
	assert.Equal(t, 400, fetch(t, stranger(), "GET", url, "").status)
}

func TestTheListenerServesAttachmentsToAnyClient(t *testing.T) {
	b := listening(t)
	for _, c := range []*richmediatest.Chat{b.p.Group("g"), b.p.C2C("ann"), b.p.Channel("cats"), b.p.DM("ann")} {
		voice := attached(t, c.Say("ann", "", richmediatest.Attachment{Data: silk, ContentType: "voice", VoiceWAV: wav, VoiceText: "hi"}))
		url, _ := voice["url"].(string)
		assert.True(t, strings.HasPrefix(url, b.p.URL()+"/download?appid="), url)
		assert.Regexp(t, `&fileid=\w+&rkey=\w+&spec=0$`, url)

		got := fetch(t, stranger(), http.MethodGet, url, "")
		assert.Equal(t, 200, got.status)
		assert.Equal(t, silk, got.body)
		assert.Equal(t, "audio/silk", got.header.Get("Content-Type"))
		assert.EqualValues(t, len(silk), got.length)
		got = fetch(t, stranger(), http.MethodHead, url, "")
		assert.Equal(t, 200, got.status)
		assert.Empty(t, got.body)
		assert.EqualValues(t, len(silk), got.length)
		got = fetch(t, stranger(), http.MethodGet, url, "bytes=1-4")
		assert.Equal(t, 206, got.status)
		assert.Equal(t, silk[1:5], got.body)
		got = fetch(t, b.p.Client(), http.MethodGet, url, "")
		assert.Equal(t, silk, got.body, "the client in process finds it, too")

		form, _ := voice["voice_wav_url"].(string)
		assert.NotEqual(t, url, form)
		got = fetch(t, stranger(), http.MethodGet, form, "")
		assert.Equal(t, wav, got.body)
		shown := c.Messages()[0].Attachments[0]
		assert.Equal(t, []string{url, form}, []string{shown.URL, shown.VoiceWAVURL}, "the transcript has them as hosted")
	}
	got := fetch(t, stranger(), http.MethodGet, b.p.URL()+"/download?appid=1406&fileid=x&rkey=x&spec=0", "")
	assert.Equal(t, 400, got.status)
	got = fetch(t, stranger(), http.MethodPost, attachedURL(t, b.p.Group("g").Say("ann", "", richmediatest.Attachment{Data: png})), "")
	assert.Equal(t, 405, got.status)
}

func attachedURL(t *testing.T, ev *richmediatest.Event) string {
	t.Helper()
	url, _ := attached(t, ev)["url"].(string)
	return url
}

func TestThePlatformDownloadsFromItsOwnListener(t *testing.T) {
	b := listening(t)
	g, c := b.p.Group("g"), b.p.Channel("cats")
	url := attachedURL(t, g.Say("ann", "look", richmediatest.Attachment{Data: png}))
	accepted(t, b.files(g, object("file_type", 1, "url", url)))
	assert.Equal(t, png, b.p.Uploads()[0].Data)
	accepted(t, b.message(c, object("image", url, "msg_id", c.Say("ann", "hi").MsgID())))
	assert.Equal(t, png, c.Answers()[0].Media.Upload.Data)

	b.p.Host(b.p.URL()+"/cat.png", png)
	refused(t, b.files(g, object("file_type", 1, "url", b.p.URL()+"/cat.png")), 400, 850026, 40034001)
	refused(t, b.files(g, object("file_type", 1, "url", strings.Replace(url, "fileid=", "fileid=x", 1))), 400, 850026, 40034001)
	other := listening(t)
	theirs := attachedURL(t, other.p.Group("g").Say("ann", "", richmediatest.Attachment{Data: png}))
	refused(t, b.files(g, object("file_type", 1, "url", theirs)), 400, 850026, 40034001)
}

func TestInProcessAttachmentsHaveThePlatformsURLs(t *testing.T) {
	b := newBot(t)
	voice := attached(t, b.p.C2C("ann").Say("", "", richmediatest.Attachment{Data: silk, ContentType: "voice", VoiceWAV: wav}))
	for key, want := range map[string][]byte{"url": silk, "voice_wav_url": wav} {
		url, _ := voice[key].(string)
		assert.True(t, strings.HasPrefix(url, "https://multimedia.nt.qq.com.cn/download?appid=1406&fileid="), url)
		got := fetch(t, b.p.Client(), http.MethodGet, url, "")
		assert.Equal(t, want, got.body)
		assert.EqualValues(t, len(want), got.length)
	}
	given := attached(t, b.p.C2C("ann").Say("", "", richmediatest.Attachment{
		Data: silk, URL: "https://example.com/a.silk", VoiceWAV: wav, VoiceWAVURL: "https://example.com/a.wav",
	}))
	assert.Equal(t, "https://example.com/a.silk", given["url"], "the test's own address stays")
	assert.Equal(t, "https://example.com/a.wav", given["voice_wav_url"])
}

func TestTheTestsOwnAttachmentsAreNotChanged(t *testing.T) {
	atts := []richmediatest.Attachment{{Data: png}}
	richmediatest.New().Group("g").Say("ann", "look", atts...)
	assert.Equal(t, []richmediatest.Attachment{{Data: png}}, atts)
}
