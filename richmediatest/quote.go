package richmediatest

import "encoding/json"

// reference returns a new REFIDX by which a message_reference can name the message. The caller holds p.mu.
func (p *Platform) reference(messageID string) string {
	ref := "REFIDX_" + p.hexID(24) + "=="
	p.refs[ref] = messageID
	return ref
}

// quoted is the message of the chat that a message_reference names: by REFIDX, in guilds by its id. An unknown one is no
// error, as far as the documents say. The caller holds p.mu.
func (p *Platform) quoted(c *Chat, reference json.RawMessage) string {
	if reference == nil {
		return ""
	}
	f, err := parseFields(reference)
	if err != nil {
		return ""
	}
	id, _ := f.text("message_id")
	if !c.guild() {
		id = p.refs[id]
	}
	e, s := p.byID["msg "+id], p.sent[id]
	if e != nil && e.chat == c || s != nil && s.chat == c {
		return id
	}
	return ""
}
