package richmediatest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// socket is a bot's websocket, by hand.
type socket struct {
	t  *testing.T
	ws *websocket.Conn
}

type frame struct {
	Op   int             `json:"op"`
	Seq  uint32          `json:"s"`
	Type string          `json:"t"`
	ID   string          `json:"id"`
	Data json.RawMessage `json:"d"`
}

// listening is a bot on the loopback address, whose client is in process all the same.
func listening(t *testing.T, opts ...richmediatest.Option) *bot {
	t.Helper()
	b := newBot(t, opts...)
	url, err := b.p.Listen()
	require.NoError(t, err)
	again, err := b.p.Listen()
	require.NoError(t, err)
	require.Equal(t, url, again)
	require.Equal(t, url, b.p.URL())
	return b
}

func (b *bot) dial() *socket {
	b.t.Helper()
	r, err := b.do(http.MethodGet, "/gateway", "")
	require.NoError(b.t, err)
	ws, resp, err := websocket.DefaultDialer.DialContext(b.t.Context(), r.text("url"), nil)
	require.NoError(b.t, err)
	_ = resp.Body.Close()
	s := &socket{b.t, ws}
	b.t.Cleanup(func() { _ = ws.Close() })
	hello := s.read()
	assert.Equal(b.t, 10, hello.Op)
	assert.JSONEq(b.t, `{"heartbeat_interval":41250}`, string(hello.Data))
	return s
}

func (s *socket) read() frame {
	s.t.Helper()
	var f frame
	require.NoError(s.t, s.ws.ReadJSON(&f))
	return f
}

func (s *socket) write(format string, args ...any) {
	s.t.Helper()
	require.NoError(s.t, s.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)))
}

// closed reads until the close and returns its code.
func (s *socket) closed() int {
	s.t.Helper()
	for {
		if _, _, err := s.ws.ReadMessage(); err != nil {
			var c *websocket.CloseError
			require.ErrorAs(s.t, err, &c)
			return c.Code
		}
	}
}

func (b *bot) identify(s *socket, intents dto.Intent) (sessionID string) {
	b.t.Helper()
	s.write(`{"op":2,"d":{"token":"QQBot %s","intents":%d,"shard":[0,1]}}`, b.token, intents)
	ready := s.read()
	require.Equal(b.t, "READY", ready.Type)
	var said struct {
		SessionID string `json:"session_id"`
		Shard     []int  `json:"shard"`
		User      struct {
			ID  string `json:"id"`
			Bot bool   `json:"bot"`
		} `json:"user"`
	}
	require.NoError(b.t, json.Unmarshal(ready.Data, &said))
	assert.Equal(b.t, []int{0, 1}, said.Shard)
	assert.True(b.t, said.User.Bot)
	assert.NotEmpty(b.t, said.User.ID)
	assert.EqualValues(b.t, 1, ready.Seq)
	return said.SessionID
}

const allIntents = dto.IntentGroupMessages | dto.IntentInteraction

func TestGatewayTellsWhereAndHowManyAtOnce(t *testing.T) {
	b := newBot(t)
	r, err := b.do(http.MethodGet, "/gateway/bot", "")
	require.NoError(t, err)
	accepted(t, r)
	var ap dto.WebsocketAP
	require.NoError(t, json.Unmarshal(r.raw, &ap))
	assert.Equal(t, "ws://platform.invalid/websocket", ap.URL)
	assert.EqualValues(t, 1, ap.Shards)
	assert.Greater(t, ap.SessionStartLimit.MaxConcurrency, uint32(1))
	assert.Positive(t, ap.SessionStartLimit.Remaining)
	b.token = "x"
	r, err = b.do(http.MethodGet, "/gateway/bot", "")
	require.NoError(t, err)
	refused(t, r, 401, 11244, 40011027)
	r, err = b.do(http.MethodGet, "/websocket", "")
	require.NoError(t, err)
	assert.Equal(t, 501, r.status, "in process there is no websocket")
}

func TestASessionGetsTheEventsOfItsIntentsInOrder(t *testing.T) {
	b := listening(t)
	g := b.p.Group("g")
	g.Say("ann", "before anybody listens")
	s := b.dial()
	b.identify(s, dto.IntentGroupMessages)
	require.NoError(t, b.p.WaitReady(soon(t)))
	one := g.Say("ann", "one")
	g.Press("ann", "not asked for")
	two := b.p.C2C("ann").Say("", "two")
	two.Redeliver()
	for i, ev := range []*richmediatest.Event{one, two, two} {
		f := s.read()
		assert.Equal(t, ev.ID(), f.ID)
		assert.EqualValues(t, i+2, f.Seq)
		assert.Equal(t, 0, f.Op)
	}
	s.write(`{"op":1,"d":4}`)
	assert.Equal(t, 11, s.read().Op)
	assert.Equal(t, 1, b.p.Count(richmediatest.OpSocket))
	assert.Empty(t, one.Pushes())
}

func TestWrongFramesCloseWithTheirCode(t *testing.T) {
	b := listening(t, richmediatest.WithIntents(allIntents))
	identify := func(token string, intents dto.Intent, shard string) string {
		return fmt.Sprintf(`{"op":2,"d":{"token":%q,"intents":%d,"shard":%s}}`, token, intents, shard)
	}
	good := "QQBot " + b.token
	for name, c := range map[string]struct {
		frame string
		code  int
	}{
		"heartbeat first":        {`{"op":1,"d":null}`, 4003},
		"no JSON":                {`x`, 4002},
		"no op":                  {`{}`, 4002},
		"unknown op":             {`{"op":99}`, 4001},
		"d of another type":      {`{"op":2,"d":"x"}`, 4002},
		"wrong token":            {identify("QQBot x", allIntents, "[0,1]"), 4004},
		"token without scheme":   {identify(b.token, allIntents, "[0,1]"), 4004},
		"shard beyond":           {identify(good, allIntents, "[1,1]"), 4010},
		"no intents":             {identify(good, 0, "[0,1]"), 4013},
		"unknown intent":         {identify(good, 1<<22, "[0,1]"), 4013},
		"intent not granted":     {identify(good, dto.IntentForum, "[0,1]"), 4014},
		"resume of another type": {`{"op":6,"d":"x"}`, 4002},
		"resume, wrong token":    {`{"op":6,"d":{"token":"x","session_id":"y","seq":1}}`, 4004},
	} {
		t.Run(name, func(t *testing.T) {
			s := b.dial()
			s.write("%s", c.frame)
			assert.Equal(t, c.code, s.closed())
		})
	}
	s := b.dial()
	b.identify(s, allIntents)
	s.write("%s", identify(good, allIntents, "[0,1]"))
	assert.Equal(t, 4005, s.closed())
	s = b.dial()
	id := b.identify(s, allIntents)
	s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":1}}`, b.token, id)
	assert.Equal(t, 4005, s.closed())
	s = b.dial()
	s.write(`{"op":2,"d":{"token":"QQBot %s","intents":%d}}`, b.token, allIntents)
	assert.Equal(t, "READY", s.read().Type, "one shard when none is named")
}

func TestResumeReplaysWhatWasMissed(t *testing.T) {
	b := listening(t)
	g := b.p.Group("g")
	s := b.dial()
	id := b.identify(s, allIntents)
	one := g.Say("ann", "one")
	require.Equal(t, one.ID(), s.read().ID)
	b.p.Reconnect()
	assert.Equal(t, 7, s.read().Op)
	assert.Equal(t, 4009, s.closed())
	two, three := g.Say("ann", "two"), g.Press("ann", "three")

	for _, token := range []string{b.token, "QQBot " + b.token} {
		old := s
		s = b.dial()
		s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":2}}`, token, id)
		require.Equal(t, two.ID(), s.read().ID)
		f := s.read()
		require.Equal(t, three.ID(), f.ID)
		assert.EqualValues(t, 4, f.Seq)
		assert.Equal(t, "RESUMED", s.read().Type)
		if token != b.token {
			assert.Equal(t, 4009, old.closed(), "one connection a session")
		}
	}
	four := g.Say("ann", "four")
	assert.Equal(t, four.ID(), s.read().ID)

	s = b.dial()
	s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":99}}`, b.token, id)
	assert.Equal(t, 4007, s.closed())
	s = b.dial()
	s.write(`{"op":6,"d":{"token":%q,"session_id":"nobody","seq":1}}`, b.token)
	assert.Equal(t, 9, s.read().Op)
	b.identify(s, allIntents) // the connection stays for it
}

func TestAResumeThatComesTooLateIsInvalid(t *testing.T) {
	b := listening(t)
	s := b.dial()
	id := b.identify(s, allIntents)
	b.p.Reconnect()
	assert.Equal(t, 4009, s.closed())
	for range 1100 {
		b.p.Group("g").Say("ann", "spam")
	}
	s = b.dial()
	s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":1}}`, b.token, id)
	assert.Equal(t, 9, s.read().Op)
}

func TestIdentifyingAnewGivesUpTheOldSession(t *testing.T) {
	b := listening(t)
	s := b.dial()
	old := b.identify(s, allIntents)
	b.p.DropGateway(4009)
	assert.Equal(t, 4009, s.closed())
	b.identify(b.dial(), allIntents)
	s = b.dial()
	s.write(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":1}}`, b.token, old)
	assert.Equal(t, 9, s.read().Op)
}

func TestAChatBelongsToOneShard(t *testing.T) {
	b := listening(t)
	var socks []*socket
	for shard := range 2 {
		s := b.dial()
		s.write(`{"op":2,"d":{"token":"QQBot %s","intents":%d,"shard":[%d,2]}}`, b.token, allIntents, shard)
		require.Equal(t, "READY", s.read().Type)
		socks = append(socks, s)
	}
	for i := range 40 {
		b.p.Group(fmt.Sprint(i)).Say("ann", "hi")
	}
	got := 0
	for _, s := range socks {
		n := 0
		s.write(`{"op":1,"d":null}`)
		for f := s.read(); f.Op != 11; f = s.read() {
			n++
		}
		assert.Positive(t, n)
		got += n
	}
	assert.Equal(t, 40, got)
}

func TestCloseEndsEverything(t *testing.T) {
	b := listening(t)
	s := b.dial()
	b.identify(s, allIntents)
	require.NoError(t, b.p.Close())
	_, _, err := s.ws.ReadMessage()
	require.Error(t, err)
	require.NoError(t, b.p.Close())
	_, err = b.p.Listen()
	require.Error(t, err)
	assert.NotEmpty(t, b.p.Calls(), "what was recorded stays")
}
