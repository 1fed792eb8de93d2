package richmedia

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/interaction/signature"
	"github.com/tencent-connect/botgo/interaction/webhook"
	"github.com/tencent-connect/botgo/log"
	"github.com/tencent-connect/botgo/token"
)

// maxWebhookBody bounds an event. The largest that is known, a message with quoted elements, is some 10 KB.
const maxWebhookBody = 1 << 20

// WebhookHandler is botgo's webhook.HTTPHandler made safe. Called bare, that one loses bodies over about 4 KB,
// panics on chunked ones, and answers a wrong signature with 200. This one reads the body whole, however it
// travels, up to 1 MiB, checks it, and hands it on to botgo, which verifies and dispatches it. Refused are:
// other methods than POST (405), a body over 1 MiB (413) or cut off (400), a missing or wrong signature (401),
// and what is no payload (400). credentials must not be nil.
func WebhookHandler(credentials *token.QQBotCredentials) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, status, why := readWebhook(w, r, credentials.AppSecret)
		if status != http.StatusOK {
			log.Infof("richmedia: webhook: refused with %d: %s", status, why) // anybody can ask
			http.Error(w, why, status)
			return
		}
		whole := r.Clone(r.Context())
		whole.Body = io.NopCloser(bytes.NewReader(body))
		whole.ContentLength = int64(len(body))
		whole.TransferEncoding = nil
		webhook.HTTPHandler(w, whole, credentials)
	})
}

// readWebhook gives the body, or the status and the reason of a refusal.
func readWebhook(w http.ResponseWriter, r *http.Request, secret string) (body []byte, status int, why string) {
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
	if r.Header.Get(signature.HeaderSig) == "" || r.Header.Get(signature.HeaderTimestamp) == "" {
		return nil, http.StatusUnauthorized, "the signature or its timestamp is missing"
	}
	if ok, err := signature.Verify(secret, r.Header, body); err != nil || !ok {
		return nil, http.StatusUnauthorized, "the signature is wrong"
	}
	// What botgo would panic on.
	var payload dto.WSPayload
	if err := json.Unmarshal(body, &payload); err != nil {
		return nil, http.StatusBadRequest, "the body is no payload"
	}
	if _, number := payload.Data.(float64); payload.OPCode == dto.WSHeartbeat && !number {
		return nil, http.StatusBadRequest, "the heartbeat has no sequence number"
	}
	return body, http.StatusOK, ""
}
