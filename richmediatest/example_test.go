package richmediatest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// A bot answers /cat with a picture, all in process: the test plays the user and reads the chat.
func Example() {
	platform := richmediatest.New()
	platform.Host("https://example.com/cat.png", png)
	group := platform.Group("cats")

	asked := group.Say("ann", "/cat") // returns what a handler of the bot would get

	// The bot under test. It would use its own code; here it is two requests.
	token, err := platform.TokenSource().Token()
	if err != nil {
		fmt.Println(err)
		return
	}
	call := func(path, body string) string {
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost,
			platform.URL()+"/v2/groups/"+group.OpenID()+path, strings.NewReader(body))
		token.SetAuthHeader(req)
		resp, err := platform.Client().Do(req)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		answer, _ := io.ReadAll(resp.Body)
		return string(answer)
	}
	call("/files", `{"file_type":1,"url":"https://example.com/cat.png","srv_send_msg":false}`)
	upload := platform.Uploads()[0]
	send := fmt.Sprintf(`{"msg_type":7,"content":"meow","msg_id":%q,"media":{"file_info":%q}}`, asked.MsgID(), upload.FileInfo)
	call("/messages", send)
	call("/messages", send) // the same msg_seq: refused, and not shown twice

	for _, line := range group.Messages() {
		fmt.Println(line)
	}
	calls := platform.Calls()
	fmt.Println("last call:", calls[len(calls)-1].Code)
	// Output:
	// ann: /cat
	// bot: [image image/png, 24 bytes] meow
	// last call: 40054005
}
