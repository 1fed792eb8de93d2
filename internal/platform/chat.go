package platform

import "net/url"

// Scene is the kind of a chat. It decides the paths of its calls and what they accept.
type Scene uint8

// The scenes.
const (
	Group   Scene = iota + 1 // a QQ group, by group_openid
	C2C                      // a user's single chat, by user_openid
	Channel                  // a guild's channel, by channel_id
	DM                       // a guild's direct messages, by their guild_id
)

// guild reports whether s belongs to a guild: no uploads, no msg_seq, and images travel in the message itself.
func (s Scene) guild() bool { return s == Channel || s == DM }

// Chat is the destination of a call.
type Chat struct {
	Scene Scene
	ID    string
}

var scenePaths = map[Scene]string{Group: "/v2/groups/", C2C: "/v2/users/", Channel: "/channels/", DM: "/dms/"}

func (c Chat) path(leaf string) string { return scenePaths[c.Scene] + url.PathEscape(c.ID) + leaf }
