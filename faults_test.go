package richmedia_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// faultSwitch switches a fault on for the next times calls of op, or for all below 0.
type faultSwitch = func(f *richmediatest.Faults, op richmediatest.Op, times int) (remove func())

// faultKinds are the faults that a call can meet. A fault that happens once must not lose the reply, unless it is final.
var faultKinds = []struct {
	name  string
	set   faultSwitch
	final bool
}{
	{name: "connection refused", set: (*richmediatest.Faults).Refuse},
	{name: "reset before it acted", set: (*richmediatest.Faults).Drop},
	{name: "reset after it acted", set: (*richmediatest.Faults).Lose},
	{name: "timeout before it acted", set: (*richmediatest.Faults).Stall},
	{name: "timeout after it acted", set: (*richmediatest.Faults).StallAfter},
	{name: "500", set: pageOf(http.StatusInternalServerError)},
	{name: "502 page", set: pageOf(http.StatusBadGateway)},
	{name: "504 page", set: pageOf(http.StatusGatewayTimeout)},
	{name: "429, Retry-After", set: limitedFor(7 * time.Second)},
	{name: "429", set: limitedFor(0)},
	{name: "200 with a page", set: pageOf(http.StatusOK)},
	{name: "200 with an error", set: func(f *richmediatest.Faults, op richmediatest.Op, times int) func() {
		return f.ErrorWith200(op, times, passing[op])
	}},
	{name: "200 with a refusal", set: func(f *richmediatest.Faults, op richmediatest.Op, times int) func() {
		return f.ErrorWith200(op, times, 40034006)
	}, final: true},
	{name: "200, empty", set: (*richmediatest.Faults).Empty},
	{name: "truncated JSON", set: (*richmediatest.Faults).Truncate},
	{name: "wrong JSON types", set: (*richmediatest.Faults).Garble},
	{name: "slow drip", set: func(f *richmediatest.Faults, op richmediatest.Op, times int) func() {
		return f.Drip(op, times, time.Second)
	}},
}

// passing are the codes by which an endpoint says that it failed for now.
var passing = map[richmediatest.Op]int{
	richmediatest.OpToken: 100001, richmediatest.OpUpload: 850027, richmediatest.OpPrepare: 40093001, richmediatest.OpPart: 40093001,
	richmediatest.OpFinish: 40093001, richmediatest.OpMerge: 40093001, richmediatest.OpSend: 50055001, richmediatest.OpAck: 50055001,
	richmediatest.OpStream: 50001,
}

func pageOf(status int) faultSwitch {
	return func(f *richmediatest.Faults, op richmediatest.Op, times int) func() { return f.Page(op, times, status) }
}

func limitedFor(after time.Duration) faultSwitch {
	return func(f *richmediatest.Faults, op richmediatest.Op, times int) func() {
		return f.RateLimit(op, times, after)
	}
}

// faultRoutes are the routes of a reply, with the calls of each and the scenes that have it.
var faultRoutes = []struct {
	name   string
	ops    []richmediatest.Op
	scenes []string
}{
	{"inline", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpSend, richmediatest.OpAck}, grouped},
	{"URL", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpSend, richmediatest.OpAck}, grouped},
	{"parts", []richmediatest.Op{
		richmediatest.OpToken, richmediatest.OpPrepare, richmediatest.OpPart, richmediatest.OpFinish, richmediatest.OpMerge,
		richmediatest.OpSend, richmediatest.OpAck,
	}, grouped},
	{"cached", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpSend, richmediatest.OpAck}, grouped},
	{"fetched", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpSend}, grouped},
	{"guild", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpSend}, []string{"channel", "dm"}},
	{"guild URL", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpSend}, []string{"channel", "dm"}},
}

var grouped = []string{"group", "c2c"}

// verdict is the result of a reply as the handler sees it.
type verdict int

const (
	delivered verdict = iota // nil
	definite                 // an error that says that nothing is in the chat
	unknown                  // an error that says that the reply may have arrived
	verdicts
)

func verdictOf(err error) verdict {
	var api *richmedia.APIError
	switch {
	case err == nil:
		return delivered
	case errors.As(err, &api) && api.Op == "send" && api.Delivered == richmedia.DeliveredUnknown:
		return unknown
	}
	return definite
}

// tally counts verdicts, and prints as delivered/definite/unknown.
type tally [verdicts]int

func (n tally) sum() int { return n[delivered] + n[definite] + n[unknown] }

func (n tally) String() string { return fmt.Sprintf("%d/%d/%d", n[delivered], n[definite], n[unknown]) }

// TestFaultMatrix injects every fault into every call on every route, once and always, and compares the handler's result
// with what is in the chat. The table that it prints is README's:
//
//	go test -run TestFaultMatrix -v .
func TestFaultMatrix(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	table := make([][2][7]tally, len(faultKinds))
	var totals [2]tally
	for i, fault := range faultKinds {
		t.Run(fault.name, func(t *testing.T) {
			for r, route := range faultRoutes {
				for _, op := range route.ops {
					for mode, times := range []int{1, -1} {
						for _, scene := range route.scenes {
							c := faultCell{route: route.name, op: op, scene: scene, times: times, set: fault.set, passes: times == 1 && !fault.final}
							c.spooled = scene == "group" && times < 0
							c.passes = c.passes && (c.op != richmediatest.OpSend || !c.guild()) // no msg_seq there: what may have arrived is not sent again
							v := c.run(t)
							table[i][mode][r][v]++
							totals[mode][v]++
						}
					}
					left, err := os.ReadDir(dir)
					require.NoError(t, err)
					require.Empty(t, left, "%s %s", route.name, op)
				}
			}
		})
	}
	var text bytes.Buffer
	tw := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	const routes = "inline\tURL\tparts\tcached\tfetched\tguild\tguild URL\t"
	_, _ = fmt.Fprintln(tw, "\tonce:\t\t\t\t\t\t\talways:\t\t\t\t\t\t\t")
	_, _ = fmt.Fprintln(tw, "fault\t"+routes+routes)
	for i, fault := range faultKinds {
		_, _ = fmt.Fprint(tw, fault.name+"\t")
		for _, mode := range table[i] {
			for _, n := range mode {
				_, _ = fmt.Fprintf(tw, "%s\t", n)
			}
		}
		_, _ = fmt.Fprintln(tw)
	}
	require.NoError(t, tw.Flush())
	t.Logf("replies: delivered/definitely refused/reported as unknown\n%s", text.String())
	once, always := totals[0], totals[1]
	t.Logf("%d answers with a fault that passes: %d delivered, %d refused for certain, %d not known; %d with one that lasts: %d, %d, %d; none twice, none lost",
		once.sum(), once[delivered], once[definite], once[unknown], always.sum(), always[delivered], always[definite], always[unknown])
}

// faultCell is one field of the matrix: one event, one answer, one fault.
type faultCell struct {
	route, scene string
	op           richmediatest.Op
	times        int
	set          faultSwitch
	passes       bool // a retry fixes it: the reply has to succeed
	spooled      bool // a stream is longer than what is kept in memory
}

func (c faultCell) String() string {
	return fmt.Sprintf("%s %s, %s, %d times", c.scene, c.route, c.op, c.times)
}

// guild reports whether the scene belongs to a guild.
func (c faultCell) guild() bool { return c.scene == "channel" || c.scene == "dm" }

var (
	faultContent = noise(10 << 10)
	faultSpooled = noise(257 << 10) // more than is kept in memory of a stream
)

// content is what comes as a stream.
func (c faultCell) content() []byte {
	if c.spooled {
		return faultSpooled
	}
	return faultContent
}

func (c faultCell) run(t *testing.T) (v verdict) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithoutData(),
			richmediatest.WithParts(richmediatest.PartShape{BlockSize: int64(len(c.content()) / 2), Concurrency: 2, RetryTimeout: 20}))
		limit := int64(5 << 20)
		if c.route == "parts" {
			limit = 0
		}
		media := newBedFrom(t, p, timedSource{p}, richmedia.WithInlineLimit(limit), richmedia.WithURLFallback(p.Client())).media
		chat, window := p.Group("club"), 5*time.Minute
		switch c.scene {
		case "c2c":
			chat, window = p.C2C("bob"), time.Hour
		case "channel":
			chat = p.Channel("lounge")
		case "dm":
			chat = p.DM("bob")
		}
		p.Host("https://example.com/cat.png", quickCat)
		p.Unreachable("https://example.com/cat.png", c.route == "fetched")
		if c.route == "cached" {
			_, err := media.Upload(t.Context(), target(chat), richmedia.KindImage, richmedia.FromBytes("cat.png", quickCat))
			require.NoError(t, err)
			if c.op == richmediatest.OpToken { // it is known by now: only another one is asked for
				p.RevokeTokens()
			}
		}

		var err error
		answered, took, allowed, left, until := 0, time.Duration(0), 0, 0, time.Time{}
		handler := func(ctx context.Context, rc *richmedia.Context) error {
			answered++
			began := time.Now()
			allowed, _ = rc.RepliesLeft()
			kind, src := c.source()
			_, err = rc.Reply(ctx, kind, src)
			took = time.Since(began)
			left, until = rc.RepliesLeft()
			return nil
		}
		event.RegisterHandlers(media.GroupATMessage(handler), media.C2CMessage(handler), media.Interaction(handler),
			media.ATMessage(handler), media.DirectMessage(handler))
		before := p.Count(c.op)
		c.set(p.Faults, c.op, c.times)
		var ev *richmediatest.Event
		if c.op == richmediatest.OpAck {
			ev = chat.Press("alice", "again")
		} else {
			ev = chat.Say("alice", "hi")
		}
		require.NoError(t, media.Shutdown(t.Context()))
		require.NoError(t, p.Close())

		v = verdictOf(err)
		inChat := len(chat.Answers())
		for _, m := range chat.Answers() {
			assert.Equal(t, c.sum(), m.Media.Upload.SHA256, "%s", c)
		}
		assert.True(t, ev.Pushes()[0].Acked)
		assert.Equal(t, 1, answered)
		assert.Greater(t, p.Count(c.op), before, "%s: no call met the fault", c)
		assert.LessOrEqual(t, took, window, "%s", c)
		switch v {
		case delivered:
			assert.Equal(t, 1, inChat, "%s: no error", c)
		case definite:
			assert.Zero(t, inChat, "%s: %v", c, err)
		default:
			assert.LessOrEqual(t, inChat, 1, "%s: %v", c, err)
		}
		if c.passes || c.op == richmediatest.OpAck {
			assert.NoError(t, err, "%s", c)
		}
		used := 1
		if v == definite {
			used = 0
		}
		if took < window && !c.guild() {
			assert.Equal(t, allowed-used, left, "%s: replies left after %v", c, err)
			assert.Positive(t, time.Until(until))
		}
	})
	return v
}

// quickCat is the quickstart's picture.
var quickCat = func() []byte {
	b, err := os.ReadFile("examples/quickstart/media/cat.png")
	if err != nil {
		panic(err)
	}
	return b
}()

// sum is the SHA-256 of what is to be in the chat.
func (c faultCell) sum() string {
	content := quickCat
	if c.route == "inline" || c.route == "parts" {
		content = c.content()
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (c faultCell) source() (richmedia.Kind, richmedia.Source) {
	switch c.route {
	case "URL", "fetched", "guild URL":
		return richmedia.KindImage, richmedia.FromURL("https://example.com/cat.png")
	case "cached":
		return richmedia.KindImage, richmedia.FromBytes("cat.png", quickCat)
	case "guild":
		return richmedia.KindImage, richmedia.FromReader("cat.png", bytes.NewReader(quickCat))
	}
	return richmedia.KindFile, richmedia.FromReader("noise.bin", bytes.NewReader(c.content()))
}

// timedSource is a token source like botgo's, but with a timeout, as every call should have one.
type timedSource struct{ p *richmediatest.Platform }

func (s timedSource) GetAppID() string { return s.p.AppID() }

func (s timedSource) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	body := fmt.Sprintf(`{"appId":%q,"clientSecret":%q}`, s.p.AppID(), s.p.Credentials().AppSecret)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.p.URL()+"/app/getAppAccessToken", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := s.p.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   string `json:"expires_in"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return nil, err
	}
	seconds, err := strconv.Atoi(said.ExpiresIn)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{
		AccessToken: said.AccessToken, TokenType: "QQBot", Expiry: time.Now().Add(time.Duration(seconds) * time.Second),
	}, nil
}
