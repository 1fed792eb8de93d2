package richmediatest

import (
	"crypto/ed25519"
	"encoding/hex"
)

// SignFor signs as the platform does, for the published vectors.
func SignFor(secret, message string) string {
	return hex.EncodeToString(ed25519.Sign(New(WithCredentials("", secret)).signingKey(), []byte(message)))
}
