package richmediatest

import (
	"net/http"
	"net/url"
	"strings"
)

// handler answers one endpoint: v is the JSON of a success, nil for HTTP 204.
type handler func(p *Platform, r *http.Request, to route, body []byte) (v any, bad *refusal)

// route is where a request goes.
type route struct {
	op     Op
	scene  string // of paths with a chat
	openid string // what messages are sent to, as in Chat.OpenID
	id     string // message, interaction or guild id
	emoji  string // type/id of a reaction
	open   bool   // needs no access token
	call   *Call  // for warnings
	serve  handler
}

// endpoint is a method and a path. In the path {chat} is a route's openid, {id} its id, and {type} with {emoji} its emoji.
type endpoint struct {
	method, path string
	scene        string
	op           Op
	serve        handler
}

// endpoints are those of docs 2026-08 that the clients of the ecosystem call.
var endpoints = []endpoint{
	{"POST", "app/getAppAccessToken", "", OpToken, (*Platform).issueToken},
	{"GET", "gateway", "", OpGateway, (*Platform).serveGateway},
	{"GET", "gateway/bot", "", OpGateway, (*Platform).serveGateway},
	{"PUT", "interactions/{id}", "", OpAck, (*Platform).acknowledge},

	{"POST", "v2/groups/{chat}/files", sceneGroup, OpUpload, (*Platform).upload},
	{"POST", "v2/groups/{chat}/upload_prepare", sceneGroup, OpPrepare, (*Platform).prepare},
	{"POST", "v2/groups/{chat}/upload_part_finish", sceneGroup, OpFinish, (*Platform).finish},
	{"POST", "v2/groups/{chat}/messages", sceneGroup, OpSend, (*Platform).send},
	{"DELETE", "v2/groups/{chat}/messages/{id}", sceneGroup, OpRecall, (*Platform).recall},
	{"GET", "v2/groups/{chat}/members", sceneGroup, OpMembers, (*Platform).serveMembers},

	{"POST", "v2/users/{chat}/files", sceneC2C, OpUpload, (*Platform).upload},
	{"POST", "v2/users/{chat}/upload_prepare", sceneC2C, OpPrepare, (*Platform).prepare},
	{"POST", "v2/users/{chat}/upload_part_finish", sceneC2C, OpFinish, (*Platform).finish},
	{"POST", "v2/users/{chat}/messages", sceneC2C, OpSend, (*Platform).send},
	{"POST", "v2/users/{chat}/stream_messages", sceneC2C, OpStream, (*Platform).sendFrame},
	{"DELETE", "v2/users/{chat}/messages/{id}", sceneC2C, OpRecall, (*Platform).recall},

	{"GET", "users/@me", "", OpMe, (*Platform).serveMe},
	{"GET", "users/@me/guilds", "", OpGuild, (*Platform).serveMyGuilds},
	{"POST", "users/@me/dms", "", OpGuild, (*Platform).openDM},
	{"GET", "guilds/{id}", "", OpGuild, (*Platform).serveGuild},
	{"GET", "guilds/{id}/channels", "", OpGuild, (*Platform).serveChannels},
	{"GET", "channels/{chat}", sceneChannel, OpGuild, (*Platform).serveChannel},
	{"POST", "channels/{chat}/messages", sceneChannel, OpSend, (*Platform).sendGuild},
	{"DELETE", "channels/{chat}/messages/{id}", sceneChannel, OpRecall, (*Platform).recall},
	{"PUT", "channels/{chat}/messages/{id}/reactions/{type}/{emoji}", sceneChannel, OpReact, (*Platform).react},
	{"DELETE", "channels/{chat}/messages/{id}/reactions/{type}/{emoji}", sceneChannel, OpReact, (*Platform).unreact},
	{"GET", "channels/{chat}/messages/{id}/reactions/{type}/{emoji}", sceneChannel, OpReact, (*Platform).serveReaction},
	{"POST", "dms/{chat}/messages", sceneDM, OpSend, (*Platform).sendGuild},
	{"DELETE", "dms/{chat}/messages/{id}", sceneDM, OpRecall, (*Platform).recall},
}

// findRoute matches the path, then the method: a wrong method differs from a wrong path. allowed are the methods of the path,
// nil for an unknown one, and serve is nil if r's method is none of them.
func findRoute(r *http.Request) (to route, allowed []string) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, s := range segments {
		if unescaped, err := url.PathUnescape(s); err == nil {
			segments[i] = unescaped
		}
	}
	to.op = OpUnknown
	for _, e := range endpoints {
		found, ok := e.match(segments)
		if !ok {
			continue
		}
		allowed = append(allowed, e.method)
		if e.method == r.Method {
			found.serve = e.serve
			to = found
		} else if to.serve == nil {
			to = found
		}
	}
	return to, allowed
}

// match returns the route of a path of the endpoint.
func (e endpoint) match(segments []string) (route, bool) {
	names := strings.Split(e.path, "/")
	if len(names) != len(segments) {
		return route{}, false
	}
	to := route{op: e.op, scene: e.scene, open: e.op == OpToken}
	for i, name := range names {
		switch s := segments[i]; {
		case name == "{chat}":
			to.openid = s
		case name == "{id}":
			to.id = s
		case name == "{type}":
			to.emoji = s
		case name == "{emoji}":
			to.emoji += "/" + s
		case name != s:
			return route{}, false
		}
	}
	return to, true
}
