#!/usr/bin/env bash
# resty repeats a refused upload with an empty body, and returns the success of the empty one.
#
# Versions:  github.com/go-resty/resty/v2 v2.16.3 (that of botgo) and v2.17.2
# Behaviour: the body of a PUT is an io.Reader. The first attempt reads it to its end; the second one is built from the same
#            reader where it stands, and has 0 bytes, with the length 0 or with none. The storage accepts that, an empty object
#            is a valid one, and resty returns status 200 and no error. It is the same for readers that can go back, and with
#            SetRetryResetReaders(true), which is for the readers of multipart forms only. A []byte is sent again.
# Expected:  the same bytes, or the error of the first attempt: net/http, on which resty builds, keeps a way to read a bytes.Reader
#            or a bytes.Buffer once more (Request.GetBody), and does not repeat what it cannot read again. A part of a video
#            that was answered with 503 once is empty then, and only a check of the whole file can notice it. The README's
#            section on retries does not mention the body.
# Seen:      v2.16.3 []byte: status 200, error <nil>, received 10, 10 bytes
#            v2.16.3 *bytes.Reader: status 200, error <nil>, received 10, 0 bytes
#            v2.16.3 *bytes.Buffer: status 200, error <nil>, received 10, 0 bytes
#            v2.16.3 *io.SectionReader: status 200, error <nil>, received 10, 0 bytes
#            v2.17.2 []byte: status 200, error <nil>, received 10, 10 bytes
#            v2.17.2 *bytes.Reader: status 200, error <nil>, received 10, 0 bytes
#            v2.17.2 *bytes.Buffer: status 200, error <nil>, received 10, 0 bytes
#            v2.17.2 *io.SectionReader: status 200, error <nil>, received 10, 0 bytes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

func main() {
	var received []string
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		if received = append(received, fmt.Sprint(len(part))); len(received) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer storage.Close()
	part := []byte("0123456789")
	for _, body := range []any{
		part, bytes.NewReader(part), bytes.NewBuffer(part), io.NewSectionReader(bytes.NewReader(part), 0, 10),
	} {
		received = nil
		client := resty.New().SetRetryCount(2).SetRetryWaitTime(time.Millisecond).SetRetryResetReaders(true).
			AddRetryCondition(func(r *resty.Response, err error) bool { return err != nil || r.StatusCode() >= 500 })
		resp, err := client.R().SetBody(body).Put(storage.URL)
		kind := strings.Replace(fmt.Sprintf("%T", body), "[]uint8", "[]byte", 1)
		fmt.Printf("%s %s: status %d, error %v, received %s bytes\n", os.Args[1], kind, resp.StatusCode(), err, strings.Join(received, ", "))
	}
}
GO
go mod init finding >&2
got=$(for version in v2.16.3 v2.17.2; do
	go get "github.com/go-resty/resty/v2@$version" >&2
	go build -o finding . >&2
	./finding "$version"
done)
echo "$got"
[ "$got" = 'v2.16.3 []byte: status 200, error <nil>, received 10, 10 bytes
v2.16.3 *bytes.Reader: status 200, error <nil>, received 10, 0 bytes
v2.16.3 *bytes.Buffer: status 200, error <nil>, received 10, 0 bytes
v2.16.3 *io.SectionReader: status 200, error <nil>, received 10, 0 bytes
v2.17.2 []byte: status 200, error <nil>, received 10, 10 bytes
v2.17.2 *bytes.Reader: status 200, error <nil>, received 10, 0 bytes
v2.17.2 *bytes.Buffer: status 200, error <nil>, received 10, 0 bytes
v2.17.2 *io.SectionReader: status 200, error <nil>, received 10, 0 bytes' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
