package platform

import "net/url"

// Chat is where a call goes: a group or a user's single chat.
type Chat struct {
	Group  bool
	OpenID string // group_openid, or user_openid
}

func (c Chat) path(leaf string) string {
	scene := "/v2/users/"
	if c.Group {
		scene = "/v2/groups/"
	}
	return scene + url.PathEscape(c.OpenID) + leaf
}
