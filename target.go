package richmedia

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/picture"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Scope is the sort of chat. A file_info never crosses from one scope to another.
type Scope uint8

// The scopes. The zero Scope is none of them.
const (
	ScopeGroup   Scope = iota + 1 // a QQ group, by group_openid
	ScopeC2C                      // a user's single chat, by user_openid
	ScopeChannel                  // a guild's channel, by channel_id: texts and images only
	ScopeDM                       // a user's direct messages in a guild, by their guild_id: texts and images only
)

// scopes is what else is known of each scope.
var scopes = map[Scope]struct {
	name  string
	scene platform.Scene
	id    string // what ChatID is
}{
	ScopeGroup:   {"group", platform.Group, "group_openid"},
	ScopeC2C:     {"c2c", platform.C2C, "user_openid"},
	ScopeChannel: {"channel", platform.Channel, "channel_id"},
	ScopeDM:      {"dm", platform.DM, "DM's guild_id"},
}

// guild reports whether s is in a guild, where there are no uploads and no msg_seq.
func (s Scope) guild() bool { return s == ScopeChannel || s == ScopeDM }

// String returns "group", "c2c", "channel" or "dm".
func (s Scope) String() string {
	if scope, ok := scopes[s]; ok {
		return scope.name
	}
	return fmt.Sprintf("Scope(%d)", uint8(s))
}

// Kind is the sort of media: the wire's file_type.
type Kind uint8

// The kinds. The zero Kind is none of them.
const (
	KindImage Kind = 1
	KindVideo Kind = 2
	KindVoice Kind = 3
	KindFile  Kind = 4
)

// String returns "image", "video", "voice" or "file".
func (k Kind) String() string {
	if rule, ok := kindRules[k]; ok {
		return rule.name
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// withArticle returns "an image", "a video", ...
func (k Kind) withArticle() string {
	if k == KindImage {
		return "an " + k.String()
	}
	return "a " + k.String()
}

// Target is a chat, and the message or event in it that is answered. It is plain data, safe to put in a job
// queue: Plugin.For returns a Context for it.
type Target struct {
	Scope   Scope
	ChatID  string    // group_openid, user_openid, channel_id, or the DM's guild_id
	MsgID   string    // what is answered: one of MsgID, EventID; MsgID wins
	EventID string    // the outermost id of the payload, with its TYPE: prefix
	Time    time.Time // when the event arrived: the start of the reply window; zero means now
	Seq     uint32    // the first msg_seq of replies made through Plugin.For; 0 means 501
}

// check returns what is missing to send to t.
func (t Target) check() error {
	scope, ok := scopes[t.Scope]
	if !ok {
		return fmt.Errorf("%w: Target.Scope is %s: give ScopeGroup, ScopeC2C, ScopeChannel or ScopeDM", ErrUnsupported, t.Scope)
	}
	if strings.TrimSpace(t.ChatID) == "" {
		return fmt.Errorf("richmedia: Target.ChatID is empty: give the %s", scope.id)
	}
	if strings.ContainsFunc(t.ChatID, notInID) {
		return fmt.Errorf("richmedia: Target.ChatID is no %s: an id has no blank, no control character and none of / \\ ? # %%", scope.id)
	}
	if t.Seq > maxSeq && t.Seq != ledger.NoSeq {
		return fmt.Errorf("richmedia: Target.Seq is %d: keep the number that Context.Target returned, or use 0", t.Seq)
	}
	return nil
}

// notInID reports whether r would change the path of a request. Other than that an id is opaque.
func notInID(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`/\?#%`, r)
}

// answered is the id of what t answers; "" for a proactive message.
func (t Target) answered() string {
	if t.MsgID != "" {
		return t.MsgID
	}
	return t.EventID
}

func (t Target) chat() platform.Chat {
	return platform.Chat{Scene: scopes[t.Scope].scene, ID: t.ChatID}
}

// key identifies the chat.
func (t Target) key() string { return t.Scope.String() + "\x00" + t.ChatID }

// File is an upload that the platform has accepted. It can be sent to every chat of its Scope until Expires.
type File struct {
	Scope   Scope
	Kind    Kind
	UUID    string    // file_uuid
	Info    string    // file_info, verbatim; it is enough to send the file, so keep it out of logs
	Expires time.Time // zero: long-lived
	Card    bool      // over the kind's soft size: the chat shows a file card, and no caption; unknown, so false, for a URL

	// URL is raw_url, by which anybody can fetch the content as long as the upload lives, such as a markdown message; "" if the
	// platform sent none. Its query is a credential, so keep it out of logs.
	URL string

	size picture.Size // of an upload for Markdown
}

// expired reports whether the platform will refuse f.
func (f File) expired() bool { return !f.Expires.IsZero() && !time.Now().Before(f.Expires) }
