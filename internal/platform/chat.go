package platform

import "net/url"

// Scene is the sort of chat, which decides its paths and what they take.
type Scene uint8

// The scenes.
const (
	Group   Scene = iota + 1 // a QQ group, by group_openid
	C2C                      // a user's single chat, by user_openid
	Channel                  // a guild's channel, by channel_id
	DM                       // a guild's direct messages, by their guild_id
)

// guild tells whether s is of a guild: it knows neither uploads nor msg_seq, and takes images in the message itself.
func (s Scene) guild() bool { return s == Channel || s == DM }

// Chat is where a call goes.
type Chat struct {
	Scene Scene
	ID    string
}

var scenePaths = map[Scene]string{Group: "/v2/groups/", C2C: "/v2/users/", Channel: "/channels/", DM: "/dms/"}

func (c Chat) path(leaf string) string { return scenePaths[c.Scene] + url.PathEscape(c.ID) + leaf }
