package richmedia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// ReplyOption changes one reply.
type ReplyOption interface{ applyReply(*replyConfig) }

// replyConfig is what the options of one reply say. Nothing writes to it during the reply.
type replyConfig struct {
	caption  *string
	fallback *string
	seq      *uint32
	quote    bool
	markdown bool // the text is Markdown
	replace  bool // the frames of a stream carry all of its text
	upload   uploadConfig
}

type replyOption func(*replyConfig)

func (o replyOption) applyReply(c *replyConfig) { o(c) }

func newReplyConfig(opts []ReplyOption) *replyConfig {
	c := &replyConfig{}
	for _, opt := range opts {
		if opt != nil {
			opt.applyReply(c)
		}
	}
	return c
}

// WithFallbackText sends text instead, in the same reply slot and under the same msg_seq, if the media definitely cannot
// be sent: the upload failed, or the platform refused the message. It does not if the outcome of a send is not known, if
// the platform would refuse a text as well (ErrReplyWindow, ErrReplyLimit, ErrNotPermitted), or if ctx has ended. A reply
// that ended as its fallback is no error; the reason goes to the log and the trace. The option belongs to replies with
// media.
func WithFallbackText(text string) ReplyOption {
	return replyOption(func(c *replyConfig) { c.fallback = &text })
}

// WithSeq sends the reply under a msg_seq of the caller's choice. Without it a handler's replies are numbered 1001, 1002, ...
// in the order of their calls, and those of Plugin.For from its Target's Seq on, in every process and every run. Free for
// WithSeq are 101 to 500, 601 to 1000, and the numbers from Context.NextSeq; botgo's own sends use 1, 2, 3, and this plugin
// accepts up to 65535. Within one run a number stands for one reply: other content under it is ErrSeqTaken. In a later run it
// repeats that reply, whatever its content is, and the reply is in the chat once.
func WithSeq(seq uint32) ReplyOption {
	return replyOption(func(c *replyConfig) { c.seq = &seq })
}

// ReplyImage answers with an image: png, jpg, gif, webp or bmp, at most 200 MB, over 20 MB shown as a file. See Reply.
func (c *Context) ReplyImage(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindImage, src, opts...)
}

// ReplyVideo answers with a video: mp4, at most 200 MB, over 30 MB shown as a file. See Reply.
func (c *Context) ReplyVideo(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindVideo, src, opts...)
}

// ReplyVoice answers with a voice bubble: silk, mp3, wav or ogg, at most 200 MB, over 20 MB shown as a file. See Reply.
func (c *Context) ReplyVoice(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindVoice, src, opts...)
}

// ReplyFile answers with a file of any format, at most 200 MB. The chat shows the Source's name. See Reply.
func (c *Context) ReplyFile(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindFile, src, opts...)
}

// Reply answers with media: it takes a reply slot and a msg_seq, uploads src unless the store knows it, and sends
// it. A file_info that the platform refuses is uploaded once more for this very chat. The returned message has
// the ID and the Timestamp from the platform, and in MessageReference.MessageID its REFIDX, by which a later message can
// quote it, if the platform sent one; an empty ID means that this very reply was in the chat already, or, in a
// guild, that it is shown after an audit. Guild channels and DMs accept images only, in the message itself; everything
// else is ErrUnsupported there.
// The error matches the sentinels with errors.Is; an *UploadError or *APIError in it says the rest. Only an *APIError
// of Op "send" whose Delivered is DeliveredUnknown leaves it open whether the reply is in the chat; after every other
// error it is not.
func (c *Context) Reply(ctx context.Context, kind Kind, src Source, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if err := c.checkMedia(kind, o); err != nil {
		return nil, err
	}
	return newOutgoing(c, kind, o, mediaContent(kind, src, src.identity(kind, o.upload.cacheKey), o)).deliver(ctx, c.sendMedia(kind, src))
}

// checkMedia returns why a reply with media is hopeless, whatever its source is.
func (c *Context) checkMedia(kind Kind, o *replyConfig) error {
	switch {
	case c.in.unanswerable != nil:
		return c.in.unanswerable
	case o.markdown || o.replace:
		return errNoStream
	}
	return o.checkCaption(kind)
}

// sendMedia returns how src reaches the chat: uploaded, or in guilds as a part of the message.
func (c *Context) sendMedia(kind Kind, src Source) compose {
	if c.in.target.Scope.guild() {
		return sendGuildImage(kind, src)
	}
	return func(ctx context.Context, out *outgoing) (platform.Sent, error) {
		up, err := c.p.uploads.open(ctx, c.in.target, kind, src, out.options.upload, forReply)
		if err != nil {
			return platform.Sent{}, err
		}
		defer up.close()
		if err := out.identify(mediaContent(kind, src, up.identity, out.options)); err != nil {
			return platform.Sent{}, err
		}
		return out.uploadAndPost(ctx, up)
	}
}

// mediaContent identifies a reply with media by what the caller asked for. identity is "" if it is not known without reading
// the source.
func mediaContent(kind Kind, src Source, identity string, o *replyConfig) ledger.Content {
	return ledger.ContentOf("media", kind.String(), src.name, o.text()).Of(identity)
}

// messageContent identifies a message of botgo's type by its JSON without the ids.
func messageContent(msg *dto.MessageToCreate) ledger.Content {
	if msg == nil {
		return ledger.Content{}
	}
	m := *msg
	m.MsgID, m.EventID, m.MsgSeq = "", "", 0
	body, err := json.Marshal(m)
	if err != nil {
		return ledger.Content{} // the send fails with it
	}
	return ledger.ContentOf("message", string(body))
}

// uploadAndPost sends up's File. If the platform refuses it, up is uploaded once more, through this very chat.
func (out *outgoing) uploadAndPost(ctx context.Context, up *upload) (platform.Sent, error) {
	f, err := up.file(ctx)
	if err != nil {
		return platform.Sent{}, err
	}
	sent, err := out.post(ctx, mediaMessage(f, out))
	if !isBadFile(err) {
		return sent, err
	}
	out.c.p.cfg.log.Warnf("richmedia: %s: a file_info was refused and is uploaded once more: %v", up.src.label(), apiError(err))
	first := err
	up.forget(ctx, f)
	if f, err = up.reupload(ctx); err != nil {
		if isUnknown(first) {
			return platform.Sent{}, first // more than why the upload failed: the reply may be in the chat
		}
		return platform.Sent{}, err
	}
	sent, err = out.post(ctx, mediaMessage(f, out))
	if isBadFile(err) {
		up.forget(ctx, f)
	}
	return sent, withDoubt(err, first)
}

// isBadFile reports whether a send failed because of its file_info, which a new upload may cure. With a msg_seq the
// message can be sent again even if an earlier attempt's answer was lost.
func isBadFile(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.Op == "send" && e.Class() == platform.Reupload && (!e.Unknown || e.Dedup)
}

// withDoubt carries the doubt of an earlier send over to err: whatever became of the second, the first may be in the chat.
func withDoubt(err, earlier error) error {
	if err == nil || !isUnknown(earlier) {
		return err
	}
	var e *platform.Error
	if !errors.As(err, &e) {
		return earlier
	}
	e.Op, e.Unknown = "send", true
	return err
}

// ReplyUploaded answers with a File that Plugin.Upload has returned, in this run or an earlier one. f must be of this
// chat's scope.
func (c *Context) ReplyUploaded(ctx context.Context, f File, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if err := c.checkMedia(f.Kind, o); err != nil {
		return nil, err
	}
	return newOutgoing(c, f.Kind, o, ledger.ContentOf("uploaded", o.text()).Of(f.UUID)).deliver(ctx, func(ctx context.Context, out *outgoing) (platform.Sent, error) {
		switch {
		case c.in.target.Scope.guild():
			return platform.Sent{}, errNoGuildUpload
		case f.Info == "":
			return platform.Sent{}, errors.New("richmedia: ReplyUploaded: the File is empty: give one that Plugin.Upload returned")
		case f.Scope != c.in.target.Scope:
			return platform.Sent{}, fmt.Errorf("%w: the File was uploaded for %s and cannot go to %s: file_info never crosses; upload it for this chat",
				ErrUnsupported, f.Scope, c.in.target.Scope)
		case f.expired():
			return platform.Sent{}, fmt.Errorf("%w: the File has expired: upload it again", ErrBadFile)
		}
		return out.post(ctx, mediaMessage(f, out))
	})
}

// errNoStream refuses options of texts for other replies.
var errNoStream = errors.New("richmedia: WithMarkdown belongs to ReplyText and ReplyStream, and WithReplace to ReplyStream")

// ReplyText answers with a text, which WithMarkdown makes Markdown.
func (c *Context) ReplyText(ctx context.Context, text string, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	switch {
	case o.caption != nil || o.fallback != nil:
		return nil, errors.New("richmedia: ReplyText: WithCaption and WithFallbackText belong to media; put the words into the text")
	case o.replace:
		return nil, errNoStream
	}
	content := ledger.ContentOf("text", text)
	if o.markdown {
		content = ledger.ContentOf("markdown", text)
	}
	return newOutgoing(c, 0, o, content).deliver(ctx, func(ctx context.Context, out *outgoing) (platform.Sent, error) {
		// Here, after the reply has its number: in the next run of the handler the text may not be empty, and the replies
		// after it must have the same numbers then.
		if strings.TrimSpace(text) == "" {
			return platform.Sent{}, errors.New("richmedia: ReplyText: the text is empty")
		}
		return out.post(ctx, longMessage(c.in.target.Scope, text, o.markdown))
	})
}

// ReplyMessage answers with any message that botgo can describe: markdown, a keyboard, an ark. It sends a copy of
// msg with its MsgID, EventID and MsgSeq filled in, whatever they were.
func (c *Context) ReplyMessage(ctx context.Context, msg *dto.MessageToCreate, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	switch {
	case o.caption != nil || o.fallback != nil:
		return nil, errors.New("richmedia: ReplyMessage: WithCaption and WithFallbackText belong to media; set the message's Content")
	case o.markdown || o.replace:
		return nil, errNoStream
	}
	return newOutgoing(c, 0, o, messageContent(msg)).deliver(ctx, func(ctx context.Context, out *outgoing) (platform.Sent, error) {
		if msg == nil {
			return platform.Sent{}, errors.New("richmedia: ReplyMessage: the message is nil")
		}
		guild := c.in.target.Scope.guild()
		if guild && msg.Media != nil {
			return platform.Sent{}, errNoGuildUpload
		}
		return out.post(ctx, func(r ref) any {
			m := *msg
			m.MsgID, m.EventID, m.MsgSeq = r.MsgID, r.EventID, r.MsgSeq
			if r.Reference != nil {
				m.MessageReference = &dto.MessageReference{MessageID: r.Reference.MessageID}
			}
			if guild {
				m.MsgType = 0 // guilds go by the fields
			}
			return &m
		})
	})
}
