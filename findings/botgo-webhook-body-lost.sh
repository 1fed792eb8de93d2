#!/usr/bin/env bash
# botgo's webhook handler loses an event whose body is longer than what is in the server's first buffer, and answers 200.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1
# Behaviour: webhook.HTTPHandler makes a slice of Content-Length bytes and fills it with one call of Body.Read. net/http reads
#            4 KiB at a time, header included, so that of a longer body the rest of the slice stays zero. The signature does
#            not fit then; the handler logs that and returns, and net/http answers 200 with an empty body.
# Expected:  an io.Reader may return less than was asked for, and a Content-Length is no promise for one Read. A message with
#            quoted elements is longer than 4 KiB. As the status is 200, the platform takes the event for delivered and does
#            not push it again: the longer messages of a chat are lost, and the short ones arrive.
# Seen:      a body of 1 KB: HTTP 200, answer {"op":12,"d":0}, the handler ran: true
#            a body of 8 KB: HTTP 200, answer , the handler ran: false
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/signature"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/token"
)

func main() {
	credentials := &token.QQBotCredentials{AppID: "102000001", AppSecret: "DG5g3B4j9X2KOErG"}
	ran := false
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(*dto.WSPayload, *dto.WSGroupATMessageData) error { ran = true; return nil }))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { webhook.HTTPHandler(w, r, credentials) }))
	defer server.Close()
	for _, kb := range []int{1, 8} {
		body := fmt.Sprintf(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","id":"GROUP_AT_MESSAGE_CREATE:x","d":{"id":"m","group_id":"g","content":"%s"}}`, strings.Repeat("a", kb<<10))
		req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		req.Header.Set(signature.HeaderTimestamp, "1725442341")
		sig, err := signature.Generate(credentials.AppSecret, req.Header, []byte(body))
		if err != nil {
			panic(err)
		}
		req.Header.Set(signature.HeaderSig, sig)
		ran = false
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Fprintf(os.Stderr, "a body of %d KB: HTTP %d, answer %s, the handler ran: %t\n", kb, resp.StatusCode, answer, ran)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'a body of 1 KB: HTTP 200, answer {"op":12,"d":0}, the handler ran: true
a body of 8 KB: HTTP 200, answer , the handler ran: false' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
