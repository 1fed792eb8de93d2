#!/usr/bin/env bash
# go-redis stores a key without any expiry if Set is given a time in the past, while SetNX with the same time is refused.
#
# Versions:  github.com/redis/go-redis/v9 v9.7.3, against github.com/alicebob/miniredis/v2 v2.34.0
# Behaviour: Set sends PX or EX for an expiration above 0, KEEPTTL for -1 (redis.KeepTTL), and nothing for any other value. With
#            time.Until(end) of an end that has passed, which is negative, the key is stored for good and the call succeeds.
#            SetNX sends the negative number, which the server refuses. And -1 is also a duration, one nanosecond too late.
# Expected:  the same from both calls: a key that is not stored, or the server's error. What was to be forgotten
#            at a given moment is never forgotten if the program was slow by a millisecond.
# Seen:      Set with -1s: error <nil>, stored: true, expires: never
#            SetNX with -1s: error ERR invalid expire time in set, stored: false, expires: no key
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func main() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	ctx := context.Background()
	show := func(call string, err error) {
		expires := map[time.Duration]string{-1: "never", -2: "no key"}[client.TTL(ctx, "key").Val()]
		fmt.Fprintf(os.Stderr, "%s with -1s: error %v, stored: %t, expires: %s\n", call, err, client.Exists(ctx, "key").Val() == 1, expires)
		client.Del(ctx, "key")
	}
	show("Set", client.Set(ctx, "key", "value", -time.Second).Err())
	show("SetNX", client.SetNX(ctx, "key", "value", -time.Second).Err())
}
GO
go mod init finding >&2
go get github.com/redis/go-redis/v9@v9.7.3 github.com/alicebob/miniredis/v2@v2.34.0 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'Set with -1s: error <nil>, stored: true, expires: never
SetNX with -1s: error ERR invalid expire time in set, stored: false, expires: no key' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
