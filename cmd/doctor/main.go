// Command doctor examines what the platform does with a bot, and compares it with what richmediatest, and so this project,
// expects.
//
//	go run ./cmd/doctor
//
// checks richmediatest itself, offline, and says what it would do live. With QQBOT_APPID and QQBOT_SECRET set it examines the live
// platform in steps, and writes doctor-<date>.json, which has no ids, tokens or addresses.
//
//	go run ./cmd/doctor diff a.json b.json
//
// compares two reports. docs/doctor.md describes everything else.
package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"

	"github.com/botgo-contrib/richmedia"
)

func main() {
	botgo.SetLogger(richmedia.Slog(slog.New(slog.DiscardHandler))) // botgo's own prints secrets
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := command(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout)
	cancel()
	os.Exit(status)
}

// command is the doctor with its arguments and environment. It returns the exit status.
func command(ctx context.Context, args []string, env func(string) string, in io.Reader, out io.Writer) int {
	usage := chinese("", env)
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(out)
	cfg := config{lag: 2 * time.Second, retry: time.Second, slowest: slowest, every: tenth, sizes: sizes, unit: mebibyte}
	lang := flags.String("lang", "", text{"language of the output, en or zh; default by LANG", "输出语言，en 或 zh；默认按 LANG"}.in(usage))
	file := flags.String("o", "", text{"file of the report; default doctor-<date>.json, offline none", "报告文件；默认 doctor-<日期>.json，离线时不写"}.in(usage))
	flags.StringVar(&cfg.webhook, "webhook", "", text{"public address of a webhook to check, such as https://bot.example.com/qqbot", "要检查的 webhook 公网地址，例如 https://bot.example.com/qqbot"}.in(usage))
	flags.StringVar(&cfg.listen, "listen", "127.0.0.1:8080", text{"where the webhook listens, behind that address", "webhook 的本地监听地址"}.in(usage))
	flags.StringVar(&cfg.media, "media", mediaBase, text{"public folder with the files of cmd/doctor/media, for uploads by URL", "放有 cmd/doctor/media 文件的公网目录，用于 URL 上传"}.in(usage))
	flags.BoolVar(&cfg.send, "send", false, text{"also reply to the messages that you write", "同时回复你写的消息"}.in(usage))
	flags.BoolVar(&cfg.sandbox, "sandbox", false, text{"examine the sandbox", "检查沙箱环境"}.in(usage))
	flags.BoolVar(&cfg.yes, "yes", false, text{"upload more than 50 MiB without asking", "上传超过 50 MiB 时不再询问"}.in(usage))
	flags.DurationVar(&cfg.patience, "patience", 5*time.Minute, text{"how long to wait for what you do", "等待你操作的时间"}.in(usage))
	flags.DurationVar(&cfg.timeout, "timeout", 15*time.Second, text{"how long to wait for an answer", "等待应答的时间"}.in(usage))
	if err := flags.Parse(args); err != nil {
		return statusTrouble
	}
	con := &console{out: out, zh: chinese(*lang, env)}
	if flags.Arg(0) == "diff" {
		return runDiff(flags.Args()[1:], out, con)
	}
	cfg.appID, cfg.secret = env("QQBOT_APPID"), env("QQBOT_SECRET")
	switch {
	case flags.NArg() > 0:
		return con.end(troublef(text{"There is no such command: doctor takes flags, or diff with two reports.", "没有这个命令：doctor 只接受选项，或 diff 加两个报告。"}))
	case cfg.appID == "" && cfg.secret == "":
		return runOffline(ctx, con, *file)
	case cfg.secret == "":
		return con.end(troublef(text{"QQBOT_SECRET is missing: set it to the AppSecret from q.qq.com, Development, Development settings.", "缺少 QQBOT_SECRET：请设为 q.qq.com「开发」→「开发设置」里的 AppSecret。"}))
	case cfg.appID == "":
		return con.end(troublef(text{"QQBOT_APPID is missing: set it to the AppID from q.qq.com, Development, Development settings.", "缺少 QQBOT_APPID：请设为 q.qq.com「开发」→「开发设置」里的 AppID。"}))
	}
	api := constant.APIDomain
	if cfg.sandbox {
		api = constant.SandBoxAPIDomain
	}
	cfg.api, cfg.tokens = base(or(env("QQBOT_API_DOMAIN"), api)), base(or(env("QQBOT_TOKEN_DOMAIN"), constant.TokenDomain))
	cfg.media = base(cfg.media)
	con.lines = read(ctx, in)
	return runLive(ctx, cfg, con, *file)
}

// or returns a, or b if a is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
