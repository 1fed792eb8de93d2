package richmedia

import "fmt"

// WithCaption adds a text to the same message. The platform shows it with images only and drops it silently with
// other kinds (QQNodeSDK, Satori), so with those it is an error.
func WithCaption(text string) ReplyOption {
	return replyOption(func(c *replyConfig) { c.caption = &text })
}

// checkCaption refuses a caption that the platform would not show.
func (o *replyConfig) checkCaption(kind Kind) error {
	if o.caption != nil && kind != KindImage {
		return fmt.Errorf("%w: a caption on %s: the platform shows captions with images only; send the text with ReplyText", ErrUnsupported, kind.withArticle())
	}
	return nil
}

// text is the caption, "" if there is none.
func (o *replyConfig) text() string {
	if o.caption == nil {
		return ""
	}
	return *o.caption
}
