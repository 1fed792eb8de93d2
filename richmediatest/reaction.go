package richmediatest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Reaction is an emoji under a message of a channel.
type Reaction struct {
	Emoji string   // type and id, such as "1/4" (system) or "2/128512" (emoji)
	Users []string // names, as passed to Say; "bot" for the bot
}

// maxReactionUsers is how many users of a reaction are listed at once (docs 2026-08: 20 by default, at most 50).
const maxReactionUsers = 50

// reactionOf is the message of a reaction's path. The caller holds p.mu.
func (p *Platform) reactionOf(to route) (*Chat, *Message, *refusal) {
	c := p.openids[to.openid]
	if c == nil || c.scene != sceneChannel {
		return nil, nil, errUnknownChannel()
	}
	if kind, _, _ := strings.Cut(to.emoji, "/"); kind != "1" && kind != "2" {
		return nil, nil, errField("the type of an emoji is 1 or 2")
	}
	m := c.line(to.id)
	if m == nil {
		return nil, nil, refuse(40061002, "请求参数msgid无效")
	}
	return c, m, nil
}

// react is PUT .../reactions/{type}/{id}, by the bot.
func (p *Platform) react(_ *http.Request, to route, _ []byte) (any, *refusal) {
	return nil, p.changeReaction(to, func(users []string) []string {
		if slices.Contains(users, "bot") {
			return users
		}
		return append(slices.Clone(users), "bot")
	})
}

// unreact is DELETE .../reactions/{type}/{id}, of the bot's own.
func (p *Platform) unreact(_ *http.Request, to route, _ []byte) (any, *refusal) {
	return nil, p.changeReaction(to, func(users []string) []string {
		return slices.DeleteFunc(slices.Clone(users), func(u string) bool { return u == "bot" })
	})
}

// changeReaction replaces the message's reactions: messages that were returned before share the old ones.
func (p *Platform) changeReaction(to route, change func(users []string) []string) *refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, m, bad := p.reactionOf(to)
	if bad != nil {
		return bad
	}
	changed := slices.Clone(m.Reactions)
	i := slices.IndexFunc(changed, func(r Reaction) bool { return r.Emoji == to.emoji })
	if i < 0 {
		i, changed = len(changed), append(changed, Reaction{Emoji: to.emoji})
	}
	changed[i].Users = change(changed[i].Users)
	m.Reactions = slices.DeleteFunc(changed, func(r Reaction) bool { return len(r.Users) == 0 })
	p.wake()
	p.report(Happening{What: MessageReacted, Chat: c, Message: *m})
	return nil
}

// serveReaction is GET .../reactions/{type}/{id}: the users, page by page with cookie and limit.
func (p *Platform) serveReaction(r *http.Request, to route, _ []byte) (any, *refusal) {
	limit, from := 20, 0
	for name, n := range map[string]*int{"limit": &limit, "cookie": &from} {
		if v := r.URL.Query().Get(name); v != "" {
			var err error
			if *n, err = strconv.Atoi(v); err != nil || *n < 0 {
				return nil, errField("%s is malformed", name)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, m, bad := p.reactionOf(to)
	if bad != nil {
		return nil, bad
	}
	var names []string
	for _, reaction := range m.Reactions {
		if reaction.Emoji == to.emoji {
			names = reaction.Users
		}
	}
	from = min(from, len(names))
	end := min(len(names), from+min(limit, maxReactionUsers))
	users := []any{}
	for _, name := range names[from:end] {
		user := p.botUser()
		if name != "bot" {
			user = map[string]any{"id": c.UserOpenID(name), "username": name, "avatar": "http://thirdqq.qlogo.cn/0"}
		}
		users = append(users, user)
	}
	answer := map[string]any{"users": users, "cookie": "", "is_end": end == len(names)}
	if end < len(names) {
		answer["cookie"] = strconv.Itoa(end)
	}
	return answer, nil
}
