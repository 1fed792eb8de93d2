#!/usr/bin/env bash
# botgo turns the platform's "100016 invalid appid or secret" into a number that cannot be parsed.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1
# Behaviour: the type of the token's answer has an UnmarshalJSON of its own, which parses expires_in, a string, before anything
#            looks at code and message. The platform's error answer has no expires_in, so that the empty string is parsed and
#            that error returned. The branch that reports code and message is never reached by an error of the platform.
# Expected:  the code and the text, for which that branch was written. What a bot's author with a mistyped secret sees
#            names neither the secret nor the platform's reason.
# Seen:      strconv.ParseInt: parsing "": invalid syntax
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/token"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"code":100016,"message":"invalid appid or secret"}`)
	}))
	defer server.Close()
	constant.TokenDomain = server.URL
	_, err := token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: "102000001", AppSecret: "mistyped"}).Token()
	fmt.Fprintln(os.Stderr, err)
}
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 golang.org/x/sync@v0.1.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'strconv.ParseInt: parsing "": invalid syntax' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
