package main

import (
	"context"
	"errors"
)

// step is one part of the examination.
type step struct {
	title, why text
	run        func(*session, context.Context) error
	wants      func(*session) bool // nil: always
}

// steps are all of them, in order.
var steps = []step{
	{
		title: text{"The access token", "访问令牌"},
		why: text{
			"Asks bots.qq.com for a token with your AppID and AppSecret, twice, and compares the clocks.",
			"用 AppID 和 AppSecret 向 bots.qq.com 获取两次 token，并核对时钟。",
		},
		run: (*session).checkToken,
	},
	{
		title: text{"API and gateway", "API 与网关"},
		why: text{
			"Asks the API who the bot is and where its gateway is, and which of the known hosts answer.",
			"向 API 查询机器人信息和网关地址，并看哪些已知域名有应答。",
		},
		run: (*session).checkAPI,
	},
	{
		title: text{"Intents", "事件订阅"},
		why: text{
			"Connects to the gateway and asks for every intent; if that is refused, for one after the other, 5 s apart. Each takes one of the day's session starts.",
			"连接网关并订阅全部 intents；若被拒绝则逐个尝试，间隔 5 秒。每次占用当天一次会话启动次数。",
		},
		run: (*session).checkIntents,
	},
	{
		title: text{"Webhook", "Webhook"},
		why: text{
			"Serves a webhook on the address of -listen, calls the address of -webhook with a signed op 13 and a wrong signature, and waits for the console's own check.",
			"在 -listen 的地址上提供 webhook，用带签名的 op 13 和错误签名各访问一次 -webhook 的地址，并等待管理端的校验。",
		},
		run:   (*session).checkWebhook,
		wants: func(s *session) bool { return s.cfg.webhook != "" },
	},
	{
		title: text{"Messages to the bot", "给机器人发消息"},
		why: text{
			"Waits until you write to the bot, in a group and in a single chat. Nothing is answered. Ids stay in this process.",
			"等你在群里和单聊里各给机器人发一条消息。不会回复；id 不离开本进程。",
		},
		run: (*session).checkEvents,
	},
	{
		title: text{"Uploads", "上传"},
		why: text{
			"Uploads an image, a video, a voice and a file by URL, inline and in parts, through each chat that wrote, with srv_send_msg=false: nothing is sent.",
			"对每个写过消息的会话，以 URL、内联、分片三种方式上传图片、视频、语音和文件，srv_send_msg=false：不会发出任何消息。",
		},
		run:   (*session).checkUploads,
		wants: (*session).hasChat,
	},
	{
		title: text{"Large uploads", "大文件上传"},
		why: text{
			"Uploads generated files of 1, 6 and 21 MiB in parts through each chat, and repeats a prepare and a PUT. Nothing is sent.",
			"对每个会话以分片方式上传生成的 1、6、21 MiB 文件，并重复一次 prepare 和 PUT。不会发出任何消息。",
		},
		run:   (*session).checkParts,
		wants: (*session).hasChat,
	},
	{
		title: text{"Replies", "回复"},
		why: text{
			"Answers the messages that you wrote: up to 4 replies in the group, or in the single chat if there is no group, 2 in the single chat beside a group and 1 in a second group. Never a proactive message.",
			"回复你写的消息：群里至多 4 条（没有群时为单聊），有群时单聊至多 2 条，第二个群 1 条。绝不发主动消息。",
		},
		run:   (*session).checkReplies,
		wants: func(s *session) bool { return s.cfg.send && s.hasChat() },
	},
}

// errQuit ends the examination at the user's wish.
var errQuit = errors.New("quit")

// examine makes the steps. It returns errQuit, trouble, or the end of ctx.
func (s *session) examine(ctx context.Context) error {
	for i, step := range steps {
		s.con.say(text{"\n[%d/%d] %s", "\n[%d/%d] %s"}, i+1, len(steps), step.title)
		s.con.say(text{"      %s", "      %s"}, step.why)
		if step.wants != nil && !step.wants(s) {
			s.con.say(text{"      left out", "      略过"})
			continue
		}
		choice, err := s.con.ask(ctx, text{"      Enter: go on, s: skip, q: quit >", "      回车：继续，s：跳过，q：退出 >"})
		switch {
		case err != nil:
			return err
		case choice == "q":
			return errQuit
		case choice == "s":
			if i == 0 { // all others need it
				return errQuit
			}
			s.con.say(text{"      skipped", "      已跳过"})
			s.partial = true
			continue
		}
		before := len(s.facts.list)
		if err := step.run(s, ctx); err != nil {
			return err
		}
		s.tell(s.facts.list[before:])
	}
	return nil
}

// tell prints how a step's facts compare.
func (s *session) tell(found []fact) {
	count := map[masked]int{}
	for _, x := range found {
		count[x.Verdict]++
		if x.Verdict == differs {
			s.con.say(text{"      %s: expected %s, seen %s", "      %s：预期 %s，实际 %s"}, x.Check, x.Expected, x.Seen)
		}
	}
	s.con.say(text{"      %d as expected, %d different, %d new", "      %d 项符合预期，%d 项不同，%d 项新增"}, count[same], count[differs], count[fresh])
}

// explain prints what the code of a refusal means.
func (s *session) explain(check masked, a answer) {
	meaning, ok := meanings[a.code()]
	if a.code() == 0 || !ok {
		return
	}
	s.con.say(text{"      %s: %d: %s", "      %s：%d：%s"}, check, a.code(), meaning)
}
