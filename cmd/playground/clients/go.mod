module github.com/botgo-contrib/richmedia/cmd/playground/clients

go 1.26.0

ignore ./node_modules

require github.com/tencent-connect/botgo v0.2.1

require (
	github.com/go-resty/resty/v2 v2.16.3 // indirect; from 2.16.4 on the first request of botgo carries a wrong token type and is refused
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/tidwall/gjson v1.20.1 // indirect
	github.com/tidwall/match v1.2.0 // indirect
	github.com/tidwall/pretty v1.2.2 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)
