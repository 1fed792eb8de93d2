package richmedia_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestADeadlineNamesWhatUsedUpTheTime(t *testing.T) {
	for name, scene := range map[string]struct {
		op           richmediatest.Op
		status, code int
		message      string
		want         string
	}{
		"a wrong secret":        {richmediatest.OpToken, 200, 100016, "invalid appid or secret", "token: context deadline exceeded; before that: no access token"},
		"a token endpoint":      {richmediatest.OpToken, 502, 0, "", "HTTP 502"},
		"an upload under 429":   {richmediatest.OpUpload, 429, 40023001, "slow down", "upload: 40023001 too many requests: slow down: context deadline exceeded (HTTP 429"},
		"a send under 429":      {richmediatest.OpSend, 429, 40023001, "slow down", "send: 40023001 too many requests: slow down: context deadline exceeded (HTTP 429"},
		"a platform that fails": {richmediatest.OpSend, 503, 0, "", "send: Service Unavailable: context deadline exceeded (HTTP 503"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				b.Fail(scene.op, -1, scene.status, scene.code, scene.message)
				c := b.context(t, b.Group("club"))
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				_, err := c.ReplyImage(ctx, cat())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, scene.want)
				require.ErrorContains(t, err, scene.message)
				assert.NotContains(t, err.Error(), fmt.Sprintf("%s: %s: ", scene.op, scene.op), "the step stands there once")
			})
		})
	}
}

// TestADeadlineNamesWhatUsedUpTheTimeOfAnUploadThatOthersWaitForToo whichever of them began it.
func TestADeadlineNamesWhatUsedUpTheTimeOfAnUploadThatOthersWaitForToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Fail(richmediatest.OpUpload, -1, 429, 40023001, "slow down")
		first := make(chan error, 1)
		go func() {
			_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
			first <- err
		}()
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := b.media.Upload(ctx, target(b.Group("team")), richmedia.KindImage, cat())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, richmedia.ErrRateLimited)
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, 429, api.Status)
		require.ErrorContains(t, err, "upload: 40023001 too many requests: slow down: context deadline exceeded")
		require.ErrorContains(t, <-first, "slow down")
	})
}

func TestWithoutRetriesATokenIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithRetries(0))
		b.Fail(richmediatest.OpToken, -1, 200, 100016, "invalid appid or secret")
		_, err := b.context(t, b.Group("club")).ReplyText(t.Context(), "hi")
		require.ErrorContains(t, err, "100016 invalid appid or secret")
		assert.Equal(t, 1, b.Count(richmediatest.OpToken))
	})
}

func TestNoFallbackTextFollowsARefusedReply(t *testing.T) {
	for code, sentinel := range map[int]error{
		40034031: richmedia.ErrReplyWindow, 40034024: nil, 40034027: richmedia.ErrUnsupported, 40034033: nil, 22009: richmedia.ErrReplyLimit,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			b := newBed(t)
			c := b.context(t, b.Group("club"))
			b.Fail(richmediatest.OpSend, -1, 400, code, "no")
			_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithFallbackText("no cat"))
			require.Error(t, err)
			if sentinel != nil {
				require.ErrorIs(t, err, sentinel)
			}
			require.NotErrorIs(t, err, richmedia.ErrRateLimited)
			assert.Equal(t, 1, b.Count(richmediatest.OpSend))
		})
	}
}

func TestAKnownCodeUnderHTTP500IsNoDoubt(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	b.Fail(richmediatest.OpSend, -1, 500, 50059, "input type err")
	_, err := c.ReplyText(t.Context(), "hi")
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Equal(t, 1, b.Count(richmediatest.OpSend))
	assert.Equal(t, 5, left(c))
	require.ErrorContains(t, err, "50059 wrong input type of a typing notice")
}

func TestAVoiceThatIsRefusedInOneCallGoesInPartsAndOtherKindsDoNot(t *testing.T) {
	b := newBed(t)
	chat := b.C2C("carol")
	c := b.context(t, chat)
	b.Fail(richmediatest.OpUpload, 1, 400, 40011000, "请求数据异常")
	_, err := c.ReplyVoice(t.Context(), richmedia.FromBytes("hello.mp3", readMedia(t, "hello.mp3")))
	require.NoError(t, err)
	assert.Equal(t, 1, b.Count(richmediatest.OpMerge))
	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Equal(t, 1, b.Count(richmediatest.OpMerge), "an image still goes in one call")
}

func TestOnlyAFileHasANameInItsMerge(t *testing.T) {
	b := newBed(t, richmedia.WithInlineLimit(0))
	c := b.context(t, b.Group("club"))
	for kind, name := range map[richmedia.Kind]string{
		richmedia.KindVoice: "hello.mp3", richmedia.KindImage: "cat.png", richmedia.KindVideo: "clip.mp4", richmedia.KindFile: "cat.png",
	} {
		_, err := c.Reply(t.Context(), kind, richmedia.FromBytes(name, readMedia(t, name)))
		require.NoError(t, err)
		var merge string
		for _, call := range b.Calls() {
			if call.Op == richmediatest.OpMerge {
				merge = string(call.Body)
			}
		}
		assert.Equal(t, kind == richmedia.KindFile, strings.Contains(merge, "file_name"), merge)
	}
}

type panickySource struct{ oauth2.TokenSource }

func (panickySource) Token() (*oauth2.Token, error) { panic("no config file") }

func TestAPanicOfTheTokenSourceIsAnErrorOfTheReply(t *testing.T) {
	p := richmediatest.New()
	b := newBedFrom(t, p, panickySource{p.TokenSource()}, richmedia.WithRetries(0))
	for _, reply := range []func(*richmedia.Context) error{
		func(c *richmedia.Context) error { _, err := c.ReplyText(t.Context(), "hi"); return err },
		func(c *richmedia.Context) error { _, err := c.ReplyImage(t.Context(), cat()); return err },
	} {
		err := reply(b.context(t, b.Group("club")))
		var panicked *richmedia.PanicError
		require.ErrorAs(t, err, &panicked)
		require.EqualError(t, panicked, "the token source panicked: no config file")
		require.ErrorContains(t, err, "token: the token source panicked: no config file")
	}
}
