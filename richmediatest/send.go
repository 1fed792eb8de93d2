package richmediatest

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

// window is how long and how often one event can be answered: group 5 minutes and 5 replies, C2C 60 minutes and 4
// (docs 2026-08). For event_id the documents name no numbers; the same are used. In guilds it is 5 minutes and no documented
// count, which is 0 here.
type window struct {
	length  time.Duration
	replies int
}

var windows = map[string]window{
	sceneGroup: {5 * time.Minute, 5},
	sceneC2C:   {60 * time.Minute, 4},

	sceneChannel: {length: 5 * time.Minute},
	sceneDM:      {length: 5 * time.Minute},
}

// sentMessage is a message of the bot, for recalling it.
type sentMessage struct {
	chat *Chat
	line *Message
}

// sendForm are the fields of a POST to .../messages.
type sendForm struct {
	kind                                   int64
	content, msgID, eventID, fileInfo      string
	quoting                                string // message_reference.message_id
	seq                                    uint32
	wakeUp                                 bool
	markdown, keyboard, ark, media, notify json.RawMessage
}

func parseSend(body []byte) (form sendForm, bad *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return form, errField("%v", err)
	}
	seq := int64(1)
	read := []func() error{
		func() (err error) { form.kind, _, err = f.integer("msg_type"); return err },
		func() (err error) { form.content, err = f.text("content"); return err },
		func() (err error) { form.msgID, err = f.text("msg_id"); return err },
		func() (err error) { form.eventID, err = f.text("event_id"); return err },
		func() (err error) { form.wakeUp, err = f.boolean("is_wakeup"); return err },
		func() (err error) { form.markdown, err = f.object("markdown"); return err },
		func() (err error) { form.keyboard, err = f.object("keyboard"); return err },
		func() (err error) { form.ark, err = f.object("ark"); return err },
		func() (err error) { form.media, err = f.object("media"); return err },
		func() (err error) { form.notify, err = f.object("input_notify"); return err },
		func() (err error) { form.quoting, err = referenced(f); return err },
		func() error {
			n, ok, err := f.integer("msg_seq")
			if ok && n != 0 { // 0 is what an absent field means: 1
				seq = n
			}
			return err
		},
	}
	for _, r := range read {
		if err := r(); err != nil {
			return form, errField("%v", err)
		}
	}
	if seq < 0 || seq > math.MaxUint32 {
		return form, errField("msg_seq is out of range")
	}
	form.seq = uint32(seq)
	if form.media != nil {
		inner, err := parseFields(form.media)
		if err != nil {
			return form, errField("media: %v", err)
		}
		if form.fileInfo, err = inner.text("file_info"); err != nil {
			return form, errField("media: %v", err)
		}
	}
	return form, nil
}

// check refuses a msg_type that the scene does not have, and content that does not fit it (22006, docs 2026-08).
func (form *sendForm) check(scene string) *refusal {
	mismatch := func(why string) *refusal { return refuse(22006, "消息类型与内容不匹配: %s", why) }
	if form.markdown != nil && form.content != "" {
		return mismatch("markdown and content exclude each other")
	}
	switch form.kind {
	case 0:
		if strings.TrimSpace(form.content) == "" {
			return mismatch("msg_type 0 needs content")
		}
	case 2:
		if form.markdown == nil {
			return mismatch("msg_type 2 needs markdown")
		}
	case 3:
		if form.ark == nil {
			return mismatch("msg_type 3 needs ark")
		}
	case 6:
		if scene != sceneC2C {
			return refuse(340069, "消息类型无效: msg_type 6 is for C2C")
		}
		return form.checkNotice()
	case 7:
		if form.fileInfo == "" {
			return mismatch("msg_type 7 needs media.file_info")
		}
	default:
		return refuse(340069, "消息类型无效: msg_type %d", form.kind)
	}
	return nil
}

// checkNotice refuses a typing notice without input_notify, and of another input_type than 1: 50059 under HTTP 500, as was seen
// (kuliantnt/qq-maid-bot#287).
func (form *sendForm) checkNotice() *refusal {
	if form.notify == nil {
		return refuse(22006, "消息类型与内容不匹配: msg_type 6 needs input_notify")
	}
	f, err := parseFields(form.notify)
	if err != nil {
		return errField("input_notify: %v", err)
	}
	kind, _, err := f.integer("input_type")
	if err != nil {
		return errField("input_notify: %v", err)
	}
	seconds, _, err := f.integer("input_second")
	if err != nil {
		return errField("input_notify: %v", err)
	}
	if kind != 1 || seconds < 0 || seconds > maxNotice {
		return &refusal{status: http.StatusInternalServerError, code: 50059, errCode: 50059, message: "input type err"}
	}
	return nil
}

// maxNotice is the longest typing notice, in seconds (felinics/Memoh#1275). The refusal of a longer one is a choice.
const maxNotice = 60

// recipient is the chat that a message goes to, or why none can. The caller holds p.mu.
func (p *Platform) recipient(to route) (*Chat, *refusal) {
	c := p.openids[to.openid]
	if c == nil || c.scene != to.scene {
		return nil, errForeignChat()
	}
	return c, c.refusesSends()
}

// send is POST .../messages. A refused send uses up neither a reply nor its msg_seq.
func (p *Platform) send(_ *http.Request, to route, body []byte) (any, *refusal) {
	form, bad := parseSend(body)
	if bad != nil {
		return nil, bad
	}
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	c, bad := p.recipient(to)
	if bad != nil {
		return nil, bad
	}
	if bad := form.check(c.scene); bad != nil {
		return nil, bad
	}
	event, bad := p.answered(c, &form, now)
	if bad != nil {
		return nil, bad
	}
	line := &Message{Seq: form.seq, Ark: form.ark, Markdown: form.markdown, Keyboard: form.keyboard, Text: form.content}
	if form.kind == 7 {
		file := p.byFileInfo[form.fileInfo]
		if file == nil || file.Scene != c.scene || !file.alive(now) || p.cfg.boundInfo && file.Chat != c.openid {
			return nil, refuse(304080, "文件信息无效")
		}
		line.Media = p.showFile(file)
		if file.Kind != kindImage || line.Media.Card {
			line.Text = "" // the platform drops it silently
		}
	}
	line.Quotes = p.quoted(c, form.quoting, to.call)
	if event != nil {
		event.used[form.seq] = struct{}{}
		line.ReplyTo = form.replyTo()
	} else {
		line.Seq = 0
	}
	if form.kind == 6 { // a typing notice counts as a reply and is no message
		id := c.messageID()
		return p.sendAnswer(id, p.reference(id), now), nil
	}
	id := p.say(c, line)
	return p.sendAnswer(id, line.Ref, now), nil
}

func (form *sendForm) replyTo() string {
	if form.msgID != "" {
		return form.msgID
	}
	return form.eventID
}

// answered finds the event that a send answers and checks window, msg_seq and count, in this order: a repeat of a sent
// message is refused as such even when the count is used up. It returns nil for a proactive message. The caller holds p.mu.
func (p *Platform) answered(c *Chat, form *sendForm, now time.Time) (*Event, *refusal) {
	if form.wakeUp && form.replyTo() != "" {
		return nil, errField("is_wakeup excludes msg_id and event_id")
	}
	var e *Event
	switch {
	case form.msgID != "": // it wins over event_id
		if e = p.byID["msg "+form.msgID]; e == nil || e.chat != c {
			return nil, refuse(40034024, "请求参数msg_id无效或越权")
		}
		if now.After(e.at.Add(windows[c.scene].length)) {
			return nil, refuse(40034005, "回复消息msg_id已过期")
		}
	case form.eventID != "":
		var bad *refusal
		if e, bad = p.byEventID(c, form.eventID, now); bad != nil {
			return nil, bad
		}
	case !p.cfg.proactive:
		return nil, errProactive()
	case c.rejects && c.scene == sceneC2C:
		return nil, refuse(40054013, "用户拒收消息")
	case c.rejects:
		return nil, errProactive()
	default:
		return nil, nil
	}
	if _, again := e.used[form.seq]; again {
		return nil, refuse(40054005, "消息被去重，请检查请求msgseq")
	}
	if len(e.used) >= windows[c.scene].replies {
		return nil, refuse(40034128, "被动回复时间或次数超限")
	}
	return e, nil
}

// byEventID finds the event that is answered by its outer id. The caller holds p.mu.
func (p *Platform) byEventID(c *Chat, id string, now time.Time) (*Event, *refusal) {
	e := p.byID["event "+id]
	switch {
	case e == nil || e.chat != c, p.eventLag > 0 && now.Before(e.pushed.Add(p.eventLag)):
		return nil, refuse(40034025, "请求参数event_id无效")
	case !e.answerable():
		return nil, refuse(40034027, "该事件不支持回复消息")
	case now.After(e.at.Add(windows[c.scene].length)):
		return nil, refuse(40034026, "请求参数event_id已过期")
	}
	return e, nil
}

func (p *Platform) sendAnswer(id, ref string, now time.Time) map[string]any {
	answer := map[string]any{
		"id": id, "timestamp": now.In(utc8).Format(time.RFC3339),
		"ext_info": map[string]string{"ref_idx": ref},
	}
	if p.cfg.integerTimes {
		answer["timestamp"] = now.Unix()
	}
	return answer
}

// recallWindow is how long a message can be recalled, docs 2026-08.
const recallWindow = 2 * time.Minute

// recall is DELETE .../messages/{message_id}, of the bot's own messages.
func (p *Platform) recall(_ *http.Request, to route, _ []byte) (any, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sent[to.id]
	switch {
	case s == nil || s.chat.openid != to.openid || s.chat.scene != to.scene:
		return nil, refuse(40061002, "请求参数msgid无效")
	case p.now().Sub(s.line.Time) > recallWindow:
		return nil, refuse(40064004, "已超出消息撤回时限")
	}
	delete(p.sent, to.id)
	s.chat.remove(s.line)
	p.wake()
	p.report(Happening{What: MessageRecalled, Chat: s.chat, Message: *s.line})
	return map[string]any{}, nil
}
