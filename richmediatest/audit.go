package richmediatest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// Audit is a message of the bot that a guild has accepted for audit and does not show yet.
type Audit struct {
	ID      string  // audit_id
	Message Message // as it would show, without an ID; Time is that of the send
}

// waitingAudit is an Audit as the platform keeps it.
type waitingAudit struct {
	id   string
	chat *Chat
	line *Message
}

// Audit switches the audit of what the bot sends to the channel or the direct messages: while it is on, a send is answered
// with HTTP 202 and code 304023, or 304024 when it is a reply, and waits for [Platform.PassAudit] or [Platform.RejectAudit].
// Switching it off leaves what waits. It panics in groups and single chats, which have no audit.
func (c *Chat) Audit(on bool) {
	c.only("Audit", sceneChannel, sceneDM)
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.audited = on
}

// Audits are the messages to this chat that wait for audit, oldest first.
func (c *Chat) Audits() []Audit {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	var out []Audit
	for _, a := range c.p.audits {
		if a.chat == c {
			out = append(out, Audit{ID: a.id, Message: *a.line})
		}
	}
	return out
}

// PassAudit lets a message through: it is in the chat from now on, and the bot gets MESSAGE_AUDIT_PASS. It panics if
// nothing waits under that id.
func (p *Platform) PassAudit(auditID string) *Event {
	return p.endAudit("PassAudit", auditID, dto.EventMessageAuditPass)
}

// RejectAudit refuses a message: it is never shown, and the bot gets MESSAGE_AUDIT_REJECT. It panics if nothing waits under
// that id.
func (p *Platform) RejectAudit(auditID string) *Event {
	return p.endAudit("RejectAudit", auditID, dto.EventMessageAuditReject)
}

// endAudit creates the event, whose message_id and seq_in_channel are those of the shown message.
func (p *Platform) endAudit(method, auditID string, typ dto.EventType) *Event {
	p.mu.Lock()
	i := slices.IndexFunc(p.audits, func(a *waitingAudit) bool { return a.id == auditID })
	if i < 0 {
		p.mu.Unlock()
		panic("richmediatest: " + method + ": nothing waits for audit as " + auditID)
	}
	a := p.audits[i]
	p.audits = slices.Delete(p.audits, i, i+1)
	p.mu.Unlock()
	c, created := a.chat, a.line.Time
	return c.happen(typ, nil, func(e *Event) map[string]any {
		d := map[string]any{
			"audit_id": a.id, "channel_id": c.channelID, "guild_id": c.guildID,
			"audit_time": e.at.In(utc8).Format(time.RFC3339), "create_time": created.In(utc8).Format(time.RFC3339),
		}
		if typ == dto.EventMessageAuditPass {
			d["message_id"] = p.say(c, a.line)
			d["seq_in_channel"] = strconv.Itoa(c.seq)
		}
		return d
	})
}

// audit accepts a message for audit; its answer is shaped like a refusal. The caller holds p.mu.
func (p *Platform) audit(c *Chat, line *Message) *refusal {
	line.Bot, line.User, line.Time = true, "bot", p.now()
	a := &waitingAudit{id: p.hexID(32), chat: c, line: line}
	p.audits = append(p.audits, a)
	p.wake()
	code := 304023
	if line.ReplyTo != "" {
		code = 304024
	}
	return &refusal{
		status: http.StatusAccepted, code: code, message: "push message is waiting for audit now",
		data: map[string]any{"message_audit": map[string]string{"audit_id": a.id}},
	}
}
