package richmedia_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// dataMessage is how bytes can be uploaded through botgo's client: any type with these two methods can be posted.
type dataMessage struct {
	FileType   int    `json:"file_type"`
	SrvSendMsg bool   `json:"srv_send_msg"`
	FileData   string `json:"file_data"`
}

func (dataMessage) GetEventID() string        { return "" }
func (dataMessage) GetSendType() dto.SendType { return dto.RichMedia }

var club = richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: benchGroup}

// BenchmarkInline5MiB uploads 5 MiB in one call.
func BenchmarkInline5MiB(b *testing.B) {
	bed := newBenchBed(b, "")
	content := noise(5 << 20)
	pluginLog, botgoLog := &byteLogger{}, countLog(b)
	api := bed.botgo().WithTimeout(time.Minute)
	var plugin, hand lane
	upload := func(p *richmedia.Plugin) error {
		_, err := p.Upload(b.Context(), club, richmedia.KindFile, richmedia.FromBytes("noise.bin", content), richmedia.WithoutCache())
		return err
	}
	post := func() error {
		_, err := api.PostGroupMessage(b.Context(), benchGroup, dataMessage{4, false, base64.StdEncoding.EncodeToString(content)})
		return err
	}
	p := bed.plugin(richmedia.WithLogger(pluginLog))
	require.NoError(b, upload(p))
	require.NoError(b, post())
	pluginLog.n.Store(0)
	botgoLog.n.Store(0)
	rounds := int64(0)
	for b.Loop() {
		rounds++
		plugin.weigh(b, func() error { return upload(p) })
		hand.weigh(b, post)
	}
	kib := func(n uint64) float64 { return float64(n) / 1024 }
	figures{
		{kib(median(plugin.bytes)), "KiB-allocated"},
		{kib(median(hand.bytes)), "KiB-allocated_by_botgo"},
		{kib(median(plugin.peaks)), "KiB-peak"},
		{kib(median(hand.peaks)), "KiB-peak_by_botgo"},
		{float64(pluginLog.n.Load() / rounds), "B-logged"},
		{float64(botgoLog.n.Load() / rounds), "B-logged_by_botgo"},
		{plugin.median() / 1e6, "ms"},
		{plugin.x(&hand), "x_of_botgo"},
	}.report(b)
}

// BenchmarkParts uploads files in parts, beside bare loops over the same file with as many parts at once to the same
// server. "The least" is what the platform demands of everybody: md5 and sha1 of the file, side by side, before the
// first part, and md5 of each part while it is sent. "Only sent" leaves the first out, and with it half of the work:
// no upload can do that.
func BenchmarkParts(b *testing.B) {
	for _, mib := range []int64{20, 100, 200} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			bed := newBenchBed(b, "")
			path := filepath.Join(b.TempDir(), "noise.bin")
			writeNoise(b, path, mib)
			upload := func(p *richmedia.Plugin) error {
				_, err := p.Upload(b.Context(), club, richmedia.KindFile, richmedia.FromFile(path))
				return err
			}
			require.NoError(b, upload(bed.plugin()))
			var plugin, least, sent lane
			for round := 0; b.Loop(); round++ {
				p := bed.plugin()
				inTurns(round,
					func() { least.weigh(b, func() error { return bed.bareParts(path, true) }) },
					func() { plugin.weigh(b, func() error { return upload(p) }) },
					func() { sent.weigh(b, func() error { return bed.bareParts(path, false) }) })
			}
			figures{
				{least.x(&plugin), "throughput_x_of_the_least"},
				{sent.x(&plugin), "throughput_x_of_only_sent"},
				{float64(mib<<20) / 1e6 / (plugin.median() / 1e9), "MB/s"},
				{float64(median(plugin.peaks)) / (1 << 20), "MiB-peak"},
				{float64(median(least.peaks)) / (1 << 20), "MiB-peak_of_the_least"},
			}.report(b)
		})
	}
}

func writeNoise(b *testing.B, path string, mib int64) {
	f, err := os.Create(path)
	require.NoError(b, err)
	some := noise(1 << 20)
	for i := range mib {
		some[0] = byte(i)
		_, err := f.Write(some)
		require.NoError(b, err)
	}
	require.NoError(b, f.Close())
}

// bareParts sends a file in the parts that the server would offer.
func (b *benchBed) bareParts(path string, hashed bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if hashed {
		if err := hashBare(f, size, md5.New(), sha1.New()); err != nil {
			return err
		}
	}
	if err := b.post(b.Context(), "/v2/groups/g/upload_prepare", fmt.Sprintf(`{"file_type":4,"file_size":"%d"}`, size)); err != nil {
		return err
	}
	block := max((size+9)/10, 10<<20)
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(benchConcurrency)
	for at := int64(0); at < size; at += block {
		n := min(block, size-at)
		group.Go(func() error { return b.barePart(ctx, io.NewSectionReader(f, at, n), n) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return b.post(b.Context(), "/v2/groups/g/files", `{"upload_id":"u"}`)
}

func (b *benchBed) barePart(ctx context.Context, part io.Reader, n int64) error {
	h := md5.New()
	if err := b.send(ctx, http.MethodPut, b.url+"/cos/x", io.NopCloser(io.TeeReader(part, h)), n); err != nil {
		return err
	}
	return b.post(ctx, "/v2/groups/g/upload_part_finish", `{"upload_id":"u","md5":"`+hex.EncodeToString(h.Sum(nil))+`"}`)
}

// hashBare runs hashes over a file side by side, each with a reading of its own.
func hashBare(f *os.File, size int64, hashes ...hash.Hash) error {
	var group errgroup.Group
	for _, h := range hashes {
		group.Go(func() error {
			_, err := io.CopyBuffer(struct{ io.Writer }{h}, io.NewSectionReader(f, 0, size), make([]byte, 128<<10))
			return err
		})
	}
	return group.Wait()
}
