package richmediatest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

const (
	eventMemberAdd    dto.EventType = "GROUP_MEMBER_ADD"
	eventMemberRemove dto.EventType = "GROUP_MEMBER_REMOVE"

	intentGroupMember dto.Intent = 1 << 24

	maxMembers = 500 // of one answer, a choice
)

// AddMember lets user join the group: GROUP_MEMBER_ADD, which can be answered by its event_id (remilia, 2026-08). It panics in other chats.
func (c *Chat) AddMember(user string) *Event { return c.memberEvent("AddMember", user, eventMemberAdd) }

// RemoveMember lets user leave the group: GROUP_MEMBER_REMOVE, which cannot be answered. It panics in other chats.
func (c *Chat) RemoveMember(user string) *Event {
	return c.memberEvent("RemoveMember", user, eventMemberRemove)
}

func (c *Chat) memberEvent(method, user string, typ dto.EventType) *Event {
	c.only(method, sceneGroup)
	return c.happen(typ, &Message{User: user}, func(e *Event) map[string]any {
		if typ == eventMemberRemove {
			c.members = slices.DeleteFunc(c.members, func(m member) bool { return m.name == user })
		}
		return map[string]any{
			"timestamp": e.at.Unix(), "group_openid": c.openid,
			"member_openid": c.UserOpenID(user), "user_openid": c.p.openID(sceneC2C, user),
		}
	})
}

// join makes the user a member of the chat. The caller holds p.mu.
func (c *Chat) join(user string, at time.Time) {
	if !slices.ContainsFunc(c.members, func(m member) bool { return m.name == user }) {
		c.members = append(c.members, member{user, at})
	}
}

// serveMembers is GET /v2/groups/{group_openid}/members with limit and start_index: the users that have acted in the group.
// next_index is 0 at the end.
func (p *Platform) serveMembers(r *http.Request, to route, _ []byte) (any, *refusal) {
	limit, start := maxMembers, 0
	for name, n := range map[string]*int{"limit": &limit, "start_index": &start} {
		if v := r.URL.Query().Get(name); v != "" {
			var err error
			if *n, err = strconv.Atoi(v); err != nil || *n < 0 {
				return nil, errField("%s must be a number", name)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.openids[to.openid]
	switch {
	case c == nil || c.scene != sceneGroup:
		return nil, errForeignChat()
	case c.left:
		return nil, c.refusesSends()
	}
	from := min(start, len(c.members))
	page := c.members[from:min(len(c.members), from+min(limit, maxMembers))]
	members := make([]map[string]any, len(page))
	for i, m := range page {
		members[i] = map[string]any{"member_openid": c.UserOpenID(m.name), "join_timestamp": m.joined.Unix()}
	}
	next := from + len(page)
	if next == len(c.members) {
		next = 0
	}
	return map[string]any{"members": members, "next_index": next}, nil
}
