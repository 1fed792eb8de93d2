package richmedia_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/interaction/webhook"

	"github.com/botgo-contrib/richmedia"
)

// What a handler gets is what botgo's webhook would have handed to it.
func TestHandlersGetThePayloadOfBotgosWebhook(t *testing.T) {
	keepHandlers(t)
	p := signer()
	for _, body := range []string{
		`{"op":0,"s":7,"t":"NEW_EVENT","id":"NEW_EVENT:x","d":{"a":1,"b":["喵",null,true,1.5],"c":{"d":"e"}}}`,
		`{"op":0,"t":"NEW_EVENT","id":"a\u00e4\"b","d":"text"}`,
		`{"op":0,"d":null}`,
		`{"id":"no op"}`,
		` {"op":0,"t":"NEW_EVENT","d":[1],"more":{"op":5}} `,
	} {
		var got []*dto.WSPayload
		event.RegisterHandlers(event.PlainEventHandler(func(p *dto.WSPayload, message []byte) error {
			assert.Equal(t, p.RawMessage, message)
			got = append(got, p)
			return nil
		}))
		w := httptest.NewRecorder()
		webhook.HTTPHandler(w, again(p.SignedRequest([]byte(body)), []byte(body)), botCredentials)
		ours := httptest.NewRecorder()
		richmedia.WebhookHandler(botCredentials).ServeHTTP(ours, p.SignedRequest([]byte(body)))
		require.Len(t, got, 2, body)
		assert.Equal(t, got[0], got[1], body)
		assert.Equal(t, botCredentials.AppID, got[1].Session.AppID, "by which the bot of an event is found")
		assert.Equal(t, w.Body.String(), ours.Body.String(), body)
	}
}

func TestAnEnvelopesFieldOfAnotherTypeDoesNotCostTheEvent(t *testing.T) {
	keepHandlers(t)
	p := signer()
	for body, want := range map[string]dto.WSPayloadBase{
		`{"op":"0","s":"7","t":"NEW_EVENT","id":12345678901234567890,"d":{}}`: {Seq: 7, Type: "NEW_EVENT", EventID: "12345678901234567890"},
		`{"op":0,"s":{},"t":"NEW_EVENT","id":null,"d":{}}`:                    {Type: "NEW_EVENT"},
		`{"op":0.0,"s":1e3,"t":"NEW_EVENT","id":"\u0061","d":{}}`:             {Seq: 1000, Type: "NEW_EVENT", EventID: "a"},
		`{"op":null,"s":-1,"t":["x"],"id":true,"d":{}}`:                       {EventID: "true"},
		`{"op":0,"s":"many","t":7,"id":{"a":1},"d":{}}`:                       {Type: "7"},
		`{"op":0,"s":4294967296,"t":"NEW_EVENT","d":{}}`:                      {Type: "NEW_EVENT"},
		`{"op":0,"s":4294967295,"t":"NEW_EVENT","d":{}}`:                      {Seq: 4294967295, Type: "NEW_EVENT"},
	} {
		var got []dto.WSPayloadBase
		event.RegisterHandlers(event.PlainEventHandler(func(p *dto.WSPayload, _ []byte) error {
			got = append(got, p.WSPayloadBase)
			return nil
		}))
		w := httptest.NewRecorder()
		richmedia.WebhookHandler(botCredentials).ServeHTTP(w, p.SignedRequest([]byte(body)))
		assert.JSONEq(t, `{"op":12,"d":0}`, w.Body.String(), body)
		assert.Equal(t, []dto.WSPayloadBase{want}, got, body)
	}
}
