package richmedia_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/openapi"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

// The benchmarks compare with what a bot author would write by hand, in the same run and in turns, and report the medians of
// the ratios: what the machine does beside them meets both. One iteration is a round of many replies, or a large upload, so
// -benchtime 10x is plenty. Command .ci/measure runs them and writes the table of docs/measured.md. It runs the benchmarks of
// events and replies at an earlier commit too, with these files: bench_test.go, bench_server_test.go, bench_reply_test.go,
// bench_event_test.go and handlers_test.go need no other.

// benchBed is the server's side of a benchmark.
type benchBed struct {
	*testing.B
	url string // of the platform
	hc  *http.Client
	src oauth2.TokenSource
}

// newBenchBed starts the server. Path is "" or such as "/after/10ms".
func newBenchBed(b *testing.B, path string) *benchBed {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	server := exec.CommandContext(b.Context(), self)
	server.Env = append(os.Environ(), benchServerEnv+"=1")
	server.Stderr = os.Stderr
	_, err = server.StdinPipe()
	require.NoError(b, err)
	out, err := server.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, server.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(func() { // b's context has ended, and the server with it
		_ = server.Wait()
		hc.CloseIdleConnections()
	})
	return &benchBed{
		B: b, url: strings.TrimSpace(address) + path, hc: hc,
		src: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t", TokenType: "QQBot", Expiry: time.Now().Add(time.Hour)}),
	}
}

// plugin returns a new plugin on the bed, which has its token and a connection.
func (b *benchBed) plugin(opts ...richmedia.Option) *richmedia.Plugin {
	p, err := richmedia.New(b.src, append([]richmedia.Option{
		richmedia.WithHTTPClient(b.hc), richmedia.WithBaseURL(b.url),
	}, opts...)...)
	require.NoError(b, err)
	b.Cleanup(func() { _ = p.Close() })
	_, err = p.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: "warm"}).ReplyText(b.Context(), "up")
	require.NoError(b, err)
	return p
}

// botgo returns botgo's own client, whose host is the bed's.
func (b *benchBed) botgo() openapi.OpenAPI {
	was := constant.APIDomain
	b.Cleanup(func() { constant.APIDomain = was })
	constant.APIDomain = b.url
	return botgo.NewOpenAPI("102000000", b.src)
}

// post is a bare request: nothing less would do.
func (b *benchBed) post(ctx context.Context, path, body string) error {
	return b.send(ctx, http.MethodPost, b.url+path, strings.NewReader(body), int64(len(body)))
}

func (b *benchBed) send(ctx context.Context, method, address string, body io.Reader, length int64) error {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.ContentLength = length
	req.Header.Set("Authorization", "QQBot t")
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.hc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	return nil
}

// uploads asks the server how many there were since it was asked last.
func (b *benchBed) uploads() float64 {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.url+"/uploads", nil)
	require.NoError(b, err)
	resp, err := b.hc.Do(req)
	require.NoError(b, err)
	defer resp.Body.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	n, err := strconv.ParseFloat(string(text), 64)
	require.NoError(b, err)
	return n
}

// lane is one of the ways that are compared: what each of its runs took.
type lane struct {
	times  []time.Duration
	allocs []uint64 // objects
	bytes  []uint64 // allocated
	peaks  []uint64 // bytes that the heap grew by
}

// run measures the time.
func (l *lane) run(b *testing.B, fn func() error) {
	began := time.Now()
	err := fn()
	l.times = append(l.times, time.Since(began))
	if err != nil {
		b.Fatal(err)
	}
}

// count measures the number of allocations as well: nothing else must run. The pools stay as full as they are in a running bot.
func (l *lane) count(b *testing.B, fn func() error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l.run(b, fn)
	runtime.ReadMemStats(&after)
	l.allocs = append(l.allocs, after.Mallocs-before.Mallocs)
}

// weigh measures all memory, from an empty heap on, which takes longer: nothing else must run.
func (l *lane) weigh(b *testing.B, fn func() error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := watchHeap()
	l.run(b, fn)
	l.peaks = append(l.peaks, peak())
	runtime.ReadMemStats(&after)
	l.allocs = append(l.allocs, after.Mallocs-before.Mallocs)
	l.bytes = append(l.bytes, after.TotalAlloc-before.TotalAlloc)
}

func (l *lane) median() float64 { return float64(median(l.times)) }

// x is the median of the ratios of runs that were made beside each other.
func (l *lane) x(of *lane) float64 {
	ratios := make([]float64, len(l.times))
	for i := range ratios {
		ratios[i] = float64(l.times[i]) / float64(of.times[i])
	}
	return median(ratios)
}

// more is the median of how much longer l took than a run beside it.
func (l *lane) more(than *lane) float64 {
	longer := make([]time.Duration, len(l.times))
	for i := range longer {
		longer[i] = l.times[i] - than.times[i]
	}
	return float64(median(longer))
}

// inTurns runs all, beginning with another one in each round: who comes after whom makes a difference of its own.
func inTurns(round int, all ...func()) {
	for i := range all {
		all[(round+i)%len(all)]()
	}
}

func median[T float64 | uint64 | time.Duration](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// liveHeap returns the bytes of what is reachable on the heap.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// watchHeap looks at the heap each millisecond, dead objects included, until the function that it returns is called:
// that gives by how much the heap has grown at most.
func watchHeap() (peak func() uint64) {
	look := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 {
		metrics.Read(look)
		return look[0].Value.Uint64()
	}
	from := heap()
	most := from
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				most = max(most, heap())
			case <-stop:
				most = max(most, heap())
				return
			}
		}
	})
	return func() uint64 {
		close(stop)
		wg.Wait()
		return most - from
	}
}

// byteLogger counts what is logged.
type byteLogger struct{ n atomic.Int64 }

func (l *byteLogger) add(line string)           { l.n.Add(int64(len(line))) }
func (l *byteLogger) Debug(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *byteLogger) Info(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *byteLogger) Warn(v ...any)             { l.add(fmt.Sprint(v...)) }
func (l *byteLogger) Error(v ...any)            { l.add(fmt.Sprint(v...)) }
func (l *byteLogger) Debugf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *byteLogger) Infof(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *byteLogger) Warnf(f string, v ...any)  { l.add(fmt.Sprintf(f, v...)) }
func (l *byteLogger) Errorf(f string, v ...any) { l.add(fmt.Sprintf(f, v...)) }
func (l *byteLogger) Sync() error               { return nil }

// figures are what a benchmark has to say, and all of it: the time of a round says nothing.
type figures []figure

type figure struct {
	value float64
	unit  string
}

func (f figures) report(b *testing.B) {
	for _, each := range f {
		b.ReportMetric(each.value, each.unit)
	}
	b.ReportMetric(0, "ns/op")
}

// countLog makes a byteLogger botgo's log for the benchmark. It formats what it counts, as any log does; unlike the one
// of the tests it keeps nothing.
func countLog(b *testing.B) *byteLogger {
	was := log.DefaultLogger
	l := &byteLogger{}
	botgo.SetLogger(l)
	b.Cleanup(func() { botgo.SetLogger(was) })
	return l
}
