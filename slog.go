package richmedia

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/errs"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Slog returns botgo's logger interface on l, for botgo.SetLogger and WithLogger. botgo's default logger prints the app
// secret, the token and every body; Slog withholds them at every level, and its lines say how many bytes were left out:
//
//	botgo.SetLogger(richmedia.Slog(slog.Default()))
//
// Call it before botgo.NewOpenAPI, which keeps the logger that it finds. Of botgo v0.2.1's log calls those arguments pass
// that are known to hold neither a credential nor content, such as a trace id or the kind of a websocket message. Of all
// other calls, the bot's own through botgo's package log included, only the format, numbers, durations and cleaned errors
// pass. An error is cleaned of the query of an address, of tokens, of everything from a brace or a page's beginning on, and of the body that
// botgo's own error type carries, whose code stays. The plugin's own lines pass.
//
// A nil l stands for slog.Default() at each call. The logger is safe for concurrent use, as far as l is.
func Slog(l *slog.Logger) log.Logger { return slogLogger{l} }

type slogLogger struct{ l *slog.Logger }

func (s slogLogger) Debug(v ...any)            { s.print(slog.LevelDebug, v) }
func (s slogLogger) Info(v ...any)             { s.print(slog.LevelInfo, v) }
func (s slogLogger) Warn(v ...any)             { s.print(slog.LevelWarn, v) }
func (s slogLogger) Error(v ...any)            { s.print(slog.LevelError, v) }
func (s slogLogger) Debugf(f string, v ...any) { s.printf(slog.LevelDebug, f, v) }
func (s slogLogger) Infof(f string, v ...any)  { s.printf(slog.LevelInfo, f, v) }
func (s slogLogger) Warnf(f string, v ...any)  { s.printf(slog.LevelWarn, f, v) }
func (s slogLogger) Errorf(f string, v ...any) { s.printf(slog.LevelError, f, v) }

// Sync does nothing: a slog.Handler does not buffer.
func (s slogLogger) Sync() error { return nil }

// botgoArgs names the arguments of botgo v0.2.1's log calls that pass although they are neither numbers nor durations nor
// errors: by the call's format, then by the argument's place, as the expression that stands there in botgo's source. The
// plain calls (log.Info) are found by their first argument. TestTheLogTableFitsBotgosSource compares it with the source.
var botgoArgs = map[string]map[int]string{
	"%s, connect err: %v":                        {0: "c.session"},
	"%s, url %s, connected":                      {0: "c.session", 1: "c.session.URL"},
	"%s, received resumeSignal signal":           {0: "c.session"},
	"%s Listening stop. err is %v":               {0: "c.session"},
	"%s listened heartBeat":                      {0: "c.session"},
	"%s write %s message, %v":                    {0: "c.session", 1: "dto.OPMeans(message.OPCode)"},
	"%s WriteMessage failed, %v":                 {0: "c.session"},
	"%s, close conn err: %v":                     {0: "c.session"},
	"%s read message failed, %v, message %s":     {0: "c.session"},
	"%s json failed, %v":                         {0: "c.session"},
	"%s receive %s message, %s":                  {0: "c.session", 1: "dto.OPMeans(payload.OPCode)"},
	"%s parseAndHandle failed, %v":               {0: "c.session"},
	"%s message queue is closed":                 {0: "c.session"},
	"%s hello data parse failed, %v, message %v": {0: "c.session"},
	"%s parseReadyData failed, %v, message %v":   {0: "c.session"},
	"[PANIC]%s\n%v\n%s\n":                        {0: "session", 2: "buf"},

	"[ws/session/local] session limited apInfo: %+v": {0: "apInfo"},
	"[ws/session/redis] session limited apInfo: %+v": {0: "apInfo"},
	"[ws/session/redis] start consume for session":   {0: `"[ws/session/redis] start consume for session"`},

	"[ws/session/redis] got distribute lock! i will do distributeSession, key: %s": {0: "r.clusterKey"},

	"%v":                                  {0: "respInfo(resp)"},
	"token type:%s":                       {0: "tk.TokenType"},
	"retrieve access token URL:%v req:%v": {0: "getTokenURL()"},
	"access token:%v traceID:%v":          {1: "rspTraceID"},
	"unmarshal rsp failed:%v traceID:%v":  {1: "rspTraceID"},
	"query acessToken err:%v.%v traceID:%v": {
		1: "retrieveRsp.Message", 2: "rspTraceID",
	},
	"start to refresh access token %s": {0: "time.Now().Format(time.StampMilli)"},

	"payload:%+v": {0: `"payload:%+v"`},
	"signature verify failed, err: %v, traceID: %s":       {1: "traceID"},
	"unmarshal http callback body error: %s, traceID: %s": {1: "traceID"},
	"callback data invalid: %+v, traceID: %s":             {1: "traceID"},
	"write http callback response error: %s, traceID: %s": {1: "traceID"},
	"parseAndHandle failed, %v, traceID:%s, payload: %v":  {1: "traceID"},
}

// printf logs a call with a format.
func (s slogLogger) printf(level slog.Level, format string, v []any) {
	if !s.logger().Enabled(context.Background(), level) {
		return
	}
	if strings.HasPrefix(format, "richmedia: ") {
		if len(v) > 0 {
			format = fmt.Sprintf(format, v...)
		}
		s.log(level, hideCredentials(format))
		return
	}
	known := botgoArgs[format]
	switch shown := showAll(known, v); {
	case len(v) == 0:
		format = cleanText(format) // botgo puts a text of the server there
	case strings.Contains(format, "%"):
		format = fmt.Sprintf(format, shown...)
	default: // one of botgo's calls has an argument and no verb
		format += " " + fmt.Sprint(shown...)
	}
	s.log(level, strings.TrimSpace(format))
}

// print logs a call without a format.
func (s slogLogger) print(level slog.Level, v []any) {
	if !s.logger().Enabled(context.Background(), level) {
		return
	}
	var known map[int]string
	if len(v) > 0 {
		if first, ok := v[0].(string); ok {
			known = botgoArgs[first]
		}
	}
	s.log(level, fmt.Sprint(showAll(known, v)...))
}

func (s slogLogger) logger() *slog.Logger {
	if s.l == nil {
		return slog.Default()
	}
	return s.l
}

// log hands text to the handler, with the place of the call in botgo or in the bot as its source.
func (s slogLogger) log(level slog.Level, text string) {
	r := slog.NewRecord(time.Now(), level, text, caller())
	_ = s.logger().Handler().Handle(context.Background(), r)
}

// caller returns the program counter of the first function that belongs neither to this logger nor to botgo's package log.
func caller() uintptr {
	var pcs [8]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
		if !strings.Contains(frame.Function, ".slogLogger.") && !strings.HasPrefix(frame.Function, "github.com/tencent-connect/botgo/log.") {
			return pc
		}
	}
	return 0
}

// shown is the text of an argument, whatever the verb of its format is.
type shown string

func (s shown) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s)) }

// showAll returns what stands for the arguments of a call.
func showAll(known map[int]string, v []any) []any {
	all := make([]any, len(v))
	for i, arg := range v {
		all[i] = show(arg, known[i])
	}
	return all
}

// show returns what stands for one argument. Known is the table's expression for it, or "". The types that the table
// passes are those of botgo's calls.
func show(arg any, known string) any {
	switch arg := arg.(type) {
	case nil, time.Duration:
		return arg
	case error:
		return shown(cleanError(arg))
	}
	switch v := reflect.ValueOf(arg); v.Kind() { //nolint:exhaustive // the others may be read as text
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	}
	if known == "" {
		return withheld(arg)
	}
	switch arg := arg.(type) {
	case string:
		if known != "respInfo(resp)" {
			return shown(cleanText(arg))
		}
		// Anybody may log with the format "%v", and this text has the two bodies at its end.
		if head, _, ok := strings.Cut(arg, " req: "); ok && strings.HasPrefix(arg, "[OPENAPI]") {
			return shown(cleanText(head))
		}
	case []byte: // a stack, of botgo's PanicHandler
		if strings.HasPrefix(string(arg), "goroutine ") {
			return shown(arg)
		}
	case *dto.Session: // without its ID, with which a websocket is resumed
		if arg != nil {
			return shown(fmt.Sprintf("[ws][Shard:(%d/%d)][Intent:%d]", arg.Shards.ShardID, arg.Shards.ShardCount, arg.Intent))
		}
	case *dto.WebsocketAP:
		if arg != nil {
			return shown(fmt.Sprintf("{Shards:%d SessionStartLimit:%+v}", arg.Shards, arg.SessionStartLimit))
		}
	}
	return withheld(arg)
}

func withheld(arg any) shown {
	switch arg := arg.(type) {
	case string:
		return shown(fmt.Sprintf("(%d bytes withheld)", len(arg)))
	case []byte:
		return shown(fmt.Sprintf("(%d bytes withheld)", len(arg)))
	}
	return "(withheld)"
}

// cleanError returns the text of a foreign error without the content that some errors carry.
func cleanError(err error) string {
	text := fmt.Sprint(err) // not err.Error(), which panics if a nil pointer is inside
	var answer *errs.Err
	if errors.As(err, &answer) && answer != nil && answer.Code() < 1000 && answer.Text() != "" { // an HTTP status: the text is the body
		text = strings.ReplaceAll(text, answer.Text(), meaningOf(answer.Text()))
	}
	var number *strconv.NumError
	if errors.As(err, &number) && number != nil {
		text = strings.ReplaceAll(text, strconv.Quote(number.Num), `"..."`)
	}
	return cleanText(text)
}

// meaningOf returns the platform's code in the body of an answer, and what it means.
func meaningOf(body string) string {
	var answer struct {
		Code    int `json:"code"`
		ErrCode int `json:"err_code"`
	}
	_ = json.Unmarshal([]byte(body), &answer) // an HTML page has no code
	code := cmp.Or(answer.ErrCode, answer.Code)
	if code == 0 {
		return string(withheld(body))
	}
	return strings.TrimSpace(strconv.Itoa(code) + " " + platform.Meaning(code))
}

var (
	addressQuery = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s?"']*)\?[^\s"']*`)
	scheme       = regexp.MustCompile(`(?i)\b(QQBot|Bearer)[ +]+[^\s"',;]+`)
	likeBody     = regexp.MustCompile(`(?is)(\{|<!doctype|<html|<\?xml).*`)
)

// hideCredentials removes what may be a credential wherever it stands.
func hideCredentials(s string) string {
	return scheme.ReplaceAllString(addressQuery.ReplaceAllString(s, "$1?..."), "$1 ...")
}

// cleanText makes one bounded line of s, without credentials and without anything that looks like a body.
func cleanText(s string) string {
	return platform.Clean(hideCredentials(likeBody.ReplaceAllString(s, "{...}")))
}
