#!/usr/bin/env bash
# botgo ignores a handler that is an ordinary func with the right signature: no error, no warning, no intent.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1
# Behaviour: RegisterHandlers takes ...interface{} and looks at the dynamic type of each argument. A func literal has the type
#            func(*dto.WSPayload, *dto.WSGroupATMessageData) error, which is not event.GroupATMessageEventHandler, so that it
#            falls through the switch. RegisterHandlers returns intent 0, and the event is dispatched to nobody, with a nil
#            error, which a webhook answers with success.
# Expected:  Go assigns a func literal to a parameter of a named func type without a conversion, as in http.HandleFunc, so that
#            the call looks right and compiles; something that is no handler should at least be reported. Over a websocket the
#            intent of 0 is replaced by that of guilds, and the bot comes online and never gets a message.
# Seen:      a func literal: intent 0, error <nil>, it ran: false
#            the same, converted: intent 33554432, error <nil>, it ran: true
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
)

func main() {
	ran := false
	handler := func(*dto.WSPayload, *dto.WSGroupATMessageData) error { ran = true; return nil }
	for _, c := range []struct {
		name    string
		handler any
	}{
		{"a func literal", handler},
		{"the same, converted", event.GroupATMessageEventHandler(handler)},
	} {
		ran = false
		intent := event.RegisterHandlers(c.handler)
		payload := &dto.WSPayload{RawMessage: []byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","id":"x","d":{"id":"m","group_id":"g","content":"hi"}}`)}
		payload.Type = dto.EventGroupAtMessageCreate
		err := event.ParseAndHandle(payload)
		fmt.Fprintf(os.Stderr, "%s: intent %d, error %v, it ran: %t\n", c.name, intent, err, ran)
	}
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'a func literal: intent 0, error <nil>, it ran: false
the same, converted: intent 33554432, error <nil>, it ran: true' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
