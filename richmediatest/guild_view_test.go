package richmediatest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func (b *bot) get(path string) reply {
	b.t.Helper()
	r, err := b.do(http.MethodGet, path, "")
	require.NoError(b.t, err)
	return r
}

func (b *bot) list(path string) []map[string]any {
	b.t.Helper()
	var out []map[string]any
	r := b.get(path)
	accepted(b.t, r)
	require.NoError(b.t, json.Unmarshal(r.raw, &out))
	return out
}

func TestABotSeesItsGuildAndItsChannels(t *testing.T) {
	b := newBot(t)
	news, chat := b.p.Channel("news"), b.p.Channel("chat")
	news.Say("ann", "hi")
	guilds := b.list("/users/@me/guilds?limit=100")
	require.Len(t, guilds, 1)
	assert.Equal(t, news.GuildID(), guilds[0]["id"])
	assert.Empty(t, b.list("/users/@me/guilds?after="+news.GuildID()))
	guild := b.get("/guilds/" + news.GuildID())
	accepted(t, guild)
	assert.Equal(t, guilds[0], guild.json)

	channels := b.list("/guilds/" + news.GuildID() + "/channels")
	require.Len(t, channels, 2)
	assert.Equal(t, []any{"news", "chat"}, []any{channels[0]["name"], channels[1]["name"]})
	one := b.get("/channels/" + chat.OpenID())
	accepted(t, one)
	assert.Equal(t, channels[1], one.json)
	assert.Equal(t, news.GuildID(), one.json["guild_id"])

	refused(t, b.get("/guilds/1"), 400, 10004, 10004)
	refused(t, b.get("/guilds/1/channels"), 400, 10004, 10004)
	refused(t, b.get("/channels/1"), 400, 10003, 10003)
	refused(t, b.get("/channels/"+b.p.DM("ann").OpenID()), 400, 10003, 10003)
	b.token = "x"
	assert.Equal(t, 401, b.get("/guilds/"+news.GuildID()).status)
}

func TestABotOpensDirectMessagesWithAUserOfItsGuild(t *testing.T) {
	b := newBot(t, richmediatest.WithProactive())
	news := b.p.Channel("news")
	news.Say("ann", "hi")
	open := func(user, guild any) reply {
		return b.post("/users/@me/dms", object("recipient_id", user, "source_guild_id", guild))
	}
	r := open(news.UserOpenID("ann"), news.GuildID())
	accepted(t, r)
	dm := b.p.DM("ann")
	assert.Equal(t, dm.OpenID(), r.text("guild_id"))
	assert.Regexp(t, "^[0-9]+$", r.text("create_time"))
	accepted(t, b.post("/dms/"+r.text("guild_id")+"/messages", object("content", "psst")))
	assert.Equal(t, "psst", dm.Answers()[0].Text)

	refused(t, open(news.UserOpenID("bob"), news.GuildID()), 400, 10001, 10001)
	refused(t, open(news.UserOpenID("ann"), "1"), 400, 10004, 10004)
	refused(t, open(1, news.GuildID()), 400, 40011000, 40011000)
}

func TestABotReactsToAMessage(t *testing.T) {
	b := newBot(t)
	c := b.p.Channel("news")
	ev := c.Say("ann", "hi")
	path := func(id, emoji string) string {
		return "/channels/" + c.OpenID() + "/messages/" + url.PathEscape(id) + "/reactions/" + emoji
	}
	change := func(method, path string) reply {
		r, err := b.do(method, path, "")
		require.NoError(t, err)
		return r
	}
	for range 2 {
		r := change(http.MethodPut, path(ev.MsgID(), "1/4"))
		assert.Equal(t, 204, r.status, "%s", r.raw)
		assert.Empty(t, r.raw)
	}
	assert.Equal(t, []richmediatest.Reaction{{Emoji: "1/4", Users: []string{"bot"}}}, c.Messages()[0].Reactions)
	r := b.get(path(ev.MsgID(), "1/4"))
	accepted(t, r)
	users, _ := r.json["users"].([]any)
	require.Len(t, users, 1)
	assert.Equal(t, true, r.json["is_end"])
	page := b.get(path(ev.MsgID(), "1/4") + "?limit=0")
	assert.Equal(t, false, page.json["is_end"])
	assert.Empty(t, b.get(path(ev.MsgID(), "2/128512")).json["users"])
	refused(t, b.get(path(ev.MsgID(), "1/4")+"?cookie=x"), 400, 40011000, 40011000)

	assert.Equal(t, 204, change(http.MethodDelete, path(ev.MsgID(), "1/4")).status)
	assert.Empty(t, c.Messages()[0].Reactions)
	refused(t, change(http.MethodPut, path(ev.MsgID(), "3/4")), 400, 40011000, 40011000)
	refused(t, change(http.MethodPut, path("none", "1/4")), 400, 40061002, 40061002)
	refused(t, change(http.MethodPut, "/channels/1/messages/1/reactions/1/1"), 400, 10003, 10003)
	post := change(http.MethodPost, path(ev.MsgID(), "1/4"))
	assert.Equal(t, 405, post.status)
	assert.Equal(t, "PUT, DELETE, GET", post.header.Get("Allow"))
}

func TestABotSeesTheMembersOfAGroup(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	for _, user := range []string{"ann", "bob", "ann", "cid"} {
		g.Say(user, "hi")
	}
	path := "/v2/groups/" + g.OpenID() + "/members"
	names := func(r reply) []any {
		accepted(t, r)
		list, _ := r.json["members"].([]any)
		out := []any{}
		for _, m := range list {
			m, _ := m.(map[string]any)
			assert.NotZero(t, m["join_timestamp"])
			out = append(out, m["member_openid"])
		}
		return out
	}
	ann, bob, cid := g.UserOpenID("ann"), g.UserOpenID("bob"), g.UserOpenID("cid")
	assert.Equal(t, []any{ann, bob, cid}, names(b.get(path)))
	first := b.get(path + "?limit=2")
	assert.Equal(t, []any{ann, bob}, names(first))
	assert.EqualValues(t, 2, first.json["next_index"])
	last := b.get(path + "?limit=2&start_index=2")
	assert.Equal(t, []any{cid}, names(last))
	assert.EqualValues(t, 0, last.json["next_index"])
	refused(t, b.get(path+"?limit=x"), 400, 40011000, 40011000)

	joined := g.AddMember("dan")
	in := d(t, joined)
	assert.ElementsMatch(t, []string{"timestamp", "group_openid", "member_openid", "user_openid"}, keys(in))
	assert.Equal(t, g.UserOpenID("dan"), in["member_openid"])
	assert.Equal(t, b.p.C2C("dan").OpenID(), in["user_openid"])
	accepted(t, b.message(g, object("msg_type", 0, "content", "welcome", "event_id", joined.ID())))
	left := g.RemoveMember("bob")
	refused(t, b.message(g, object("msg_type", 0, "content", "bye", "event_id", left.ID())), 400, 40034027, 40034027)
	assert.Equal(t, []any{ann, cid, g.UserOpenID("dan")}, names(b.get(path)))
	assert.Equal(t, "dan joined", g.Messages()[4].String())
	assert.Equal(t, "bob left", g.Messages()[6].String())
	assert.Panics(t, func() { b.p.C2C("ann").AddMember("ann") })

	refused(t, b.get("/v2/groups/X/members"), 500, 50055001, 50055001)
	g.RemoveBot("ann")
	refused(t, b.get(path), 400, 40054003, 40054003)
}
