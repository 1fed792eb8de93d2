package richmedia

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/interaction/signature"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/token"
)

const (
	// maxWebhookBody bounds an event. The largest that is known, a message with quoted elements, is some 10 KB.
	maxWebhookBody = 1 << 20
	// webhookSkew is how far the time of a push may be from this machine's. A push that somebody has kept for longer is
	// not taken; one that is younger is, once.
	webhookSkew = 10 * time.Minute
	// webhookPushes bounds how many pushes are remembered; beyond that the oldest are forgotten early.
	webhookPushes = 1 << 17
)

// WebhookHandler is botgo's webhook.HTTPHandler made safe. Called bare, that one loses bodies over about 4 KB,
// panics on chunked ones, and answers a wrong signature with 200. This one reads the body whole, however it
// travels, up to 1 MiB, checks it, and hands it on to botgo, which verifies and dispatches it. Refused are:
//
//   - another method than POST: 405
//   - a body over 1 MiB: 413
//   - a body that was cut off, or that is no payload: 400
//   - a missing or wrong signature, or one whose time is more than 10 minutes from this machine's: 401
//   - the very request that was handled before: 409. A push that the platform repeats has a signature of its own, unless
//     it comes within the same second; the plugin knows it by its event's id.
//
// credentials must not be nil. Keep one handler for the process: it remembers what it has handled.
func WebhookHandler(credentials *token.QQBotCredentials) http.Handler {
	return &webhookHandler{credentials: credentials, handled: ttlcache.New(
		ttlcache.WithTTL[string, struct{}](2*webhookSkew),
		ttlcache.WithCapacity[string, struct{}](webhookPushes),
		ttlcache.WithDisableTouchOnHit[string, struct{}](),
	)}
}

type webhookHandler struct {
	credentials *token.QQBotCredentials
	handled     *ttlcache.Cache[string, struct{}] // by signature
}

func (h *webhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, status, why := h.read(w, r)
	if status != http.StatusOK {
		log.Infof("richmedia: webhook: refused with %d: %s", status, why) // anybody can ask
		http.Error(w, why, status)
		return
	}
	whole := r.Clone(r.Context())
	whole.Body = io.NopCloser(bytes.NewReader(body))
	whole.ContentLength = int64(len(body))
	whole.TransferEncoding = nil
	answer := &webhookAnswer{ResponseWriter: w}
	defer func() {
		if string(answer.body) != webhook.GenDispatchACK(true) { // what was given back may come again
			h.handled.Delete(pushKey(r.Header))
		}
	}()
	webhook.HTTPHandler(answer, whole, h.credentials)
}

// pushKey names a push by its signature, whose hex digits anybody can write in the other case.
func pushKey(header http.Header) string { return strings.ToLower(header.Get(signature.HeaderSig)) }

// webhookAnswer passes the answer on and keeps what a short one says.
type webhookAnswer struct {
	http.ResponseWriter
	body []byte
}

func (a *webhookAnswer) Write(b []byte) (int, error) {
	const short = 64
	if len(a.body) < short {
		a.body = append(a.body, b...)
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *webhookAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// read gives the body, or the status and the reason of a refusal.
func (h *webhookHandler) read(w http.ResponseWriter, r *http.Request) (body []byte, status int, why string) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, "the platform pushes with POST"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhookBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, "the body is over 1 MiB"
	}
	if err != nil {
		return nil, http.StatusBadRequest, "the body was cut off"
	}
	if why := h.verify(r.Header, body); why != "" {
		return nil, http.StatusUnauthorized, why
	}
	// What botgo would panic on.
	var payload dto.WSPayload
	if err := json.Unmarshal(body, &payload); err != nil {
		return nil, http.StatusBadRequest, "the body is no payload"
	}
	if _, number := payload.Data.(float64); payload.OPCode == dto.WSHeartbeat && !number {
		return nil, http.StatusBadRequest, "the heartbeat has no sequence number"
	}
	if payload.OPCode == dto.HTTPCallbackValidation {
		return body, http.StatusOK, "" // the console's check of the address does nothing here, however often it comes
	}
	if why := staleness(r.Header); why != "" {
		return nil, http.StatusUnauthorized, why
	}
	h.handled.DeleteExpired() // on the way, instead of a goroutine
	if _, known := h.handled.GetOrSet(pushKey(r.Header), struct{}{}); known {
		return nil, http.StatusConflict, "this very push was handled before, or is being handled"
	}
	return body, http.StatusOK, ""
}

// verify says what is wrong with the signature; "" when it is right.
func (h *webhookHandler) verify(header http.Header, body []byte) (why string) {
	if header.Get(signature.HeaderSig) == "" || header.Get(signature.HeaderTimestamp) == "" {
		return "the signature or its timestamp is missing"
	}
	if ok, err := signature.Verify(h.credentials.AppSecret, header, body); err != nil || !ok {
		return "the signature is wrong"
	}
	return ""
}

// staleness says what is wrong with the time of a push; "" when it is of now.
func staleness(header http.Header) (why string) {
	seconds, err := strconv.ParseInt(header.Get(signature.HeaderTimestamp), 10, 64)
	if err != nil {
		return "the timestamp is no number"
	}
	if age := time.Since(time.Unix(seconds, 0)); age > webhookSkew || age < -webhookSkew {
		log.Warnf("richmedia: webhook: a push is signed %s from now; is this machine's clock right?", age.Round(time.Second))
		return "the signature is too old, or from the future"
	}
	return ""
}
