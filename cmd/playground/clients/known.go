package main

// fault is a client's own.
type fault struct {
	why       string
	sometimes bool // it depends on the timing
}

// known are the faults of the clients themselves, by title of the column and capability. The run fails if one that does not
// depend on the timing no longer shows.
var known = map[string]map[string]fault{
	"botgo, websocket": {
		cut: {why: "botgo resumes after the close code 4009 only. A connection that ends without a close frame counts as code 1006, so it " +
			"identifies anew, and events of the time between are lost (`websocket/client/client.go`)."},
	},
	"qq-official-bot, websocket": {
		reconnect: {why: "qq-official-bot reacts to a closed connection twice: its receiver resumes after a second, and its connection " +
			"manager identifies anew at once. Which of them comes first decides whether events of the time between are lost " +
			"(`receivers/websocket.js`, `core/connection.js`).", sometimes: true},
		cut: {why: "qq-official-bot resumes after the close codes 4008 and 4009 only. After a connection that ends without a close frame it " +
			"identifies anew, and events of the time between are lost (`receivers/websocket.js`)."},
	},
}
