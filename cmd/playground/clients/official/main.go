// Command official asks each of the platform's hosts for an access token, as a Go client does that has the hosts in its code. It
// tries usePlayground.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "official:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := usePlayground(os.Getenv("PLAYGROUND_TLS"), os.Getenv("PLAYGROUND_CA")); err != nil {
		return err
	}
	for _, host := range []string{"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com", "bots.qq.com", "api.bot.qq.com"} {
		resp, err := http.Post("https://"+host+"/app/getAppAccessToken", "application/json", //nolint:noctx // as clients do
			strings.NewReader(`{"appId":"102000001","clientSecret":"playground-secret"}`))
		if err != nil {
			return err
		}
		var token struct {
			AccessToken string `json:"access_token"`
		}
		err = json.NewDecoder(resp.Body).Decode(&token)
		_ = resp.Body.Close()
		if err != nil || token.AccessToken == "" {
			return fmt.Errorf("%s: no token, %w", host, err)
		}
		fmt.Println(host, "ok")
	}
	return nil
}
