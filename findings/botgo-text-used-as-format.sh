#!/usr/bin/env bash
# botgo's default logger uses the text that it logs as the format of another Printf.
#
# Versions:  github.com/tencent-connect/botgo v0.2.1
# Behaviour: Infof formats its arguments, and the logger then puts the finished text into the format string of a second Printf.
#            Every percent sign that was in an argument is read as a verb there. botgo logs each event and each answer at info
#            level, so that this meets what users write, and the addresses of links, which have %20 and the like.
# Expected:  text that came in through %s comes out as it is.
# Seen:      100%!c(MISSING)otton, 20%!o(MISSING)ff: /cat%!p(MISSING)hotos
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import "github.com/tencent-connect/botgo/log"

func main() { log.Infof("%s", "100%cotton, 20%off: /cat%photos") }
GO
go mod init finding >&2
go get github.com/tencent-connect/botgo@v0.2.1 >&2
go build -o finding . >&2
got=$(./finding | sed 's/.*main //')
echo "$got"
[ "$got" = '100%!c(MISSING)otton, 20%!o(MISSING)ff: /cat%!p(MISSING)hotos' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
