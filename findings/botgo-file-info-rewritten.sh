#!/usr/bin/env bash
# botgo sends another file_info than the one that the platform returned, if its base64 is not the canonical one.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1, encoding/json of the Go toolchain (seen with go1.26.8)
# Behaviour: botgo types file_info as []byte, in the upload's answer and in the message. encoding/json decodes it as base64 and
#            encodes it again. The decoder is lenient: it ignores the bits after the last byte and skips line breaks, so that
#            "QR==" and "QQ==" are the same byte. What goes back is "QQ==".
# Expected:  file_info is an opaque string that is sent back as it came. Neither call returns an error, and the types suggest
#            bytes, not text; what the platform then says about the message names neither. A file_info that is no base64 at
#            all (the documents print "AE86C5D3F0E14B238C656C0F6DD1D0479C") fails, but after the upload.
# Seen:      the platform returned QR==, botgo sent QQ==
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/oauth2"
)

func main() {
	var sent struct {
		Media struct {
			FileInfo string `json:"file_info"`
		} `json:"media"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/files") {
			fmt.Fprint(w, `{"file_uuid":"u","file_info":"QR==","ttl":300}`)
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			panic(err)
		}
		fmt.Fprint(w, `{"id":"m","timestamp":"2026-08-01T12:00:00+08:00"}`)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	up, err := api.PostGroupMessage(context.Background(), "g", &dto.RichMediaMessage{FileType: 1, URL: "https://example.com/cat.png"})
	if err != nil {
		panic(err)
	}
	_, err = api.PostGroupMessage(context.Background(), "g", &dto.MessageToCreate{MsgType: dto.RichMediaMsg, Media: &dto.MediaInfo{FileInfo: up.FileInfo}})
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "the platform returned QR==, botgo sent %s\n", sent.Media.FileInfo)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'the platform returned QR==, botgo sent QQ==' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
