package richmediatest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestBotgosClientsWorkOverTheLoopbackAddress(t *testing.T) {
	b := listening(t)
	defer b.p.UseBotgo()()
	src := token.NewQQBotTokenSource(b.p.Credentials())
	api := botgo.NewOpenAPI(b.p.AppID(), src)
	g, u := b.p.Group("g"), b.p.C2C("ann")
	b.p.Host("https://example.com/cat.png", png)

	// The first call of a client shows whether botgo and its resty agree: with some versions of resty it goes out as
	// "Bearer", which the platform refuses.
	me, err := api.Me(t.Context())
	require.NoError(t, err)
	assert.True(t, me.Bot)
	ap, err := api.WS(t.Context(), nil, "")
	require.NoError(t, err)
	assert.Contains(t, ap.URL, "ws://127.0.0.1:")

	up, err := api.PostGroupMessage(t.Context(), g.OpenID(), dto.RichMediaMessage{FileType: 1, URL: "https://example.com/cat.png"})
	require.NoError(t, err)
	sent, err := api.PostGroupMessage(t.Context(), g.OpenID(), dto.MessageToCreate{
		MsgType: dto.RichMediaMsg, MsgID: g.Say("ann", "hi").MsgID(), Media: &dto.MediaInfo{FileInfo: up.FileInfo}, Content: "meow",
	})
	require.NoError(t, err)
	require.Len(t, g.Answers(), 1)
	assert.Equal(t, sent.ID, g.Answers()[0].ID)
	assert.Equal(t, png, g.Answers()[0].Media.Upload.Data)
	_, err = api.PostC2CMessage(t.Context(), u.OpenID(), dto.MessageToCreate{Content: "hi", MsgID: u.Say("", "hi").MsgID()})
	require.NoError(t, err)
	require.NoError(t, api.RetractGroupMessage(t.Context(), g.OpenID(), sent.ID))

	press := g.Press("ann", "again")
	require.NoError(t, api.PutInteraction(t.Context(), press.InteractionID(), `{"code":0}`))
	assert.Equal(t, map[string]int{press.InteractionID(): 0}, b.p.Acks())

	_, err = api.PostGroupMessage(t.Context(), g.OpenID(), dto.MessageToCreate{Content: "unasked"})
	require.Error(t, err)
	assert.Equal(t, 400, errs.Error(err).Code())
	var said map[string]any
	require.NoError(t, json.Unmarshal([]byte(errs.Error(err).Text()), &said))
	assert.EqualValues(t, 40034105, said["code"])
	assert.Equal(t, said["trace_id"], errs.Error(err).Trace())
}

func TestBotgosClientSendsToGuilds(t *testing.T) {
	b := listening(t)
	defer b.p.UseBotgo()()
	api := botgo.NewOpenAPI(b.p.AppID(), token.NewQQBotTokenSource(b.p.Credentials()))
	c, dm := b.p.Channel("cats"), b.p.DM("ann")
	b.p.Host("https://example.com/cat.png", png)

	sent, err := api.PostMessage(t.Context(), c.OpenID(), &dto.MessageToCreate{
		Content: "meow", Image: "https://example.com/cat.png", MsgID: c.Say("ann", "/cat").MsgID(),
	})
	require.NoError(t, err)
	assert.Equal(t, c.Answers()[0].ID, sent.ID)
	assert.Equal(t, c.OpenID(), sent.ChannelID)
	assert.Equal(t, c.GuildID(), sent.GuildID)
	assert.Equal(t, "meow", sent.Content)
	assert.True(t, sent.Author.Bot)
	at, err := sent.Timestamp.Time()
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	assert.Equal(t, png, c.Answers()[0].Media.Upload.Data)

	direct, err := api.PostDirectMessage(t.Context(), &dto.DirectMessage{GuildID: dm.GuildID()}, &dto.MessageToCreate{
		Image: "https://example.com/cat.png", MsgID: dm.Say("", "/cat").MsgID(),
	})
	require.NoError(t, err)
	assert.True(t, direct.DirectMessage)
	assert.Equal(t, "bot: [image image/png, 24 bytes]", dm.Answers()[0].String())

	require.NoError(t, api.RetractMessage(t.Context(), c.OpenID(), sent.ID))
	require.NoError(t, api.RetractDMMessage(t.Context(), dm.GuildID(), direct.ID))
	assert.Empty(t, append(c.Answers(), dm.Answers()...))
}

func TestUseBotgoPutsTheHostsBack(t *testing.T) {
	p := richmediatest.New()
	restore := p.UseBotgo()
	_, err := token.NewQQBotTokenSource(p.Credentials()).Token()
	require.Error(t, err, "the reserved base cannot be reached")
	restore()
	other := listening(t)
	defer other.p.UseBotgo()()
	_, err = token.NewQQBotTokenSource(other.p.Credentials()).Token()
	require.NoError(t, err)
	_, err = token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: "x", AppSecret: "y"}).Token()
	require.Error(t, err)
}
