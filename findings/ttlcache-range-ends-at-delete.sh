#!/usr/bin/env bash
# ttlcache's Range ends without a word after the first item that the function given to it deletes.
#
# Versions:  github.com/jellydator/ttlcache/v3 v3.4.1
# Behaviour: Range walks the list of the cache's items, calls the function without a lock, and then asks the item for its
#            successor. An item that was deleted meanwhile has left the list and has none, so that the walk is over. Everything
#            behind it stays, unvisited: of five uploads of a group that the bot has left, one is forgotten. RangeBackwards is
#            the same from the other end.
# Expected:  five of five, as from a sync.Map, after which Range is modelled, and from a Go map. The function is called without
#            a lock so that it may use the cache, and says by its result, here always true, whether to go on. With one item to
#            delete, or the last one, all looks right. Keys collected in Range and deleted behind it are all deleted.
# Seen:      Range and Delete: visited 1 of 6, deleted 1, left 5
#            RangeBackwards and Delete: visited 2 of 6, deleted 1, left 5
#            Range, then Delete: visited 6 of 6, deleted 5, left 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

type (
	cache = ttlcache.Cache[string, string]
	item  = ttlcache.Item[string, string]
)

func filled() *cache {
	c := ttlcache.New[string, string]()
	c.Set("group B/cat.png", "file_info", time.Hour)
	for _, name := range []string{"1.png", "2.mp4", "3.silk", "4.pdf", "5.gif"} {
		c.Set("group A/"+name, "file_info", time.Hour)
	}
	return c
}

func main() {
	left := func(i *item) bool { return strings.HasPrefix(i.Key(), "group A/") }
	report := func(how string, c *cache, visited int) {
		fmt.Printf("%s: visited %d of 6, deleted %d, left %d\n", how, visited, 6-c.Len(), c.Len())
	}
	for _, walk := range []struct {
		how string
		do  func(*cache, func(*item) bool)
	}{
		{"Range and Delete", (*cache).Range},
		{"RangeBackwards and Delete", (*cache).RangeBackwards},
	} {
		c, visited := filled(), 0
		walk.do(c, func(i *item) bool {
			visited++
			if left(i) {
				c.Delete(i.Key())
			}
			return true
		})
		report(walk.how, c, visited)
	}

	c, visited := filled(), 0
	var keys []string
	c.Range(func(i *item) bool {
		visited++
		if left(i) {
			keys = append(keys, i.Key())
		}
		return true
	})
	for _, key := range keys {
		c.Delete(key)
	}
	report("Range, then Delete", c, visited)
}
GO
go mod init finding >&2
go get github.com/jellydator/ttlcache/v3@v3.4.1 >&2
go build -o finding . >&2
got=$(./finding)
echo "$got"
[ "$got" = 'Range and Delete: visited 1 of 6, deleted 1, left 5
RangeBackwards and Delete: visited 2 of 6, deleted 1, left 5
Range, then Delete: visited 6 of 6, deleted 5, left 1' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
