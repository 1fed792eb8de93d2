package richmedia

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/sniff"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// kindOf is the kind that accepts a format, apart from KindFile, which accepts all.
var kindOf = map[string]Kind{
	"image/jpeg": KindImage, "image/png": KindImage, "image/apng": KindImage, "image/gif": KindImage,
	"image/webp": KindImage, "image/bmp": KindImage,
	"video/mp4":  KindVideo,
	"audio/silk": KindVoice, "audio/mpeg": KindVoice, "audio/wav": KindVoice, "audio/ogg": KindVoice,
}

// eachFixture calls check with each file of testdata/formats and its format.
func eachFixture(t *testing.T, check func(t *testing.T, format string, content []byte)) {
	entries, err := os.ReadDir("testdata/formats")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() == "README.md" || e.Name() == "make.sh" {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			content, format := readFixture(t, e.Name())
			check(t, format, content)
		})
	}
}

func readFixture(t *testing.T, file string) (content []byte, format string) {
	content, err := os.ReadFile("testdata/formats/" + file)
	require.NoError(t, err)
	format, err = sniff.Format(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	return content, format
}

func TestAKindAcceptsItsFormatsAndNoOthers(t *testing.T) {
	seen := map[string]bool{}
	eachFixture(t, func(t *testing.T, format string, _ []byte) {
		seen[format] = true
		for _, kind := range []Kind{KindImage, KindVideo, KindVoice, KindFile} {
			err := checkFormat(kind, format)
			if kind == KindFile || kind == kindOf[format] {
				assert.NoError(t, err, kind)
				continue
			}
			require.ErrorIs(t, err, ErrUnsupported, kind)
			assert.ErrorContains(t, err, format)
		}
	})
	for format := range kindOf {
		assert.True(t, seen[format], "no file is %s", format)
	}
}

// silent is a voice that the platform accepts and plays as silence: no decoder reads its packets. The plugin refuses it.
const silent = "silk-22050.silk"

// The fake is asked directly, because the plugin sends it nothing that the plugin refuses.
func TestThePluginAndTheFakePlatformAgreeOnEveryFile(t *testing.T) {
	p := richmediatest.New()
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	token, err := p.TokenSource().Token()
	require.NoError(t, err)
	address := p.URL() + "/v2/groups/" + p.Group("club").OpenID() + "/files"
	eachFixture(t, func(t *testing.T, format string, content []byte) {
		for _, kind := range []Kind{KindImage, KindVideo, KindVoice, KindFile} {
			body, err := json.Marshal(map[string]any{
				"file_type": kind, "file_data": base64.StdEncoding.EncodeToString(content), "srv_send_msg": false,
			})
			require.NoError(t, err)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Authorization", "QQBot "+token.AccessToken)
			resp, err := p.Client().Do(req)
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())

			verdict := checkFormat(kind, format)
			want := http.StatusOK
			if path.Base(t.Name()) == silent && kind == KindVoice {
				require.ErrorIs(t, verdict, ErrUnsupported)
			} else if verdict != nil {
				want = http.StatusBadRequest
				assert.Contains(t, string(answer), "850019", kind)
			}
			assert.Equal(t, want, resp.StatusCode, "%s: the plugin says %v, the platform %s", kind, verdict, answer)
		}
	})
}

func TestARefusalSaysWhatTheFileIsInPlainWords(t *testing.T) {
	for file, want := range map[string]string{
		"amr-nb.amr":     "the content is amr audio (audio/amr), and as a voice the platform takes silk, mp3, wav or ogg; ReplyFile takes anything",
		"m4a.m4a":        "the content is m4a audio (audio/mp4), and as a voice the platform takes",
		"mp2.mp2":        "the content is MPEG audio of layer I or II, which is no mp3 (audio/mp2), and",
		"mov-qt.mov":     "the content is a QuickTime movie, which is no mp4 (video/quicktime), and",
		"ogg-theora.ogv": "the content is ogg video (video/ogg), and",
		"pdf.pdf":        "the content is application/pdf, and",
		"png.png":        "the content is image/png, and",
	} {
		_, format := readFixture(t, file)
		require.ErrorContains(t, checkFormat(KindVoice, format), want, file)
	}
	require.ErrorContains(t, checkFormat(KindImage, sniff.Unknown), "the content is of no known format (application/octet-stream), and as an image")
}

func TestOverTheSoftSizeAKindIsShownAsACard(t *testing.T) {
	for kind, soft := range map[Kind]int64{KindImage: 20 << 20, KindVideo: 30 << 20, KindVoice: 20 << 20, KindFile: 200 << 20} {
		assert.False(t, overSoft(kind, 0), kind)
		assert.False(t, overSoft(kind, soft), kind)
		assert.True(t, overSoft(kind, soft+1), kind)
		assert.LessOrEqual(t, soft, kindRules[kind].hard)
	}
	assert.False(t, overSoft(0, 1<<40))
}
