#!/usr/bin/env bash
# botgo asks for one message at the address of the list, and the message's id never leaves the program.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1 with github.com/go-resty/resty/v2 v2.16.3
# Behaviour: Message sets the path parameters channel_id and message_id, and then uses the path of Messages, which has no
#            message_id. resty ignores a parameter that the path does not name. The answer is a list, which cannot be decoded
#            as a message, so that the call fails for every id; the recall of the same message has the right path.
# Expected:  GET /channels/{channel_id}/messages/{message_id}: the method takes the id, and has code for the form in which that
#            address answers. It is the way to look at a message that a reply quotes. The error speaks of JSON types, as if
#            the platform had changed its answer.
# Seen:      Message: GET /channels/c/messages, error json: cannot unmarshal array into Go value of type dto.Message
#            RetractMessage: DELETE /channels/c/messages/m, error <nil>
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"golang.org/x/oauth2"
)

func main() {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		switch asked {
		case "GET /channels/c/messages/m":
			fmt.Fprint(w, `{"message":{"id":"m","content":"the one"}}`)
		case "GET /channels/c/messages":
			fmt.Fprint(w, `[{"id":"n","content":"newest"},{"id":"m","content":"the one"}]`)
		}
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	_, err := api.Message(context.Background(), "c", "m")
	fmt.Fprintf(os.Stderr, "Message: %s, error %v\n", asked, err)
	err = api.RetractMessage(context.Background(), "c", "m")
	fmt.Fprintf(os.Stderr, "RetractMessage: %s, error %v\n", asked, err)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(timeout 60 ./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'Message: GET /channels/c/messages, error json: cannot unmarshal array into Go value of type dto.Message
RetractMessage: DELETE /channels/c/messages/m, error <nil>' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
