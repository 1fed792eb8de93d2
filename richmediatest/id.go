package richmediatest

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The scenes, as in Chat.Scene.
const (
	sceneGroup   = "group"
	sceneC2C     = "c2c"
	sceneChannel = "channel"
	sceneDM      = "dm"
)

// openID derives 32 upper-case hex digits, the usual shape of an openid, from the app id and what the openid stands for.
// Openids belong to one app id, and each namespace has its own (docs 2026-08).
func (p *Platform) openID(namespace string, names ...string) string {
	sum := sha256.Sum256([]byte(p.cfg.appID + "\x00" + namespace + "\x00" + strings.Join(names, "\x00")))
	return strings.ToUpper(hex.EncodeToString(sum[:16]))
}

// numericID derives a number of 19 digits, the shape of ids in guilds.
func (p *Platform) numericID(namespace string, names ...string) string {
	sum := sha256.Sum256([]byte(p.cfg.appID + "\x00" + namespace + "\x00" + strings.Join(names, "\x00")))
	const least = 1e18
	return strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:])%(8*least), 10)
}

// botID is the bot's own id. It is a number: botgo strips no other mention from a text.
func (p *Platform) botID() string { return p.numericID("bot") }

// opaque returns 32 bytes that no other call returns. The caller holds p.mu.
func (p *Platform) opaque() []byte {
	p.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%x %d", p.salt, p.serial))
	return sum[:]
}

// messageID has the shape of captured ones: ROBOT1.0_, then letters that a path or a file name may not like; in guilds hex
// digits that begin with 08. The caller holds p.mu.
func (c *Chat) messageID() string {
	if c.guild() {
		return "08" + hex.EncodeToString(c.p.opaque())
	}
	return "ROBOT1.0_" + base64.RawURLEncoding.EncodeToString(c.p.opaque()) + ".-!"
}

func (p *Platform) eventID(typ string) string {
	return typ + ":" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(p.opaque()[:20]))
}

func (p *Platform) hexID(n int) string { return hex.EncodeToString(p.opaque())[:n] }

func (p *Platform) traceID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hexID(32)
}

// fileInfo returns a new file_info: canonical padded base64 of 40 bytes, or see [WithOpaqueFileInfo].
func (p *Platform) fileInfo() string {
	if p.cfg.opaqueInfo {
		return strings.ToUpper(hex.EncodeToString(p.opaque()[:17]))
	}
	return base64.StdEncoding.EncodeToString(append(p.opaque(), p.opaque()[:8]...))
}
