package richmediatest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// guildPace is the number of messages per second that a channel accepts under WithRateLimits (docs 2026-08); direct messages
// have the same.
const guildPace = 5

// guildForm are the fields of a POST to /channels/{channel_id}/messages and /dms/{guild_id}/messages. There is no
// msg_type, no media and no msg_seq: an image travels as URL or as bytes, and two equal sends are two messages.
type guildForm struct {
	content, msgID, eventID, image string
	quoting                        string // message_reference.message_id
	embed, ark, markdown, keyboard json.RawMessage
	file                           *formFile // file_image
}

// parseGuildSend reads JSON or multipart/form-data. An absent Content-Type is neither.
func parseGuildSend(contentType string, body []byte) (form guildForm, bad *refusal) {
	f, file, err := parseForm(contentType, body)
	if err != nil {
		return form, errField("%v", err)
	}
	form.file = file
	read := []func() error{
		func() (err error) { form.content, err = f.text("content"); return err },
		func() (err error) { form.msgID, err = f.text("msg_id"); return err },
		func() (err error) { form.eventID, err = f.text("event_id"); return err },
		func() (err error) { form.image, err = f.text("image"); return err },
		func() (err error) { form.embed, err = f.object("embed"); return err },
		func() (err error) { form.ark, err = f.object("ark"); return err },
		func() (err error) { form.markdown, err = f.object("markdown"); return err },
		func() (err error) { form.keyboard, err = f.object("keyboard"); return err },
		func() (err error) { form.quoting, err = referenced(f); return err },
	}
	for _, r := range read {
		if err := r(); err != nil {
			return form, errField("%v", err)
		}
	}
	return form, form.check(f)
}

// check refuses what is of groups and single chats only, and a message with nothing in it. The documents name no codes for
// this in guilds. 40011000 (wrong fields), 22006 (content that does not fit) and 304061 (nothing that could be shown) are
// those of the other scenes.
func (form *guildForm) check(f fields) *refusal {
	for _, name := range []string{"file_info", "file_data"} {
		if _, ok := f[name]; ok {
			return errField("%s is not for guilds", name)
		}
	}
	mismatch := func(why string) *refusal { return refuse(22006, "消息类型与内容不匹配: %s", why) }
	kind, _, err := f.integer("msg_type")
	_, media := f["media"]
	switch {
	case err != nil:
		return errField("%v", err)
	case kind != 0 || media:
		return mismatch("guilds have no msg_type and no media")
	case form.image != "" && form.file != nil:
		return mismatch("image and file_image exclude each other")
	case strings.TrimSpace(form.content) == "" && form.image == "" && form.file == nil &&
		form.embed == nil && form.ark == nil && form.markdown == nil:
		return refuse(304061, "消息内容无效: one of content, embed, ark, image, file_image, markdown is needed")
	}
	return nil
}

// picture is the image of the message, nil for none. The codes are those that the documents have for guild images; which
// stands for what is a choice: 304010 for a URL that cannot be downloaded, 304020 for more than 20 MB, 304021 for what is
// no image.
func (p *Platform) picture(ctx context.Context, to route, form *guildForm) (*Media, *refusal) {
	if form.image == "" && form.file == nil {
		return nil, nil
	}
	up := &Upload{Scene: to.scene, Chat: to.openid, Kind: kindImage, URL: form.image, Route: RouteURL, At: p.now()}
	var data []byte
	if form.file != nil {
		up.Route, up.Name, data = RouteMultipart, form.file.name, form.file.data
	} else {
		var bad *refusal
		if data, bad = p.download(ctx, form.image); bad != nil {
			return nil, refuse(304010, "图片转存错误: %s", bad.message)
		}
	}
	if int64(len(data)) > softLimits[kindImage] {
		return nil, refuse(304020, "文件大小超限")
	}
	what := newContent(data)
	format, bad := checkContent(kindImage, what.head)
	if bad != nil {
		return nil, refuse(304021, "图片格式不支持")
	}
	up.Size, up.SHA256 = what.size, what.sha256
	if !p.cfg.noData {
		up.Data = data
	}
	return &Media{Kind: kindImage, Format: format, Size: what.size, Upload: up}, nil
}

// sendGuild is POST /channels/{channel_id}/messages and /dms/{guild_id}/messages.
func (p *Platform) sendGuild(r *http.Request, to route, body []byte) (any, *refusal) {
	form, bad := parseGuildSend(r.Header.Get("Content-Type"), body)
	if bad != nil {
		return nil, bad
	}
	media, bad := p.picture(r.Context(), to, &form)
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
	event, bad := p.answeredInGuild(c, &form, now)
	if bad != nil {
		return nil, bad
	}
	line := &Message{
		Text: form.content, Media: media, Embed: form.embed, Ark: form.ark, Markdown: form.markdown, Keyboard: form.keyboard,
	}
	line.Quotes = p.quoted(c, form.quoting, to.call)
	if event != nil {
		line.ReplyTo = form.replyTo()
	}
	if c.audited {
		return nil, p.audit(c, line)
	}
	return p.guildAnswer(c, p.say(c, line), line), nil
}

func (form *guildForm) replyTo() string {
	if form.msgID != "" {
		return form.msgID
	}
	return form.eventID
}

// answeredInGuild finds the event that a send answers, or nil for a proactive message. There is a window of 5 minutes, no
// documented count, and nothing that distinguishes a repeat from a second answer. The caller holds p.mu.
func (p *Platform) answeredInGuild(c *Chat, form *guildForm, now time.Time) (*Event, *refusal) {
	switch {
	case form.msgID != "": // it wins over event_id
		e := p.byID["msg "+form.msgID]
		switch {
		case e == nil || e.chat != c:
			return nil, refuse(304026, "回复的消息id错误")
		case now.After(e.at.Add(windows[c.scene].length)):
			return nil, refuse(304027, "回复的消息过期")
		}
		return e, nil
	case form.eventID != "":
		return p.byEventID(c, form.eventID, now)
	case !p.cfg.proactive:
		return nil, &refusal{status: http.StatusBadRequest, code: 22009, message: "msg limit exceed"}
	}
	return nil, nil
}

// guildAnswer is the message object that a guild answers with. The caller holds p.mu.
func (p *Platform) guildAnswer(c *Chat, id string, m *Message) map[string]any {
	answer := map[string]any{
		"id": id, "channel_id": c.channelID, "guild_id": c.guildID, "content": m.Text,
		"timestamp": m.Time.In(utc8).Format(time.RFC3339), "author": p.botUser(),
		"tts": false, "mention_everyone": false, "pinned": false, "type": 0, "flags": 0,
		"seq_in_channel": strconv.Itoa(c.seq),
	}
	if c.scene == sceneDM {
		answer["direct_message"] = true
	}
	return answer
}
