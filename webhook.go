package richmedia

import (
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/signature"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

const (
	// maxWebhookBody bounds an event. The largest that is known, a message with quoted elements, is some 10 KB.
	maxWebhookBody = 1 << 20
	// webhookBodies bounds the bodies in memory whose sender is not known yet.
	webhookBodies = 64
	// webhookUnproven bounds the bytes of these bodies together.
	webhookUnproven = 16 << 20
	// webhookBodyTime bounds the reading of a body: the platform waits for about 3 s for its answer.
	webhookBodyTime = 5 * time.Second
	// webhookWaiting bounds the pushes that wait for their handlers, for a place in the plugin's queue, or for the answer of
	// the same push. Each holds a goroutine and a body.
	webhookWaiting = 128
	// webhookSkew is how far the time of a push may be from this machine's. A push that somebody has kept for longer is
	// refused; a younger one is handled once.
	webhookSkew = 10 * time.Minute
	// webhookPushes bounds how many pushes are remembered; beyond that the oldest are forgotten early.
	webhookPushes = 1 << 17
	// maxTimestamp is the length of the longest timestamp that is hashed. A time in nanoseconds has 19 digits.
	maxTimestamp = 32
)

// The answers to an event.
var (
	taken     = []byte(webhook.GenDispatchACK(true))
	givenBack = []byte(webhook.GenDispatchACK(false))

	contentTypeJSON = []string{"application/json"}
)

// WebhookHandler returns the handler for the address to which the platform pushes a bot's events. It verifies each push
// and dispatches its event to the handlers that were registered with botgo, as botgo's webhook.HTTPHandler does. That one
// loses bodies over about 4 KB, panics on chunked ones, and answers a wrong signature with 200.
//
// The answer to an event is 200 and {"op":12,"d":0}. An event whose handler returned an error, or that comes while 128
// others wait for their handlers, is answered with "d":1, which asks the platform to push it again. The very request that
// was handled before, or is being handled, gets the answer of the first; a push that the platform repeats has a signature
// of its own, unless it comes within the same second, and the plugin knows it by its event's id. Refused are:
//
//   - another method than POST: 405
//   - a missing or wrong signature, or one whose time is more than 10 minutes from this machine's: 401; the console's check
//     of the address (op 13) may be of any time
//   - a body over 1 MiB: 413
//   - a body that was cut off, or that is no payload: 400
//   - a body that takes longer than 5 s: 408
//   - a body while 64 others are being read, or 16 MiB of them: 503
//
// What is refused or given back is logged once a minute, with counts. An op, sequence number, type or id of an
// unexpected JSON type does not cost the event.
//
// credentials must not be nil, and are read once. Keep one handler for each bot of the process: it remembers 131072
// requests for 20 minutes, in about 35 MiB at most. Give the http.Server a ReadHeaderTimeout: what comes before the body is the server's.
// The 5 s of a body need a ResponseWriter with a read deadline. Behind one that hides its connection, as that of http.TimeoutHandler
// does, give the server a ReadTimeout too.
func WebhookHandler(credentials *token.QQBotCredentials) http.Handler {
	if credentials == nil {
		panic("richmedia: WebhookHandler(nil): give the credentials that the bot hands to token.NewQQBotTokenSource")
	}
	h := &webhookHandler{
		appID:   credentials.AppID,
		reading: make(chan struct{}, webhookBodies),
		waiting: make(chan struct{}, webhookWaiting),
		handled: newPushes(webhookPushes, 2*webhookSkew),
	}
	if credentials.AppSecret == "" {
		log.Errorf("richmedia: webhook: the app secret is empty, so that every push will be refused with 401")
		return h
	}
	// The secret repeated to 32 bytes is the seed (section 8 of the protocol reference).
	seed := strings.Repeat(credentials.AppSecret, ed25519.SeedSize/len(credentials.AppSecret)+1)[:ed25519.SeedSize]
	h.private = ed25519.NewKeyFromSeed([]byte(seed))
	h.public = h.private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // documented
	return h
}

type webhookHandler struct {
	appID    string
	private  ed25519.PrivateKey // nil without a secret
	public   ed25519.PublicKey
	reading  chan struct{} // a place for each body whose signature is not verified yet
	unproven atomic.Int64  // bytes of these bodies
	waiting  chan struct{} // a place for each push on its way
	handled  *pushes
	refused  tally
	returned tally // events that were given back
}

func (h *webhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, refused := h.answer(w, r)
	if refused != nil {
		h.logRefused(h.refused.add(refused.Error(), ""))
		http.Error(w, refused.why, refused.status)
		return
	}
	h.logRefused(h.refused.due()) // on the way, instead of a timer
	w.Header()["Content-Type"] = contentTypeJSON
	_, _ = w.Write(answer)
}

func (h *webhookHandler) logRefused(line string) {
	if line != "" {
		log.Warnf("richmedia: webhook: refused since the last such line: %s", line)
	}
}

// badPush is a request that is refused. They are counted by their text, so that why is a constant.
type badPush struct {
	status int
	why    string
}

func (b *badPush) Error() string { return strconv.Itoa(b.status) + " " + b.why }

func (h *webhookHandler) answer(w http.ResponseWriter, r *http.Request) ([]byte, *badPush) {
	body, key, refused := h.receive(w, r)
	if refused != nil {
		return nil, refused
	}
	e, ok := readEnvelope(body)
	if !ok {
		return nil, &badPush{http.StatusBadRequest, "the body is no payload"}
	}
	op := dto.OPCode(e.Op)
	if op == dto.HTTPCallbackValidation {
		return h.validation(e)
	}
	if why := staleness(r.Header.Get(signature.HeaderTimestamp)); why != "" {
		return nil, &badPush{http.StatusUnauthorized, why}
	}
	switch op {
	case dto.WSHeartbeat:
		seq, ok := sequence(e.D)
		if !ok {
			return nil, &badPush{http.StatusBadRequest, "the heartbeat has no sequence number"}
		}
		return []byte(webhook.GenHeartbeatACK(seq)), nil
	case dto.WSDispatchEvent:
		if h.once(r, key, e.payload(h.appID, body)) {
			return taken, nil
		}
		return givenBack, nil
	}
	return nil, nil // as botgo answers
}

// receive returns the body of a request that the platform has signed.
func (h *webhookHandler) receive(w http.ResponseWriter, r *http.Request) (body []byte, key pushKey, refused *badPush) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, key, &badPush{http.StatusMethodNotAllowed, "the platform pushes with POST"}
	}
	stamp := r.Header.Get(signature.HeaderTimestamp)
	if !key.decode(r.Header.Get(signature.HeaderSig)) || stamp == "" || len(stamp) > maxTimestamp {
		return nil, key, &badPush{http.StatusUnauthorized, "the signature or its timestamp is missing or malformed"}
	}
	if r.ContentLength > maxWebhookBody {
		return nil, key, &badPush{http.StatusRequestEntityTooLarge, "the body is over 1 MiB"}
	}
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	default:
		return nil, key, &badPush{http.StatusServiceUnavailable, "too many bodies are being read"}
	}
	// What is signed is the timestamp and the body, so that both are in one buffer.
	buffer := append(make([]byte, 0, 1<<10), stamp...)
	buffer, refused = h.read(buffer, w, r)
	defer func() { h.unproven.Add(int64(len(stamp) - len(buffer))) }()
	if refused != nil {
		return nil, key, refused
	}
	if !h.signed(buffer, key[:]) {
		return nil, key, &badPush{http.StatusUnauthorized, "the signature is wrong"}
	}
	return buffer[len(stamp):], key, nil
}

// signed reports whether sig is the signature of message. Both sides make the private key of the secret, and the
// platform's signatures are those of RFC 8032, without randomness, so that signing again finds out for less than half of
// what verifying costs. Only what differs is verified: a signature with randomness may be right all the same.
func (h *webhookHandler) signed(message, sig []byte) bool {
	return h.private != nil &&
		(subtle.ConstantTimeCompare(ed25519.Sign(h.private, message), sig) == 1 || ed25519.Verify(h.public, message, sig))
}

// read appends the body to buffer, within the bounds of size and time. All that it appends is in h.unproven, also if it
// returns a refusal.
func (h *webhookHandler) read(buffer []byte, w http.ResponseWriter, r *http.Request) ([]byte, *badPush) {
	conn := http.NewResponseController(w)
	timed := conn.SetReadDeadline(time.Now().Add(webhookBodyTime)) == nil // not every ResponseWriter has a connection
	end := len(buffer) + maxWebhookBody
	for {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, len(buffer)/2)
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		unproven := h.unproven.Add(int64(n))
		switch {
		case len(buffer) > end:
			return buffer, &badPush{http.StatusRequestEntityTooLarge, "the body is over 1 MiB"}
		case unproven > webhookUnproven:
			return buffer, &badPush{http.StatusServiceUnavailable, "too many bytes are being read"}
		case err == nil:
		case errors.Is(err, io.EOF):
			if timed { // the server watches the connection while the handler runs, and would end the request's context at the deadline
				_ = conn.SetReadDeadline(time.Time{})
			}
			return buffer, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return buffer, &badPush{http.StatusRequestTimeout, "the body took longer than 5 s"}
		default:
			return buffer, &badPush{http.StatusBadRequest, "the body was cut off"}
		}
	}
}

// decode reads the signature of a request, and reports whether it has the form of one.
func (k *pushKey) decode(text string) bool {
	if len(text) != hex.EncodedLen(len(k)) {
		return false
	}
	if _, err := hex.Decode(k[:], []byte(text)); err != nil {
		return false
	}
	return k[len(k)-1]&224 == 0 // section 8 of the protocol reference
}

// staleness says what is wrong with the time of a push; "" if it is of now.
func staleness(stamp string) (why string) {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "the timestamp is no number"
	}
	if age := time.Since(time.Unix(seconds, 0)); age > webhookSkew || age < -webhookSkew {
		return "the signature is over 10 minutes too old, or from the future; is this machine's clock right?"
	}
	return ""
}

// validation answers the console's check of the address: it proves that this side knows the secret. It does nothing here,
// however often it comes.
func (h *webhookHandler) validation(e *envelope) ([]byte, *badPush) {
	d, _ := e.D.(map[string]any)
	plain, _ := d["plain_token"].(string)
	at := scalar(d["event_ts"])
	if plain == "" || at == "" {
		return nil, &badPush{http.StatusBadRequest, "the check of the address has no plain_token or no event_ts"}
	}
	answer, err := json.Marshal(dto.WHValidationRsp{
		PlainToken: plain,
		Signature:  hex.EncodeToString(ed25519.Sign(h.private, []byte(at+plain))),
	})
	if err != nil {
		return nil, &badPush{http.StatusInternalServerError, "the answer cannot be encoded"}
	}
	return answer, nil
}

// once dispatches an event unless its very push was, or is being, dispatched. It reports whether
// the event is taken.
func (h *webhookHandler) once(r *http.Request, key pushKey, payload *dto.WSPayload) (took bool) {
	if h.handled.isTaken(key) {
		return true
	}
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		h.giveBack("too many events wait for their handlers", payload, nil)
		return false
	}
	claimed, mine := h.handled.claim(key)
	if !mine {
		select {
		case <-h.handled.wait(claimed):
			return h.handled.outcome(claimed)
		case <-r.Context().Done():
			return false // nobody reads the answer
		}
	}
	defer func() { h.handled.settle(key, claimed, took) }() // also after a panic of the bot's handler
	if err := event.ParseAndHandle(payload); err != nil {
		h.giveBack("the handler failed", payload, err)
		return false
	}
	return true
}

// giveBack counts an event that the platform is asked to push again. A busy chat can bring many.
func (h *webhookHandler) giveBack(reason string, payload *dto.WSPayload, err error) {
	last := eventName(payload)
	if err != nil {
		last += ": " + platform.Clean(err.Error())
	}
	if line := h.returned.add(reason, last); line != "" {
		log.Errorf("richmedia: webhook: given back to the platform since the last such line: %s", line)
	}
}
