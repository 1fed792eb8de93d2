#!/usr/bin/env bash
# A full ttlcache evicts an entry with an hour to live while it holds one that has expired.
#
# Versions:  github.com/jellydator/ttlcache/v3 v3.4.1
# Behaviour: expired items stay in the cache until DeleteExpired or Start removes them, and count for WithCapacity. When a
#            new item needs room, the least recently used one is evicted, whether or not another one has expired. Get, Has and
#            Len do not show the expired item, so that a cache which says it holds one item evicts it to make room.
# Expected:  an expired item goes first, as its place is free for every reader: the cache keeps a queue by expiry beside the
#            one by use. With short and long lives in one cache, a burst of short ones empties it of the long ones even after
#            the burst has expired.
# Seen:      before: Len 1, the entry of an hour is there: true
#            after one Set: Len 1, the entry of an hour is there: false
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

func main() {
	cache := ttlcache.New(ttlcache.WithCapacity[string, int](2))
	cache.Set("an hour", 1, time.Hour)
	cache.Set("a moment", 2, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	fmt.Fprintf(os.Stderr, "before: Len %d, the entry of an hour is there: %t\n", cache.Len(), cache.Has("an hour"))
	cache.Set("new", 3, time.Hour)
	fmt.Fprintf(os.Stderr, "after one Set: Len %d, the entry of an hour is there: %t\n", cache.Len(), cache.Has("an hour"))
}
GO
go mod init finding >&2
go get github.com/jellydator/ttlcache/v3@v3.4.1 >&2
go build -o finding . >&2
got=$(./finding 2>&1 >/dev/null)
echo "$got"
[ "$got" = 'before: Len 1, the entry of an hour is there: true
after one Set: Len 1, the entry of an hour is there: false' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
