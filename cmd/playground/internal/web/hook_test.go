package web_test

import (
	"net/http/httptest"
	"testing"

	"github.com/tencent-connect/botgo/dto"
	keyboards "github.com/tencent-connect/botgo/dto/keyboard"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// hookServer is a bot behind a webhook of its own.
func hookServer(t *testing.T, p *richmediatest.Platform) string {
	t.Helper()
	s := httptest.NewServer(richmedia.WebhookHandler(p.Credentials()))
	t.Cleanup(s.Close)
	return s.URL
}

// keyboard is a message with one button.
func keyboard(id string) *dto.MessageToCreate {
	return &dto.MessageToCreate{
		MsgType: dto.MarkdownMsg, Markdown: &dto.Markdown{Content: "# pick"},
		Keyboard: &keyboards.MessageKeyboard{Content: &keyboards.CustomKeyboard{Rows: []*keyboards.Row{{Buttons: []*keyboards.Button{{
			ID: id, RenderData: &keyboards.RenderData{Label: "Yes"},
			Action: &keyboards.Action{Type: keyboards.ActionTypeCallback, Data: "x", Permission: &keyboards.Permission{Type: keyboards.PermissionTypAll}},
		}}}}}},
	}
}
