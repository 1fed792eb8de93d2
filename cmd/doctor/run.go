package main

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
)

// The exit statuses.
const (
	statusOK          = 0
	statusDifferent   = 1 // of diff, and of the fake from its own report
	statusTrouble     = 2
	statusInterrupted = 130
)

// runOffline examines the fake platform and reports whether it is as expected.
func runOffline(ctx context.Context, con *console, out string) int {
	con.say(text{
		"No QQBOT_APPID and QQBOT_SECRET: the same checks run against richmediatest in this process. With both set, they run against the live platform and say what they do before they do it.",
		"没有 QQBOT_APPID 和 QQBOT_SECRET：以下检查针对本进程内的 richmediatest。设置后会针对真实平台，每一步先说明再执行。",
	})
	s, err := offline(ctx, con, sizes, mebibyte)
	if s == nil {
		return con.end(err)
	}
	r := s.report("richmediatest", err == nil)
	r.table(con.out, con.zh)
	if err != nil {
		return con.end(err)
	}
	if out != "" {
		if status := con.save(r, out); status != statusOK {
			return status
		}
	}
	for _, x := range r.Facts {
		if x.Verdict == differs || x.Verdict == fresh {
			return statusDifferent
		}
	}
	return statusOK
}

// runLive examines the platform of cfg, and writes the report however it ends.
func runLive(ctx context.Context, cfg config, con *console, out string) int {
	con.say(text{
		"The doctor examines your bot in steps. It never sends a proactive message, sends replies only with -send, and keeps under a tenth of the documented rates. Ids, tokens, addresses and file_info stay in this process.",
		"doctor 分步检查你的机器人。绝不发主动消息，只有 -send 才会回复，频率低于文档限制的十分之一。id、token、地址和 file_info 不离开本进程。",
	})
	s := newSession(cfg, con, &client{
		http: newHTTP(), api: cfg.api, tokens: cfg.tokens, appID: cfg.appID, timeout: cfg.timeout, slowest: cfg.slowest, pace: pace{every: cfg.every},
	})
	err := s.examine(ctx)
	s.close()
	if len(s.facts.list) == 0 {
		return con.end(err)
	}
	r := s.report(cfg.platform(), err == nil && !s.partial)
	r.table(con.out, con.zh)
	return max(con.save(r, out), con.end(err))
}

// platform names what is examined.
func (c config) platform() masked {
	u, err := url.Parse(c.api)
	switch {
	case err != nil || !slices.Contains(hosts, masked(u.Host)):
		return "another"
	case c.sandbox:
		return "sandbox"
	}
	return "official"
}

// save writes the report and says where.
func (c *console) save(r report, out string) int {
	name, err := r.write(out)
	if err != nil {
		return c.end(troublef(text{"The report cannot be written to %s: choose another file with -o.", "无法写入报告 %s：请用 -o 换一个文件。"}, name))
	}
	c.say(text{
		"The report is in %s. It has no ids, tokens, addresses and file_info; please attach it to an issue if something differs.",
		"报告已写入 %s，其中没有 id、token、地址和 file_info；如有不同，请附在 issue 里。",
	}, name)
	return statusOK
}

// end says why the examination ended, and returns the exit status.
func (c *console) end(err error) int {
	var t *trouble
	switch {
	case err == nil, errors.Is(err, errQuit):
		return statusOK
	case errors.As(err, &t):
		c.say(text{"\n%s", "\n%s"}, t.text)
		return statusTrouble
	case errors.Is(err, context.Canceled):
		c.say(text{"\nInterrupted.", "\n已中断。"})
		return statusInterrupted
	}
	c.say(text{"\nThe doctor failed: run it again, and report it if it repeats.", "\ndoctor 出错：请重试，若再次出现请反馈。"})
	return statusTrouble
}

// runDiff compares two reports.
func runDiff(names []string, out io.Writer, con *console) int {
	if len(names) != 2 {
		return con.end(troublef(text{"Two reports are needed: doctor diff a.json b.json.", "需要两个报告：doctor diff a.json b.json。"}))
	}
	var reports [2]report
	for i, name := range names {
		r, err := readReport(name)
		if err != nil {
			return con.end(err)
		}
		reports[i] = r
	}
	if diff(out, con.zh, reports[0], reports[1]) {
		return statusDifferent
	}
	return statusOK
}
