package richmediatest

import (
	"net/http"
	"strconv"
	"time"
)

// The names of the documents' table of codes for what a bot cannot see.
func errUnknownUser() *refusal    { return refuse(10001, "UnknownAccount") }
func errUnknownChannel() *refusal { return refuse(10003, "UnknownChannel") }
func errUnknownGuild() *refusal   { return refuse(10004, "UnknownGuild") }

// describeGuild is the guild object. The caller holds p.mu.
func (p *Platform) describeGuild() map[string]any {
	return map[string]any{
		"id": p.numericID("guild"), "name": "guild", "icon": "http://thirdqq.qlogo.cn/0", "description": "",
		"owner_id": p.numericID("user", "owner"), "owner": false, "joined_at": joinedAt,
		"member_count": 2 + len(p.guildUsers()), "max_members": 300, // the bot and the owner are members, too
	}
}

// describeChannel is the channel object of a text channel. The caller holds p.mu.
func (c *Chat) describeChannel() map[string]any {
	return map[string]any{
		"id": c.channelID, "guild_id": c.guildID, "name": c.name, "type": 0, "sub_type": 0, "position": 1,
		"parent_id": "0", "owner_id": c.p.numericID("user", "owner"), "private_type": 0, "speak_permission": 1,
	}
}

// serveMyGuilds is GET /users/@me/guilds. There is one guild.
func (p *Platform) serveMyGuilds(r *http.Request, _ route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Query().Get("after") == p.numericID("guild") {
		return []any{}, nil
	}
	return []any{p.describeGuild()}, nil
}

// serveGuild is GET /guilds/{guild_id}.
func (p *Platform) serveGuild(_ *http.Request, to route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to.id != p.numericID("guild") {
		return nil, errUnknownGuild()
	}
	return p.describeGuild(), nil
}

// serveChannels is GET /guilds/{guild_id}/channels: the channels that are in use.
func (p *Platform) serveChannels(_ *http.Request, to route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to.id != p.numericID("guild") {
		return nil, errUnknownGuild()
	}
	out := []any{}
	for _, c := range p.inOrder {
		if c.scene == sceneChannel {
			out = append(out, c.describeChannel())
		}
	}
	return out, nil
}

// serveChannel is GET /channels/{channel_id}.
func (p *Platform) serveChannel(_ *http.Request, to route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.openids[to.openid]
	if c == nil || c.scene != sceneChannel {
		return nil, errUnknownChannel()
	}
	return c.describeChannel(), nil
}

// openDM is POST /users/@me/dms: the direct messages with a user of the guild, known from a message in it.
func (p *Platform) openDM(_ *http.Request, _ route, body []byte) (any, *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return nil, errField("%v", err)
	}
	recipient, err := f.text("recipient_id")
	if err != nil {
		return nil, errField("%v", err)
	}
	source, err := f.text("source_guild_id")
	if err != nil {
		return nil, errField("%v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if source != p.numericID("guild") {
		return nil, errUnknownGuild()
	}
	for _, user := range p.guildUsers() {
		if p.numericID("user", user) == recipient {
			c := p.chatOf(sceneDM, user)
			return map[string]any{
				"guild_id": c.guildID, "channel_id": c.channelID, "create_time": strconv.FormatInt(p.now().Unix(), 10),
			}, nil
		}
	}
	return nil, errUnknownUser()
}

// member is a user of a chat.
type member struct {
	name   string
	joined time.Time
}

// guildUsers are the names of the users that have acted in the guild or its direct messages. The caller holds p.mu.
func (p *Platform) guildUsers() []string {
	seen := make(map[string]bool)
	var out []string
	for _, c := range p.inOrder {
		for _, m := range c.members {
			if c.guild() && !seen[m.name] {
				seen[m.name] = true
				out = append(out, m.name)
			}
		}
	}
	return out
}
