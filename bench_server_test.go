package richmedia_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// benchServerEnv makes the test's binary the server of the benchmarks.
const benchServerEnv = "RICHMEDIA_BENCH_SERVER"

// The server is a process of its own, so that what it allocates is not taken for the client's. It begins here and not
// in TestMain, which looks for goroutines that are left.
func init() {
	if os.Getenv(benchServerEnv) == "" {
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // lives as long as the process
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the benchmark, however that ends
		os.Exit(0)
	}()
	server := http.Server{Handler: new(quickPlatform), ReadHeaderTimeout: time.Minute}
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

// quickPlatform accepts everything and sends constant responses. A path that begins with /after/10ms is
// answered 10 ms late.
type quickPlatform struct{ uploads atomic.Int64 }

func (p *quickPlatform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, "/after/"); ok {
		after, rest, _ := strings.Cut(rest, "/")
		path = "/" + rest
		late, err := time.ParseDuration(after)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		time.Sleep(late)
	}
	answer := `{}`
	switch {
	case path == "/uploads":
		answer = strconv.FormatInt(p.uploads.Swap(0), 10)
	case strings.HasSuffix(path, "/messages"):
		answer = sentAnswer
	case strings.HasSuffix(path, "/files"):
		p.uploads.Add(1)
		answer = uploadedAnswer
	case strings.HasSuffix(path, "/upload_prepare"):
		answer = offer(r)
	}
	_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, make([]byte, 256<<10))
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer)
}

const (
	benchInfo      = "CAEQABgAIhEKD3JpY2htZWRpYS1iZW5jaDABOgVncm91cEIEMTIzNA=="
	sentAnswer     = `{"id":"ROBOT1.0_benchbenchbench","timestamp":"2026-08-01T12:00:00+08:00"}`
	uploadedAnswer = `{"file_uuid":"bench","file_info":"` + benchInfo + `","ttl":3600}`
)

// offer answers a prepare with 10 parts at most, so that no upload waits for the platform's rate of 10 finishes a
// second.
func offer(r *http.Request) string {
	var file struct {
		Size string `json:"file_size"`
	}
	_ = json.NewDecoder(r.Body).Decode(&file)
	size, _ := strconv.ParseInt(file.Size, 10, 64)
	const most, least = 10, 10 << 20
	block := max((size+most-1)/most, least)
	var parts []string
	for i := range (size + block - 1) / block {
		parts = append(parts, fmt.Sprintf(`{"index":%d,"presigned_url":"http://%s/cos/%d"}`, i+1, r.Host, i))
	}
	return fmt.Sprintf(`{"upload_id":"u","block_size":%d,"upload_config":{"concurrency":%d},"parts":[%s]}`,
		block, benchConcurrency, strings.Join(parts, ","))
}

const benchConcurrency = 4
