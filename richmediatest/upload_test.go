package richmediatest_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestUploadByURLAndInlineKeepsTheBytes(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	b.p.Host("https://example.com/cat.png", png)

	r := b.files(g, `{"file_type":1,"url":"https://example.com/cat.png","srv_send_msg":false}`)
	accepted(t, r)
	assert.NotEmpty(t, r.text("file_uuid"))
	assert.EqualValues(t, 300, r.json["ttl"])
	assert.Equal(t, "", r.json["id"])
	assert.NotEmpty(t, r.text("file_info"))

	accepted(t, b.files(g, object("file_type", 4, "file_data", "aGVsbG8=", "file_name", "hello.txt")))
	ups := b.p.Uploads()
	require.Len(t, ups, 2)
	assert.Equal(t, r.text("file_info"), ups[0].FileInfo)
	assert.Equal(t, r.text("file_uuid"), ups[0].UUID)
	assert.Equal(t, png, ups[0].Data)
	assert.Equal(t, richmediatest.RouteURL, ups[0].Route)
	assert.Equal(t, "https://example.com/cat.png", ups[0].URL)
	assert.Equal(t, g.OpenID(), ups[0].Chat)
	assert.Equal(t, "group", ups[0].Scene)
	assert.Equal(t, []byte("hello"), ups[1].Data)
	assert.Equal(t, "hello.txt", ups[1].Name)
	assert.Equal(t, richmediatest.RouteInline, ups[1].Route)
	assert.EqualValues(t, 5, ups[1].Size)
	assert.Equal(t, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", ups[1].SHA256)
	assert.Equal(t, 5*time.Minute, ups[1].TTL)
}

func TestUploadFieldsAreStrict(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	b.p.Host("https://example.com/cat.png", png)
	data := base64.StdEncoding.EncodeToString(png)
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"no JSON":               {`file_type=1`, 40011000},
		"an array":              {`[]`, 40011000},
		"null":                  {`null`, 40011000},
		"file_type a string":    {`{"file_type":"1","file_data":"` + data + `"}`, 40011000},
		"file_type a fraction":  {`{"file_type":1.5,"file_data":"` + data + `"}`, 40011000},
		"file_type 0":           {`{"file_type":0,"file_data":"` + data + `"}`, 10000},
		"file_type 5":           {`{"file_type":5,"file_data":"` + data + `"}`, 10000},
		"file_type missing":     {`{"file_data":"` + data + `"}`, 10000},
		"file_type in capitals": {`{"File_Type":1,"file_data":"` + data + `"}`, 10000},
		"srv_send_msg a number": {`{"file_type":1,"file_data":"` + data + `","srv_send_msg":0}`, 40011000},
		"srv_send_msg a string": {`{"file_type":1,"file_data":"` + data + `","srv_send_msg":"false"}`, 40011000},
		"file_name a number":    {`{"file_type":1,"file_data":"` + data + `","file_name":1}`, 40011000},
		"no source":             {`{"file_type":1}`, 10000},
		"empty sources":         {`{"file_type":1,"url":"","file_data":""}`, 10000},
		"two sources":           {`{"file_type":1,"url":"https://example.com/cat.png","file_data":"` + data + `"}`, 10000},
		"url and upload_id":     {`{"file_type":1,"url":"https://example.com/cat.png","upload_id":"u"}`, 10000},
		"url without http":      {`{"file_type":1,"url":"ftp://example.com/cat.png"}`, 10000},
		"a data: URI":           {`{"file_type":1,"file_data":"data:image/png;base64,` + data + `"}`, 10000},
		"base64 unpadded":       {`{"file_type":4,"file_data":"aGVsbG8"}`, 10000},
		"base64 of URLs":        {`{"file_type":4,"file_data":"__-_"}`, 10000},
		"base64 in lines":       {`{"file_type":4,"file_data":"aGVs\nbG8="}`, 10000},
		"sent at once":          {`{"file_type":1,"file_data":"` + data + `","srv_send_msg":true}`, 40034105},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, b.files(g, c.body), 400, c.code, c.code)
		})
	}
	assert.Empty(t, b.p.Uploads())
	accepted(t, b.files(g, `{"file_type":1,"file_data":"`+data+`","url":null,"upload_id":""}`))
}

func TestUploadToAnOpenIDThatIsNotTheBotsIsAnHTTP500(t *testing.T) {
	b := newBot(t)
	g, u := b.p.Group("g"), b.p.C2C("ann")
	refused(t, b.post("/v2/groups/"+strings.Repeat("A", 32)+"/files", inline(1, png)), 500, 850012, 0)
	refused(t, b.post("/v2/groups/"+u.OpenID()+"/files", inline(1, png)), 500, 850012, 0)
	refused(t, b.post("/v2/users/"+g.OpenID()+"/files", inline(1, png)), 500, 850012, 0)
	assert.Equal(t, 500, b.post("/v2/groups/"+u.OpenID()+"/messages", `{"content":"x"}`).status)
}

func TestThePlatformDownloadsPublicURLsOnly(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	for _, u := range []string{
		"https://example.com/missing.png", "http://127.0.0.1/a.png", "http://localhost/a.png", "http://10.0.0.1/a.png",
		"http://192.168.1.1/a.png", "http://[::1]/a.png", "http://169.254.169.254/a.png", "https://example.com:8443/a.png",
		"http://printer.local/a.png", "http://nas/a.png", "http://db.internal/a.png",
	} {
		if !strings.Contains(u, "missing") {
			b.p.Host(u, png)
		}
		refused(t, b.files(g, object("file_type", 1, "url", u)), 400, 850026, 40034001)
	}
	b.p.Host("http://example.com/a.png", png)
	accepted(t, b.files(g, object("file_type", 1, "url", "http://example.com:80/a.png")))
	b.p.Host("http://93.184.215.14/a.png", png)
	accepted(t, b.files(g, object("file_type", 1, "url", "http://93.184.215.14/a.png")))
}

func TestFormatsAreThoseOfTheDocuments(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	wav := []byte("RIFF\x24\x00\x00\x00WAVEfmt ")
	contents := map[string]struct {
		data  []byte
		kinds []int
	}{
		"png":  {png, []int{1}},
		"jpg":  {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), []int{1}},
		"gif":  {[]byte("GIF89a\x01\x00\x01\x00"), []int{1}},
		"webp": {[]byte("RIFF\x1a\x00\x00\x00WEBPVP8 "), []int{1}},
		"bmp":  {[]byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01"), []int{1}},
		"mp4":  {mp4, []int{2}},
		"silk": {silk, []int{3}}, "silk without 0x02": {silk[1:], []int{3}},
		"mp3 with tag": {[]byte("ID3\x04\x00\x00\x00\x00\x02\x00"), []int{3}}, "mp3 bare": {[]byte("\xff\xfb\x90\x64\x00"), []int{3}},
		"wav": {wav, []int{3}}, "ogg": {[]byte("OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x13OpusHead"), []int{3}},
		"flac": {[]byte("fLaC\x00\x00\x00\x22"), nil}, "amr": {[]byte("#!AMR\n\x00"), nil},
		"aac":  {[]byte("\xff\xf1\x50\x80\x00\x1f\xfc"), nil},
		"heic": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), nil},
		"mov":  {[]byte("\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00"), nil},
		"webm": {[]byte("\x1a\x45\xdf\xa3\x01\x00\x00\x00webm"), nil},
		"svg":  {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), nil},
		"text": {[]byte("BM is how this text begins, and it is long enough"), nil},
		"one":  {[]byte("x"), nil},
	}
	for name, c := range contents {
		for kind := 1; kind <= 4; kind++ {
			r := b.files(g, inline(kind, c.data))
			if kind == 4 || len(c.kinds) > 0 && c.kinds[0] == kind {
				assert.Equal(t, 200, r.status, "%s as %d: %s", name, kind, r.raw)
			} else {
				refused(t, r, 400, 850019, 40034002)
			}
		}
	}
}

func TestEmptyFilesAreRefused(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	b.p.Host("https://example.com/empty", nil)
	refused(t, b.files(g, object("file_type", 4, "url", "https://example.com/empty")), 400, 10000, 10000)
}

func TestSizeLimits(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	ev := g.Say("ann", "hi")
	const mb = 1 << 20

	t.Run("an inline body over 10 MB encoded is HTTP 500 with 850012", func(t *testing.T) {
		raw := func(encoded int) []byte { return make([]byte, encoded/4*3) }
		accepted(t, b.files(g, inline(4, raw(10*mb))))
		refused(t, b.files(g, inline(4, raw(10*mb+4))), 500, 850012, 0)
	})
	t.Run("a body over 20 MB is an HTML 413 of the proxy", func(t *testing.T) {
		for _, length := range []int64{20*mb + 1, -1} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
				"https://api.example.com"+base(g)+"/files", strings.NewReader(strings.Repeat(" ", 20*mb+1)))
			require.NoError(t, err)
			req.ContentLength = length
			req.Header.Set("Authorization", "QQBot "+b.token)
			r, err := b.send(req)
			require.NoError(t, err)
			assert.Equal(t, 413, r.status)
			assert.Equal(t, "text/html", r.header.Get("Content-Type"))
			assert.Equal(t, "close", r.header.Get("Connection"))
			assert.Empty(t, r.header.Get("X-Tps-trace-ID"))
			assert.Nil(t, r.json)
		}
	})
	t.Run("over 200 MB is 850031", func(t *testing.T) {
		b.p.Host("https://example.com/huge", make([]byte, 200*mb+1))
		refused(t, b.files(g, object("file_type", 4, "url", "https://example.com/huge")), 400, 850031, 850031)
		b.p.Host("https://example.com/huge", nil)
	})
	t.Run("over the soft size it becomes a file card and loses its caption", func(t *testing.T) {
		b.p.Host("https://example.com/big.png", append(bytes.Clone(png), make([]byte, 20*mb)...))
		r := b.files(g, object("file_type", 1, "url", "https://example.com/big.png", "file_name", "big.png"))
		accepted(t, r)
		accepted(t, b.message(g, object("msg_type", 7, "content", "look", "msg_id", ev.MsgID(), "media", media(r.text("file_info")))))
		shown := g.Answers()[0]
		assert.True(t, shown.Media.Card)
		assert.Empty(t, shown.Text)
		assert.Contains(t, shown.String(), "file card (image) big.png")
	})
}

func TestDailyVolumeIsUsedUpAndComesBackTheNextDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithDailyVolume(10))
		g := b.p.Group("g")
		accepted(t, b.files(g, inline(4, []byte("1234567"))))
		refused(t, b.files(g, inline(4, []byte("1234"))), 400, 40093002, 40093002)
		accepted(t, b.files(g, inline(4, []byte("123"))))
		time.Sleep(24 * time.Hour)
		b.token = b.newToken()
		accepted(t, b.files(g, inline(4, []byte("1234567"))))
	})
}

func TestUploadOptions(t *testing.T) {
	t.Run("a file_info is canonical base64, or opaque", func(t *testing.T) {
		b := newBot(t, richmediatest.WithOpaqueFileInfo())
		opaque := b.fileInfo(b.p.Group("g"), 1, png)
		_, err := base64.StdEncoding.DecodeString(opaque)
		require.Error(t, err)
		assert.Regexp(t, "^[0-9A-F]{34}$", opaque)
		g := b.p.Group("g")
		accepted(t, b.message(g, object("msg_type", 7, "msg_id", g.Say("ann", "hi").MsgID(), "media", media(opaque))))

		b = newBot(t)
		info := b.fileInfo(b.p.Group("g"), 1, png)
		raw, err := base64.StdEncoding.Strict().DecodeString(info)
		require.NoError(t, err)
		assert.Equal(t, info, base64.StdEncoding.EncodeToString(raw))
		assert.Contains(t, info, "=")
	})
	t.Run("ttl 0 is long-lived and partial seconds are rounded up", func(t *testing.T) {
		b := newBot(t, richmediatest.WithTTL(0))
		assert.EqualValues(t, 0, b.files(b.p.Group("g"), inline(1, png)).json["ttl"])
		b = newBot(t, richmediatest.WithTTL(1500*time.Millisecond))
		assert.EqualValues(t, 2, b.files(b.p.Group("g"), inline(1, png)).json["ttl"])
	})
	t.Run("without inline file_data is ignored", func(t *testing.T) {
		b := newBot(t, richmediatest.WithoutInline("c2c"))
		refused(t, b.files(b.p.C2C("ann"), inline(1, png)), 400, 10000, 10000)
		accepted(t, b.files(b.p.Group("g"), inline(1, png)))
		b = newBot(t, richmediatest.WithoutInline())
		refused(t, b.files(b.p.Group("g"), inline(1, png)), 400, 10000, 10000)
	})
	t.Run("in C2C only silk inline", func(t *testing.T) {
		b := newBot(t, richmediatest.WithSilkOnlyInline(), richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 20}))
		mp3, err := os.ReadFile("../testdata/formats/mp3-mpeg1.mp3")
		require.NoError(t, err)
		c, g := b.p.C2C("ann"), b.p.Group("g")
		refused(t, b.files(c, inline(3, mp3)), 400, 40011000, 40011000)
		refused(t, b.files(c, inline(3, wav)), 400, 40011000, 40011000)
		accepted(t, b.files(c, inline(3, silk)))
		accepted(t, b.files(c, inline(4, mp3)))
		accepted(t, b.files(g, inline(3, mp3)))
		o := b.prepare(c, announced(3, "a.mp3", mp3))
		b.parts(c, o, mp3)
		accepted(t, b.files(c, object("upload_id", o.UploadID)))
		b.p.Host("https://example.com/a.mp3", mp3)
		accepted(t, b.files(c, object("file_type", 3, "url", "https://example.com/a.mp3")))
	})
	t.Run("a name of another kind than a file is a warning", func(t *testing.T) {
		b := newBot(t, richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 20}))
		g := b.p.Group("g")
		warned := func() bool {
			calls := b.p.Calls()
			return len(calls[len(calls)-1].Warnings) > 0
		}
		accepted(t, b.files(g, inline(3, silk)))
		assert.False(t, warned())
		accepted(t, b.files(g, object("file_type", 4, "file_data", "aGVsbG8=", "file_name", "hello.txt")))
		assert.False(t, warned())
		accepted(t, b.files(g, object("file_type", 3, "file_data", base64.StdEncoding.EncodeToString(silk), "file_name", "a.silk")))
		assert.True(t, warned())
		o := b.prepare(g, announced(3, "a.silk", silk))
		b.parts(g, o, silk)
		accepted(t, b.files(g, object("upload_id", o.UploadID, "file_name", "a.silk")))
		assert.True(t, warned())
		accepted(t, b.files(g, object("upload_id", o.UploadID)))
		assert.False(t, warned())
	})
	t.Run("without data only digests stay", func(t *testing.T) {
		b := newBot(t, richmediatest.WithoutData())
		b.fileInfo(b.p.Group("g"), 1, png)
		up := b.p.Uploads()[0]
		assert.Nil(t, up.Data)
		assert.EqualValues(t, len(png), up.Size)
		assert.Len(t, up.SHA256, 64)
	})
	t.Run("proactive: srv_send_msg shows the file at once", func(t *testing.T) {
		b := newBot(t, richmediatest.WithProactive())
		g := b.p.Group("g")
		r := b.files(g, object("file_type", 4, "file_data", "aGVsbG8=", "srv_send_msg", true))
		accepted(t, r)
		require.Len(t, g.Answers(), 1)
		assert.Equal(t, r.text("id"), g.Answers()[0].ID)
		assert.NotEmpty(t, g.Answers()[0].Media.Name, "a card without file_name carries a hash-like name")
	})
}

func TestAMutedGroupTakesNoUploads(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	g.Mute(true)
	refused(t, b.files(g, inline(1, png)), 400, 850018, 850018)
	g.Mute(false)
	accepted(t, b.files(g, inline(1, png)))
}
