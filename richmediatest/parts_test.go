package richmediatest_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func md5Hex(b []byte) string  { s := md5.Sum(b); return hex.EncodeToString(s[:]) }
func sha1Hex(b []byte) string { s := sha1.Sum(b); return hex.EncodeToString(s[:]) }

// announced are the fields of a prepare.
func announced(kind int, name string, data []byte) map[string]any {
	return map[string]any{
		"file_type": kind, "file_size": strconv.Itoa(len(data)), "file_name": name,
		"md5": md5Hex(data), "sha1": sha1Hex(data), "md5_10m": md5Hex(data[:min(len(data), 10002432)]),
	}
}

func encoded(m map[string]any) string {
	raw, _ := json.Marshal(m)
	return string(raw)
}

type offer struct {
	UploadID  string          `json:"upload_id"`
	BlockSize json.RawMessage `json:"block_size"`
	Parts     []struct {
		Index     int             `json:"index"`
		URL       string          `json:"presigned_url"`
		BlockSize json.RawMessage `json:"block_size"`
	} `json:"parts"`
	Config      map[string]int `json:"upload_config"`
	Concurrency int            `json:"concurrency"`
	Data        *offer         `json:"data"`
	FileInfo    string         `json:"file_info"`
}

func (b *bot) prepare(c *richmediatest.Chat, fields map[string]any) offer {
	b.t.Helper()
	r := b.post(base(c)+"/upload_prepare", encoded(fields))
	accepted(b.t, r)
	var o offer
	require.NoError(b.t, json.Unmarshal(r.raw, &o))
	return o
}

// put sends a part without any Authorization.
func (b *bot) put(url string, body io.Reader, change ...func(*http.Request)) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, url, body)
	require.NoError(b.t, err)
	for _, c := range change {
		c(req)
	}
	r, err := b.send(req)
	require.NoError(b.t, err)
	return r
}

func (b *bot) finish(c *richmediatest.Chat, kv ...any) reply {
	b.t.Helper()
	return b.post(base(c)+"/upload_part_finish", object(kv...))
}

// parts uploads data in parts, in the order of the offer.
func (b *bot) parts(c *richmediatest.Chat, o offer, data []byte) {
	b.t.Helper()
	for _, p := range o.Parts {
		n := number(b.t, p.BlockSize)
		block := data[:n]
		data = data[n:]
		r := b.put(p.URL, bytes.NewReader(block))
		require.Equal(b.t, 200, r.status, "%s", r.raw)
		assert.Equal(b.t, strconv.Quote(md5Hex(block)), r.header.Get("ETag"))
		fin := b.finish(c, "upload_id", o.UploadID, "part_index", p.Index, "block_size", strconv.Itoa(n), "md5", md5Hex(block))
		accepted(b.t, fin)
		assert.JSONEq(b.t, `{}`, string(fin.raw))
	}
	require.Empty(b.t, data)
}

func number(t *testing.T, raw json.RawMessage) int {
	t.Helper()
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	require.NoError(t, err)
	return n
}

func small(t *testing.T, shape richmediatest.PartShape, opts ...richmediatest.Option) (*bot, *richmediatest.Chat, []byte) {
	t.Helper()
	if shape.BlockSize == 0 {
		shape.BlockSize = 10
	}
	b := newBot(t, append(opts, richmediatest.WithParts(shape))...)
	return b, b.p.Group("g"), png // 24 bytes
}

func TestAnUploadInPartsIsTheFile(t *testing.T) {
	for name, shape := range map[string]richmediatest.PartShape{
		"default": {}, "documented": {ZeroBased: true, StrictSize: true}, "flat, numbers": {Config: "flat", NumbersAsNumbers: true, Concurrency: 3},
		"no config, wrapped": {Config: "none", WrapData: true}, "uneven": {Sizes: []int64{1, 17}}, "one part": {BlockSize: 1 << 20},
	} {
		for _, chat := range []string{"group", "c2c"} {
			t.Run(name+" "+chat, func(t *testing.T) {
				b, c, data := small(t, shape)
				if chat == "c2c" {
					c = b.p.C2C("ann")
				}
				o := b.prepare(c, announced(1, "cat.png", data))
				if shape.WrapData {
					require.NotNil(t, o.Data)
					o = *o.Data
				}
				assert.Equal(t, !shape.NumbersAsNumbers, strings.HasPrefix(string(o.BlockSize), `"`))
				assert.Equal(t, shape.Config == "" || shape.Config == "nested", o.Config != nil)
				if o.Config != nil {
					assert.Equal(t, map[string]int{"concurrency": 1, "retry_timeout": 300, "retry_delay": 1}, o.Config)
				}
				if shape.Config == "flat" {
					assert.Equal(t, 3, o.Concurrency)
				}
				for i, part := range o.Parts {
					assert.Equal(t, shape.ZeroBased, part.Index == i)
					assert.Equal(t, !shape.ZeroBased, part.Index == i+1)
				}
				b.parts(c, o, data)
				r := b.files(c, object("upload_id", o.UploadID))
				accepted(t, r)
				assert.NotEmpty(t, r.text("raw_url"))
				up := b.p.Uploads()
				require.Len(t, up, 1)
				assert.Equal(t, data, up[0].Data)
				assert.Equal(t, richmediatest.RouteParts, up[0].Route)
				assert.Equal(t, "cat.png", up[0].Name)
				assert.Equal(t, 1, b.p.Count(richmediatest.OpMerge))
				assert.Zero(t, b.p.Count(richmediatest.OpUpload))
				accepted(t, b.message(c, object("msg_type", 7, "msg_id", c.Say("ann", "hi").MsgID(), "media", media(r.text("file_info")))))

				raw, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.text("raw_url"), nil)
				require.NoError(t, err)
				got, err := b.send(raw)
				require.NoError(t, err)
				assert.Equal(t, data, got.raw)

				b.p.Advance(300*time.Second - time.Second)
				got, err = b.send(raw.Clone(t.Context()))
				require.NoError(t, err)
				assert.Equal(t, data, got.raw)
				b.p.Advance(2 * time.Second)
				got, err = b.send(raw.Clone(t.Context()))
				require.NoError(t, err)
				assert.Equal(t, 403, got.status, "raw_url lives as long as file_info")

				again := b.files(c, object("upload_id", o.UploadID))
				accepted(t, again)
				assert.Equal(t, r.text("file_info"), again.text("file_info"), "a repeated merge gets the same answer")
				assert.Len(t, b.p.Uploads(), 1)
			})
		}
	}
}

func TestPrepareIsStrict(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	for name, change := range map[string]func(map[string]any){
		"file_type a string":     func(m map[string]any) { m["file_type"] = "1" },
		"file_type 5":            func(m map[string]any) { m["file_type"] = 5 },
		"file_size a fraction":   func(m map[string]any) { m["file_size"] = 23.5 },
		"file_size negative":     func(m map[string]any) { m["file_size"] = -24 },
		"file_size the number 0": func(m map[string]any) { m["file_size"] = 0 },
		"file_size empty":        func(m map[string]any) { m["file_size"] = "" },
		"file_size signed":       func(m map[string]any) { m["file_size"] = "+24" },
		"file_size zero":         func(m map[string]any) { m["file_size"] = "0" },
		"file_name empty":        func(m map[string]any) { m["file_name"] = "" },
		"md5 in capitals":        func(m map[string]any) { m["md5"] = strings.ToUpper(md5Hex(data)) },
		"sha1 empty":             func(m map[string]any) { m["sha1"] = "" },
		"sha1 of md5's length":   func(m map[string]any) { m["sha1"] = md5Hex(data) },
		"no md5_10m":             func(m map[string]any) { delete(m, "md5_10m") },
		"no file_type":           func(m map[string]any) { delete(m, "file_type") },
		"no file_size":           func(m map[string]any) { delete(m, "file_size") },
		"no file_name":           func(m map[string]any) { delete(m, "file_name") },
		"no md5":                 func(m map[string]any) { delete(m, "md5") },
		"no sha1":                func(m map[string]any) { delete(m, "sha1") },
	} {
		t.Run(name, func(t *testing.T) {
			m := announced(1, "cat.png", data)
			change(m)
			refused(t, b.post(base(g)+"/upload_prepare", encoded(m)), 500, 850012, 0)
		})
	}
	m := announced(1, "cat.png", data)
	m["file_size"] = strconv.Itoa(200<<20 + 1)
	refused(t, b.post(base(g)+"/upload_prepare", encoded(m)), 400, 850031, 850031)
	refused(t, b.post("/v2/users/"+g.OpenID()+"/upload_prepare", encoded(announced(1, "cat.png", data))), 500, 850012, 0)
}

func TestFileSizeIsAStringOrANumber(t *testing.T) {
	for name, shape := range map[string]richmediatest.PartShape{"default": {}, "strict": {StrictSize: true}} {
		t.Run(name, func(t *testing.T) {
			b, g, data := small(t, shape)
			accepted(t, b.post(base(g)+"/upload_prepare", encoded(announced(1, "cat.png", data))))
			m := announced(1, "cat.png", data)
			m["file_size"] = len(data)
			r := b.post(base(g)+"/upload_prepare", encoded(m))
			if shape.StrictSize {
				refused(t, r, 500, 850012, 0)
				return
			}
			accepted(t, r)
			var o offer
			require.NoError(t, json.Unmarshal(r.raw, &o))
			b.parts(g, o, data)
			accepted(t, b.files(g, object("upload_id", o.UploadID)))
			assert.Equal(t, data, b.p.Uploads()[0].Data)
		})
	}
}

// A client that mistakes the base of the index sends some bytes twice.
func TestTheRefusalOfAMergeNamesPartsWithTheSameBytes(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	b.parts(g, o, slices.Concat(data[:10], data[:10], data[20:]))
	r := b.files(g, object("upload_id", o.UploadID))
	refused(t, r, 400, 40093001, 40093001)
	assert.Contains(t, r.text("message"), "parts 1 and 2 have the same bytes")

	zeros := make([]byte, 24)
	o = b.prepare(g, announced(4, "zeros", zeros))
	b.parts(g, o, zeros)
	accepted(t, b.files(g, object("upload_id", o.UploadID)))

	o = b.prepare(g, announced(1, "cat.png", data))
	b.parts(g, o, []byte("0123456789abcdefghijABCD"))
	r = b.files(g, object("upload_id", o.UploadID))
	refused(t, r, 400, 40093001, 40093001)
	assert.NotContains(t, r.text("message"), "same bytes")
}

func TestMorePartsThanTheStoreTakesAreRefused(t *testing.T) {
	b, g, _ := small(t, richmediatest.PartShape{BlockSize: 1})
	m := announced(4, "a", png)
	m["file_size"] = "10001"
	refused(t, b.post(base(g)+"/upload_prepare", encoded(m)), 500, 850012, 0)
}

func TestFinishMustBeWhatWasPut(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	sum := md5Hex(data[:10])
	retry := func(r reply) { t.Helper(); refused(t, r, 400, 40093001, 40093001) }
	retry(b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", sum)) // nothing PUT
	require.Equal(t, 200, b.put(o.Parts[0].URL, bytes.NewReader(data[:10])).status)
	retry(b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "9", "md5", sum))
	retry(b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", md5Hex(data)))
	refused(t, b.finish(g, "upload_id", o.UploadID, "part_index", 4, "block_size", "10", "md5", sum), 400, 10000, 10000)
	refused(t, b.finish(g, "upload_id", "x", "part_index", 1, "block_size", "10", "md5", sum), 400, 10000, 10000)
	refused(t, b.finish(b.p.Group("other"), "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", sum), 400, 10000, 10000)
	refused(t, b.finish(g, "upload_id", o.UploadID, "part_index", "1", "block_size", "10", "md5", sum), 400, 40011000, 40011000)
	refused(t, b.finish(g, "upload_id", o.UploadID, "block_size", "10", "md5", sum), 400, 40011000, 40011000)
	refused(t, b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "ten", "md5", sum), 400, 40011000, 40011000)
	refused(t, b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", strings.ToUpper(sum)), 400, 40011000, 40011000)
	accepted(t, b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", 10, "md5", sum)) // a number is taken
	accepted(t, b.finish(g, "upload_id", o.UploadID, "part_index", 1, "block_size", "10", "md5", sum))
}

func TestMergeWantsTheAnnouncedFile(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	merge := func(c *richmediatest.Chat, kv ...any) reply {
		return b.files(c, object(append([]any{"upload_id", o.UploadID}, kv...)...))
	}
	missing := merge(g)
	refused(t, missing, 400, 40093001, 40093001)
	assert.Contains(t, missing.text("message"), "part 1 is not finished")
	b.parts(g, o, data)
	refused(t, merge(b.p.Group("other")), 400, 10000, 10000)
	refused(t, merge(b.p.C2C("ann")), 400, 10000, 10000)
	refused(t, merge(g, "file_type", 4), 400, 10000, 10000)
	refused(t, merge(g, "url", "https://example.com/cat.png"), 400, 10000, 10000)
	refused(t, merge(g, "srv_send_msg", true), 400, 40034105, 40034105)
	g.Mute(true)
	refused(t, merge(g), 400, 850018, 850018)
	g.Mute(false)
	refused(t, merge(g, "srv_send_msg", "false"), 400, 40011000, 40011000)
	accepted(t, merge(g, "file_type", 1, "file_name", "other.png", "srv_send_msg", false))
	assert.Equal(t, "other.png", b.p.Uploads()[0].Name)

	for _, field := range []string{"md5", "sha1", "md5_10m"} {
		m := announced(1, "cat.png", data)
		wrong, _ := m[field].(string)
		m[field] = strings.Repeat("0", len(wrong))
		o = b.prepare(g, m)
		b.parts(g, o, data)
		refused(t, merge(g), 400, 40093001, 40093001)
	}
	text := []byte("this is no picture at all")
	o = b.prepare(g, announced(1, "cat.png", text))
	b.parts(g, o, text)
	refused(t, merge(g), 400, 850019, 40034002)
	assert.Len(t, b.p.Uploads(), 1)
	o = b.prepare(g, announced(4, "a.txt", text))
	b.parts(g, o, text)
	r := merge(g)
	accepted(t, r)
	assert.NotContains(t, r.json, "raw_url", "files have none")
}

func TestMergesAtTheSameTimeMakeOneUpload(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{})
	o := b.prepare(g, announced(1, "cat.png", data))
	b.parts(g, o, data)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r := b.files(g, object("upload_id", o.UploadID)); r.status != 200 {
				refused(t, r, 400, 40093001, 40093001)
			}
		})
	}
	wg.Wait()
	assert.Len(t, b.p.Uploads(), 1)
}

func TestPrepareGoesOnWithAnUnmergedUpload(t *testing.T) {
	fresh, chat, _ := small(t, richmediatest.PartShape{})
	assert.NotEqual(t, fresh.prepare(chat, announced(1, "cat.png", png)).UploadID, fresh.prepare(chat, announced(1, "cat.png", png)).UploadID)

	b, g, data := small(t, richmediatest.PartShape{Resume: true})
	first := b.prepare(g, announced(1, "cat.png", data))
	require.Equal(t, 200, b.put(first.Parts[0].URL, bytes.NewReader(data[:10])).status)
	again := b.prepare(g, announced(1, "cat.png", data))
	assert.Equal(t, first.UploadID, again.UploadID)
	assert.NotEqual(t, first.Parts[0].URL, again.Parts[0].URL)
	assert.Equal(t, 403, b.put(first.Parts[0].URL, bytes.NewReader(data[:10])).status, "the old addresses are gone")
	accepted(t, b.finish(g, "upload_id", again.UploadID, "part_index", 1, "block_size", "10", "md5", md5Hex(data[:10])))
	assert.NotEqual(t, first.UploadID, b.prepare(g, announced(1, "dog.png", data)).UploadID)
	assert.NotEqual(t, first.UploadID, b.prepare(b.p.Group("other"), announced(1, "cat.png", data)).UploadID)
	b.parts(g, again, data)
	accepted(t, b.files(g, object("upload_id", again.UploadID)))
	assert.NotEqual(t, first.UploadID, b.prepare(g, announced(1, "cat.png", data)).UploadID, "that one is merged")
}

func TestPartsMayArriveInAnyOrder(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{BlockSize: 5}, richmediatest.WithoutData())
	o := b.prepare(g, announced(1, "cat.png", data))
	require.Len(t, o.Parts, 5)
	for i, p := range slices.Backward(o.Parts) {
		block := data[i*5 : min(i*5+5, len(data))]
		require.Equal(t, 200, b.put(p.URL, bytes.NewReader(block)).status)
		accepted(t, b.finish(g, "upload_id", o.UploadID, "part_index", p.Index, "block_size", fmt.Sprint(len(block)), "md5", md5Hex(block)))
	}
	accepted(t, b.files(g, object("upload_id", o.UploadID)))
	up := b.p.Uploads()[0]
	assert.Nil(t, up.Data)
	assert.EqualValues(t, len(data), up.Size)
	b.fileInfo(g, 1, data)
	assert.Equal(t, b.p.Uploads()[1].SHA256, up.SHA256)
}

func TestTheFirstTenMegabytesAreThoseOfTheDocuments(t *testing.T) {
	// The hashes of 31,457,280 zero bytes, a published vector.
	b := newBot(t, richmediatest.WithoutData())
	g := b.p.Group("g")
	data := make([]byte, 31457280)
	o := b.prepare(g, map[string]any{
		"file_type": 4, "file_size": "31457280", "file_name": "video.mp4", "md5": "281ed1d5ae50e8419f9b978aab16de83",
		"sha1": "a869e551c0dfeaf152a594f9051b99a65d46f16d", "md5_10m": "c7d2d05339fa6dae39f34538160cf785",
	})
	require.Len(t, o.Parts, 3)
	b.parts(g, o, data)
	accepted(t, b.files(g, object("upload_id", o.UploadID)))
}

func TestInstantUploadsAnswerAtOnce(t *testing.T) {
	b, g, data := small(t, richmediatest.PartShape{Instant: true})
	o := b.prepare(g, announced(1, "cat.png", data))
	require.NotEmpty(t, o.Parts, "it is new")
	b.fileInfo(g, 1, data)
	r := b.post(base(g)+"/upload_prepare", encoded(announced(1, "cat.png", data)))
	accepted(t, r)
	assert.NotContains(t, r.json, "parts")
	assert.NotContains(t, r.json, "upload_id")
	ups := b.p.Uploads()
	assert.Equal(t, richmediatest.RouteInstant, ups[1].Route)
	assert.Equal(t, r.text("file_info"), ups[1].FileInfo)
	assert.NotEqual(t, ups[0].FileInfo, ups[1].FileInfo)
	assert.NotEmpty(t, b.prepare(b.p.C2C("ann"), announced(1, "cat.png", data)).Parts, "another scene")
	accepted(t, b.message(g, object("msg_type", 7, "msg_id", g.Say("a", "b").MsgID(), "media", media(r.text("file_info")))))
}

func TestAWrongPartShapeIsRefusedInNew(t *testing.T) {
	assert.Panics(t, func() { richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{Config: "deep"})) })
	assert.Panics(t, func() { richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{Sizes: []int64{0}})) })
}
