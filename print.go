package richmedia

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// The types that hold a secret print and marshal without it, whatever the verb: a query may be a presigned address, a file_info
// is enough to send its file.

// String returns the name of s: the file's, or the address without user, query and fragment.
func (s Source) String() string { return s.label() }

// GoString returns the name of s, for %#v.
func (s Source) GoString() string { return fmt.Sprintf("richmedia.Source(%q)", s.label()) }

// LogValue returns the name of s.
func (s Source) LogValue() slog.Value { return slog.StringValue(s.label()) }

// MarshalJSON returns the name of s as a string. A Source cannot be read back from it.
func (s Source) MarshalJSON() ([]byte, error) { return json.Marshal(s.label()) }

// String describes f without its file_info.
func (f File) String() string {
	text := fmt.Sprintf("%s %s for %s", f.Kind, f.UUID, f.Scope)
	if !f.Expires.IsZero() {
		text += " until " + f.Expires.Format("2006-01-02T15:04:05Z07:00")
	}
	return platform.Clean(text)
}

// GoString describes f without its file_info, for %#v.
func (f File) GoString() string { return fmt.Sprintf("richmedia.File(%q)", f.String()) }

// LogValue describes f without its file_info and URL. Its JSON has both: it is for job queues.
func (f File) LogValue() slog.Value { return slog.StringValue(f.String()) }

// String describes a without the query of its address, which lets anybody download it.
func (a Attachment) String() string {
	return platform.Clean(fmt.Sprintf("%s %q at %s", a.Kind(), a.FileName, redact(a.URL)))
}

// GoString describes a without the query of its address, for %#v.
func (a Attachment) GoString() string { return fmt.Sprintf("richmedia.Attachment(%q)", a.String()) }

// LogValue describes a without the query of its address. Its JSON has all of it: it is for job queues.
func (a Attachment) LogValue() slog.Value { return slog.StringValue(a.String()) }

// String returns the text of the error.
func (e UploadError) String() string { return e.Error() }

// GoString returns the text of the error, for %#v.
func (e UploadError) GoString() string { return fmt.Sprintf("richmedia.UploadError(%q)", e.Error()) }

// LogValue returns the text of the error.
func (e UploadError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalJSON returns the fields of e, with the reason as a text.
func (e UploadError) MarshalJSON() ([]byte, error) {
	reason := ""
	if e.Err != nil {
		reason = platform.Clean(e.Err.Error())
	}
	return json.Marshal(struct {
		Name  string `json:"name"`
		Step  string `json:"step"`
		Part  int    `json:"part,omitempty"`
		Error string `json:"error"`
	}{platform.Clean(e.Name), e.Step, e.Part, reason})
}

// String returns the text of the error.
func (e APIError) String() string { return e.Error() }

// GoString returns the text of the error, for %#v.
func (e APIError) GoString() string { return fmt.Sprintf("richmedia.APIError(%q)", e.Error()) }

// LogValue returns the text of the error.
func (e APIError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalJSON returns the fields of e.
func (e APIError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Op        string `json:"op"`
		Status    int    `json:"status,omitempty"`
		Code      int    `json:"code,omitempty"`
		Message   string `json:"message,omitempty"`
		TraceID   string `json:"trace_id,omitempty"`
		Delivered string `json:"delivered"`
	}{e.Op, e.Status, e.Code, platform.Clean(e.Message), platform.Clean(e.TraceID), e.Delivered.String()})
}

// String names the bot.
func (p *Plugin) String() string { return fmt.Sprintf("richmedia.Plugin(app id %q)", p.appID) }

// GoString names the bot, for %#v.
func (p *Plugin) GoString() string { return p.String() }

// LogValue names the bot.
func (p *Plugin) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String names the event.
func (c *Context) String() string {
	if c.in.payload == nil {
		return "richmedia.Context(a Target)"
	}
	return fmt.Sprintf("richmedia.Context(%s %q)", platform.Clean(eventName(c.in.payload)), platform.Clean(c.in.payload.EventID))
}

// GoString names the event, for %#v.
func (c *Context) GoString() string { return c.String() }

// LogValue names the event.
func (c *Context) LogValue() slog.Value { return slog.StringValue(c.String()) }
