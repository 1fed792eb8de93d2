package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestNewNamesEveryOptionThatIsOutOfRange(t *testing.T) {
	_, err := richmedia.New(nil)
	require.ErrorContains(t, err, "the token source is nil")

	p := richmediatest.New()
	for want, opt := range map[string]richmedia.Option{
		"WithWorkers(0)":                   richmedia.WithWorkers(0),
		"WithQueue(-1)":                    richmedia.WithQueue(-1),
		"WithWorkers(9223372036854775807)": richmedia.WithWorkers(math.MaxInt),
		"WithQueue(9223372036854775807)":   richmedia.WithQueue(math.MaxInt),
		"WithQueue(10000001)":              richmedia.WithQueue(10_000_001),
		"WithWorkers(100001)":              richmedia.WithWorkers(100_001),
		"WithRetries(-1)":                  richmedia.WithRetries(-1),
		"WithRetries(101)":                 richmedia.WithRetries(101),
		"WithRefreshAhead(-1)":             richmedia.WithRefreshAhead(-1),
		"WithRefreshAhead(10001)":          richmedia.WithRefreshAhead(10_001),
		"WithLogger(nil)":                  richmedia.WithLogger(nil),
		"WithHTTPClient(nil)":              richmedia.WithHTTPClient(nil),
		"WithBaseURL: give an absolute":    richmedia.WithBaseURL("api.sgroup.qq.com"),
		"give ScopeGroup, ScopeC2C, Scope": richmedia.WithReplyLimits(9, 1, time.Minute),
		"WithReplyLimits(group, -1, 1m0s)": richmedia.WithReplyLimits(richmedia.ScopeGroup, -1, time.Minute),
		"WithReplyLimits(c2c, 1, -1s)":     richmedia.WithReplyLimits(richmedia.ScopeC2C, 1, -time.Second),
	} {
		_, err := richmedia.New(p.TokenSource(), opt)
		require.ErrorContains(t, err, want)
	}
	for _, address := range []string{"https://bot:secret@api.example.com", "https://api.example.com?token=secret", "ftp://api.example.com", "https://"} {
		_, err := richmedia.New(p.TokenSource(), richmedia.WithBaseURL(address))
		require.ErrorContains(t, err, "WithBaseURL: give an absolute http or https address", address)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err = richmedia.New(p.TokenSource(), richmedia.WithSandbox(), richmedia.WithBaseURL("https://example.com"), richmedia.WithWorkers(0))
	require.ErrorContains(t, err, "give one of them")
	require.ErrorContains(t, err, "WithWorkers(0)", "all of them at once")

	_, err = richmedia.New(p.TokenSource(), richmedia.WithRefreshAhead(1), richmedia.WithStore(nil))
	require.ErrorContains(t, err, "WithRefreshAhead(1) and WithStore(nil): give one of them")

	fine, err := richmedia.New(p.TokenSource(), nil, richmedia.WithStore(nil), richmedia.WithRetries(0))
	require.NoError(t, err)
	require.NoError(t, fine.Close())
}

// TestBadInputIsAnErrorBeforeAnyRequest goes through what a bot author can get wrong.
func TestBadInputIsAnErrorBeforeAnyRequest(t *testing.T) {
	b := newBed(t)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	used := richmedia.FromReader("cat.png", bytes.NewReader(readMedia(t, "cat.png")))
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, used)
	require.NoError(t, err)

	pdf := richmedia.FromFS(media, "report.pdf")
	big := func() richmedia.Source {
		return richmedia.FromOpener("big.bin", func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(endless{}, 200<<20+1)), nil
		})
	}
	for name, c := range map[string]struct {
		kind richmedia.Kind
		src  richmedia.Source
		want string
		is   error
	}{
		"zero source":       {richmedia.KindImage, richmedia.Source{}, "the Source is empty: make one with FromURL", nil},
		"named zero source": {richmedia.KindImage, richmedia.Source{}.Named("x.png"), "upload x.png: check: the Source is empty", nil},
		"missing file":      {richmedia.KindImage, richmedia.FromFile(filepath.Join(dir, "no.png")), "upload no.png: open: " + filepath.Join(dir, "no.png") + ": no such file", os.ErrNotExist},
		"file without name": {richmedia.KindImage, richmedia.FromFile(""), "check: FromFile: the name is empty; give the path of a file", nil},
		"missing fs entry":  {richmedia.KindImage, richmedia.FromFS(media, "no.png"), "upload no.png: open:", os.ErrNotExist},
		"directory":         {richmedia.KindFile, richmedia.FromFile(dir), "open: " + dir + ": is a directory; give a file", nil},
		"fs directory":      {richmedia.KindFile, richmedia.FromFS(media, "."), "is a directory", nil},
		"empty file":        {richmedia.KindFile, richmedia.FromFile(file("empty", "")), "the content is empty", nil},
		"empty bytes":       {richmedia.KindFile, richmedia.FromBytes("x", nil), "the content is empty", nil},
		"empty reader":      {richmedia.KindFile, richmedia.FromReader("x", strings.NewReader("")), "the content is empty", nil},
		"reader used twice": {richmedia.KindImage, used, "a reader can be read one time", nil},
		"nil reader":        {richmedia.KindImage, richmedia.FromReader("x", nil), "the reader is nil", nil},
		"nil opener":        {richmedia.KindImage, richmedia.FromOpener("x", nil), "the function is nil", nil},
		"nil fs":            {richmedia.KindImage, richmedia.FromFS(nil, "x"), "the file system is nil", nil},
		"opener of nothing": {richmedia.KindImage, richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) { return nil, nil }), "neither a reader nor an error", nil},
		"failing opener":    {richmedia.KindImage, richmedia.FromOpener("x", func(context.Context) (io.ReadCloser, error) { return nil, errors.New("no bucket") }), "upload x: open: no bucket", nil},
		"failing reader":    {richmedia.KindFile, richmedia.FromReader("x", iotest.ErrReader(errors.New("line dead"))), "upload x: read: line dead", nil},
		"ftp":               {richmedia.KindImage, richmedia.FromURL("ftp://example.com/cat.png"), "fetches http and https, not ftp", richmedia.ErrUnsupported},
		"file URL":          {richmedia.KindImage, richmedia.FromURL("file:///etc/cat.png"), "not file; use FromFile for a local file", richmedia.ErrUnsupported},
		"relative URL":      {richmedia.KindImage, richmedia.FromURL("cat.png"), "not absolute; give one such as https://example.com/cat.png, or use FromFile", nil},
		"no host":           {richmedia.KindImage, richmedia.FromURL("https:///cat.png"), "the address names no host", nil},
		"no URL":            {richmedia.KindImage, richmedia.FromURL("https://exa mple/%zz"), "no address", nil},
		"empty attachment":  {richmedia.KindImage, richmedia.FromAttachment(richmedia.Attachment{}), "the attachment has no URL", nil},
		"PDF as image":      {richmedia.KindImage, pdf, "the content is application/pdf, and as an image the platform takes png, jpg, gif, webp or bmp", richmedia.ErrUnsupported},
		"PNG as voice":      {richmedia.KindVoice, cat(), "image/png, and as a voice the platform takes silk, mp3, wav or ogg", richmedia.ErrUnsupported},
		"text as video":     {richmedia.KindVideo, richmedia.FromBytes("a.mp4", []byte("just a text")), "text/plain, and as a video the platform takes mp4", richmedia.ErrUnsupported},
		"no kind":           {0, cat(), "Kind(0); give KindImage", richmedia.ErrUnsupported},
		"unknown kind":      {5, cat(), "Kind(5)", richmedia.ErrUnsupported},
		"too large":         {richmedia.KindFile, big(), "as a file the platform takes 209715200 at most", richmedia.ErrTooLarge},
		"too large, known":  {richmedia.KindFile, richmedia.FromFS(fstest.MapFS{"big": {Data: make([]byte, 200<<20+1)}}, "big"), "209715201 bytes", richmedia.ErrTooLarge},
	} {
		before := len(b.Calls())
		c2 := b.context(t, b.Group("club"))
		_, err := c2.Reply(t.Context(), c.kind, c.src)
		require.ErrorContains(t, err, c.want, name)
		var up *richmedia.UploadError
		require.ErrorAs(t, err, &up, name)
		assert.NotEmpty(t, up.Step, name)
		if c.is != nil {
			require.ErrorIs(t, err, c.is, name)
		}
		assert.Len(t, b.Calls(), before, name)
		n, _ := c2.RepliesLeft()
		assert.Equal(t, 5, n, name)
	}
	_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
	require.NoError(t, err, "the bot lives on")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnUnreadableFileIsAnErrorBeforeAnyRequest(t *testing.T) {
	b := newBed(t)
	path := filepath.Join(t.TempDir(), "secret.png")
	require.NoError(t, os.WriteFile(path, readMedia(t, "cat.png"), 0))
	unreadable := map[string]func(error) bool{
		filepath.Join(path, "below-a-file.png"): func(err error) bool { return errors.As(err, new(*fs.PathError)) },
	}
	if os.Geteuid() != 0 { // root may read everything
		unreadable[path] = func(err error) bool { return errors.Is(err, os.ErrPermission) }
	}
	for path, expected := range unreadable {
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromFile(path))
		var up *richmedia.UploadError
		require.ErrorAs(t, err, &up)
		assert.Equal(t, "open", up.Step)
		assert.True(t, expected(err), "%v", err)
	}
	assert.Empty(t, b.Calls())
}

func TestATargetWithoutAChatIsAnError(t *testing.T) {
	b := newBed(t)
	for want, target := range map[string]richmedia.Target{
		"Target.ChatID is empty":    {Scope: richmedia.ScopeGroup, MsgID: "M"},
		"Target.Scope is Scope(0)":  {ChatID: "G", MsgID: "M"},
		"Target.Scope is Scope(77)": {Scope: 77, ChatID: "G"},
	} {
		_, err := b.media.For(target).ReplyText(t.Context(), "x")
		require.ErrorContains(t, err, want)
		_, err = b.media.For(target).NextSeq()
		require.ErrorContains(t, err, want)
		_, err = b.media.Upload(t.Context(), target, richmedia.KindImage, cat())
		require.ErrorContains(t, err, want)
	}
	assert.Empty(t, b.Calls())
}

func TestPayloadsThatCannotBeAnsweredAreErrors(t *testing.T) {
	b := newBed(t)
	for _, c := range []struct {
		want    string
		payload *dto.WSPayload
	}{
		{"the payload is nil", nil},
		{"is empty", &dto.WSPayload{}},
		{"is malformed", &dto.WSPayload{RawMessage: []byte(`{"d":{"id":`)}},
		{"no d object", payload("C2C_MESSAGE_CREATE", "x", `"text"`)},
		{"no d object", payload("C2C_MESSAGE_CREATE", "x", `null`)},
		{"names no chat", payload("C2C_MESSAGE_CREATE", "x", `{"id":"M","author":{}}`)},
		{"names no chat", payload("GROUP_AT_MESSAGE_CREATE", "x", `{"id":"M","author":{"member_openid":"U"}}`)},
		{"no message id", payload("GROUP_AT_MESSAGE_CREATE", "x", `{"group_openid":"G"}`)},
		{"no outer id", payload("FRIEND_ADD", "", `{"openid":"U"}`)},
		{"FRIEND_DEL cannot be answered", payload("FRIEND_DEL", "FRIEND_DEL:1", `{"openid":"U"}`)},
		{"GROUP_DEL_ROBOT cannot be answered", payload("GROUP_DEL_ROBOT", "GROUP_DEL_ROBOT:1", `{"group_openid":"G"}`)},
		{"GUILD_CREATE names no chat", payload("GUILD_CREATE", "GUILD_CREATE:1", `{"id":"1"}`)},
		{"a button in a guild", payload("INTERACTION_CREATE", "INTERACTION_CREATE:1", `{"id":"1","chat_type":0,"guild_id":"2","type":11}`)},
	} {
		_, err := b.media.Context(c.payload)
		require.ErrorContains(t, err, c.want)
	}
	assert.Empty(t, b.Calls())
}

func TestAButtonInAGuildIsNotTakenForASingleChat(t *testing.T) {
	b := newBed(t)
	for _, ids := range []string{`"guild_id":"2"`, `"user_openid":"U"`, `"group_openid":"G","group_member_openid":"U"`} {
		p := payload("INTERACTION_CREATE", "INTERACTION_CREATE:"+ids, `{"id":"1","chat_type":0,"type":11,`+ids+`}`)
		_, err := b.media.Context(p)
		require.ErrorIs(t, err, richmedia.ErrUnsupported, ids)
		require.ErrorContains(t, err, "a button in a guild", ids)

		got := make(chan *richmedia.Context, 1)
		b.onButton(func(_ context.Context, c *richmedia.Context) error { got <- c; return nil })
		require.NoError(t, event.ParseAndHandle(p))
		c := <-got
		assert.Zero(t, left(c), ids)
		for name, reply := range map[string]func() error{
			"text":     func() error { _, err := c.ReplyText(t.Context(), "x"); return err },
			"image":    func() error { _, err := c.ReplyImage(t.Context(), cat()); return err },
			"uploaded": func() error { _, err := c.ReplyUploaded(t.Context(), richmedia.File{}); return err },
			"message": func() error {
				_, err := c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "x"})
				return err
			},
			"seq": func() error { _, err := c.NextSeq(); return err },
		} {
			require.ErrorContains(t, reply(), "a button in a guild", name)
		}
	}
	require.NoError(t, b.media.Shutdown(soon(t)))
	assert.Zero(t, b.Count(richmediatest.OpSend))
	assert.Zero(t, b.Count(richmediatest.OpUpload))
}

func TestANilOptionIsIgnored(t *testing.T) {
	b := newBed(t)
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat(), nil, richmedia.WithoutCache(), nil)
	require.NoError(t, err)
	_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), cat(), nil, richmedia.WithCaption("meow"), nil)
	require.NoError(t, err)
	assert.Equal(t, "meow", b.Group("club").Answers()[0].Text)
	assert.Len(t, b.Uploads(), 2)
}

func TestAMalformedEventDoesNotStopTheBot(t *testing.T) {
	b := newBed(t)
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, "fine")
		return err
	})
	require.Error(t, event.ParseAndHandle(payload("GROUP_AT_MESSAGE_CREATE", "x", `{"id":"M"}`)))
	b.Group("club").Say("alice", "hi")
	answers(t, b.Group("club"), 1)
}

func TestFieldsOfUnexpectedTypesDoNotPreventAReply(t *testing.T) {
	b := newBed(t)
	for _, p := range []*dto.WSPayload{
		payload("GROUP_AT_MESSAGE_CREATE", "x", `{"id":"M","group_openid":"G","content":7,"author":{"member_openid":"U"},"attachments":{},"mentions":[{"id":3}]}`),
		payload("C2C_MESSAGE_CREATE", "x", `{"id":"M","author":{"user_openid":"U"},"timestamp":1741878735,"attachments":[{"size":"12","url":"a.example/b"}]}`),
		payload("C2C_MSG_RECEIVE", "C2C_MSG_RECEIVE:1", `{"openid":"U","timestamp":"soon","author":[]}`),
		{WSPayloadBase: dto.WSPayloadBase{Type: "C2C_MESSAGE_CREATE"}, Data: map[string]any{"id": "M", "author": map[string]any{"id": "U"}}},
	} {
		c, err := b.media.Context(p)
		require.NoError(t, err)
		assert.NotEmpty(t, c.Target().ChatID)
		n, _ := c.RepliesLeft()
		assert.Positive(t, n)
	}
}

func TestEitherCodeOfAResponseDecidesTheSentinel(t *testing.T) {
	b := newBed(t)
	b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"message":"no","code":850018,"err_code":77,"trace_id":"T"}`))
	})
	_, err := b.context(t, b.Group("club")).ReplyText(t.Context(), "hi")
	require.ErrorIs(t, err, richmedia.ErrNotPermitted, "the err_code is not known, the code is")
	require.NotErrorIs(t, err, richmedia.ErrRateLimited)
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, 77, api.Code)
	var bot *errs.Err
	require.ErrorAs(t, err, &bot)
	assert.JSONEq(t, `{"message":"no","code":850018,"err_code":77}`, bot.Text(), "as it came")
}

// textError is an error that cannot be compared.
type textError []string

func (e textError) Error() string { return strings.Join(e, " ") }

func TestErrorsAreComparedWithAnyOther(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	for _, fault := range []func() func(){
		func() func() { return b.Fail(richmediatest.OpSend, -1, http.StatusBadRequest, 40034006, "no") },
		func() func() { return b.Fail(richmediatest.OpUpload, -1, http.StatusBadRequest, 850018, "no") },
	} {
		remove := fault()
		_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithoutCache())
		remove()
		require.Error(t, err)
		assert.NotPanics(t, func() { assert.NotErrorIs(t, err, textError{"x"}) })
	}
}

func TestTencentsSilkIsAVoice(t *testing.T) {
	b := newBed(t)
	for name, head := range map[string]string{"Tencent's": "\x02#!SILK_V3", "the standard's": "#!SILK_V3"} {
		c := b.context(t, b.Group("club"))
		_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("a.silk", []byte(head+"\x0c\x00\x01\x02")))
		require.NoError(t, err, name)
		_, err = c.ReplyVideo(t.Context(), richmedia.FromBytes("a.silk", []byte(head+"\x0c\x00\x01\x02")))
		require.ErrorContains(t, err, "the content is audio/silk", name)
	}
	_, err := b.context(t, b.Group("club")).ReplyVoice(t.Context(), richmedia.FromBytes("a.silk", []byte("\x03#!SILK_V3\x0c")))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
}

func TestARefusedUploadIsReportedWithItsSentinel(t *testing.T) {
	b := newBed(t)
	_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromURL("https://example.com/missing.png?sign=SECRET"), richmedia.WithoutCache())
	require.ErrorIs(t, err, richmedia.ErrFetchFailed)
	var up *richmedia.UploadError
	require.ErrorAs(t, err, &up)
	assert.Equal(t, "https://example.com/missing.png", up.Name)
	assert.Equal(t, "upload", up.Step)
	assert.Regexp(t, `^upload https://example.com/missing.png: \d+ the platform could not download the URL: `, err.Error())
	assert.NotContains(t, err.Error(), "SECRET")
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, 40034001, api.Code)

	for code, want := range map[int]error{
		40093002: richmedia.ErrDailyLimit, 850031: richmedia.ErrTooLarge, 11298: richmedia.ErrNotPermitted,
		850018: richmedia.ErrNotPermitted, 850019: richmedia.ErrUnsupported,
	} {
		b := newBed(t)
		b.Fail(richmediatest.OpUpload, -1, http.StatusBadRequest, code, "no")
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
		require.ErrorIs(t, err, want, code)
		assert.Equal(t, 1, b.Count(richmediatest.OpUpload), code)
	}
}

func TestAnimatedPNGAndM4VAreAcceptedAsPNGAndMP4(t *testing.T) {
	b := newBed(t)
	png := readMedia(t, "cat.png")
	apng := append([]byte{}, png[:33]...) // a control chunk behind the header makes it one
	apng = append(apng, 0, 0, 0, 8, 'a', 'c', 'T', 'L', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
	apng = append(apng, png[33:]...)
	m4v := append([]byte{0, 0, 0, 0x20}, "ftypM4V \x00\x00\x00\x00M4V mp42isom\x00\x00\x00\x00"...)
	b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"file_info":"abc"}`)
	})
	_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, richmedia.FromBytes("x.png", apng))
	require.NoError(t, err)
	_, err = b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindVideo, richmedia.FromBytes("x.mp4", append(m4v, make([]byte, 100)...)))
	require.NoError(t, err)
}
