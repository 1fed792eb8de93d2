//go:build unix

package main

import (
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/redisstore"
)

// A bot that is to run as several processes.
func Example() {
	src := token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: "102000001", AppSecret: "secret"})
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}, ContextTimeoutEnabled: true})
	defer client.Close() //nolint:errcheck // after the plugin
	media, err := richmedia.New(src,
		richmedia.WithStore(redisstore.New(client, "mybot:")), // one upload serves all, and is made by one
		richmedia.WithSharedEvents())                          // an event that is pushed to two runs one handler
	if err != nil {
		fmt.Println(err)
		return
	}
	defer media.Close() //nolint:errcheck // always nil
	fmt.Println("ready, whether Redis is there or not")
	// Output: ready, whether Redis is there or not
}
