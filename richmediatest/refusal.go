package richmediatest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"

	"github.com/tencent-connect/botgo/constant"
)

// refusal is an error answer. errCode 0 leaves err_code out of the body, which some real answers do.
type refusal struct {
	status  int
	code    int
	errCode int
	message string
	data    any // of a send that waits for audit
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %d %s", r.status, r.code, r.message) }

// refuse is the common case: HTTP 400 with code and err_code the same.
func refuse(code int, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, errCode: code, message: fmt.Sprintf(format, args...)}
}

// The refusals that are shared. Messages are the real platform's where one is public.
func errField(format string, args ...any) *refusal {
	return refuse(40011000, "请求参数错误: "+format, args...)
}

func errUploadField(format string, args ...any) *refusal {
	return refuse(10000, "不支持的操作: "+format, args...)
}

// errProxy answers an inline body that is too big, a malformed prepare, or an openid that is not the bot's: an HTTP 500 without
// err_code, which a retry does not change.
func errProxy() *refusal {
	return &refusal{status: http.StatusInternalServerError, code: 850012, message: "call inner proxy error"}
}

// errForeignChat answers a send to an openid or channel that is not the bot's. The status is known, the code is a choice.
func errForeignChat() *refusal {
	return &refusal{
		status: http.StatusInternalServerError, code: 50055001, errCode: 50055001, message: "消息发送异常，请稍后重试",
	}
}

func errDownload(why string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: 850026, errCode: 40034001, message: "富媒体文件下载失败: " + why}
}

func errFormat(found string) *refusal {
	return &refusal{
		status: http.StatusBadRequest, code: 850019, errCode: 40034002,
		message: "富媒体文件格式不支持: " + found,
	}
}

func errMuted() *refusal     { return refuse(850018, "群被禁言或者机器人被禁言") }
func errProactive() *refusal { return refuse(40034105, "主动消息失败, 无权限") }
func errRetry(why string) *refusal {
	return refuse(40093001, "文件上传失败，请重试: %s", why)
}

// write sends v as JSON with a trace id in the header, and in the body too when v is a refusal.
func (p *Platform) write(w http.ResponseWriter, v any, bad *refusal) {
	trace := p.traceID()
	status := http.StatusOK
	if bad != nil {
		status = bad.status
		body := map[string]any{"message": bad.message, "code": bad.code, "trace_id": trace}
		if bad.errCode != 0 {
			body["err_code"] = bad.errCode
		}
		if bad.data != nil {
			body["data"] = bad.data
		}
		v = body
	}
	if v == nil {
		w.Header().Set(constant.HeaderTraceID, trace)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("richmediatest: encode an answer: %v", err)) // our own types only
	}
	w.Header().Set("Content-Type", "application/json") // no charset: botpy decodes this type only
	w.Header().Set(constant.HeaderTraceID, trace)
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client may have gone
}

// writeHTML answers as the proxy in front of the platform (stgw) does: no JSON, no trace id, the connection closed.
func writeHTML(w http.ResponseWriter, status int, text string) {
	if text == "" {
		text = http.StatusText(status)
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Server", "stgw")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	title := html.EscapeString(fmt.Sprintf("%d %s", status, text))
	_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"+
		"<hr><center>stgw</center>\r\n</body>\r\n</html>\r\n", title, title)
}
