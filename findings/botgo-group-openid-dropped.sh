#!/usr/bin/env bash
# botgo answers a group event of the documents' own form at an address without a group.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1
# Behaviour: dto.Message knows group_id only. The platform documents group_openid, and its sample of a group message (docs
#            2026-08) has no group_id. The event decodes without an error, GroupID is "", and a reply with data.GroupID, as in
#            botgo's examples, is posted to /v2/groups//messages.
# Expected:  the group's openid in GroupID, or an error. botgo routes this event to a handler of its own for groups, which is
#            the only one that gets it.
# Seen:      GroupID "", the reply goes to /v2/groups//messages
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
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

func main() {
	path := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"m","timestamp":"2026-08-01T12:00:00+08:00"}`)
	}))
	defer server.Close()
	constant.APIDomain = server.URL
	api := botgo.NewOpenAPI("102000001", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}))
	event.RegisterHandlers(event.GroupATMessageEventHandler(func(_ *dto.WSPayload, data *dto.WSGroupATMessageData) error {
		_, err := api.PostGroupMessage(context.Background(), data.GroupID, &dto.MessageToCreate{Content: "hi", MsgID: data.ID})
		fmt.Fprintf(os.Stderr, "GroupID %q, the reply goes to %s\n", data.GroupID, path)
		return err
	}))
	payload := &dto.WSPayload{RawMessage: []byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","id":"GROUP_AT_MESSAGE_CREATE:x","d":` +
		`{"id":"ROBOT1.0_x","author":{"id":"C3D4","member_openid":"C3D4"},"content":" hi","group_openid":"B2C3","timestamp":"2026-07-21T10:05:00+08:00"}}`)}
	payload.Type = dto.EventGroupAtMessageCreate
	if err := event.ParseAndHandle(payload); err != nil {
		panic(err)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'GroupID "", the reply goes to /v2/groups//messages' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
