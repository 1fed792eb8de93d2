package main

// blocking are the codes after which nothing else can work.
var blocking = map[int64]bool{100007: true, 100016: true, 10004: true, 11298: true, 40023002: true, 11255: true}

// meanings say in plain words what a code means and what to do, by docs 2026-08 and field reports. A fact with such a code is
// explained with it.
var meanings = map[int64]text{
	100001:   {"Too many requests for a token: wait a minute and run the doctor again.", "获取 token 过于频繁：请等一分钟再试。"},
	100007:   {"The platform does not know this AppID: copy it again from q.qq.com, Development, Development settings.", "平台不认识这个 AppID：请到 q.qq.com「开发」→「开发设置」重新复制。"},
	100016:   {"AppID and AppSecret do not belong together: copy both of the same bot from q.qq.com, Development, Development settings; a secret that was reset is no longer valid.", "AppID 与 AppSecret 不匹配：请到 q.qq.com「开发」→「开发设置」复制同一个机器人的两项；重置过的旧密钥已失效。"},
	10004:    {"There is no bot with this AppID: create it on q.qq.com, or copy the right AppID.", "没有这个 AppID 的机器人：请在 q.qq.com 创建，或改用正确的 AppID。"},
	11298:    {"The platform does not accept this machine's address: add its public IP on q.qq.com, Development, Development settings, IP allow-list, and run the doctor again.", "平台不接受本机的 IP：请到 q.qq.com「开发」→「开发设置」→「IP 白名单」加入本机的公网 IP，再重试。"},
	40023002: {"The platform does not accept this machine's address: add its public IP on q.qq.com, Development, Development settings, IP allow-list, and run the doctor again.", "平台不接受本机的 IP：请到 q.qq.com「开发」→「开发设置」→「IP 白名单」加入本机的公网 IP，再重试。"},
	11255:    {"The token belongs to another bot: set QQBOT_APPID and QQBOT_SECRET of one and the same bot.", "token 属于另一个机器人：请设置同一个机器人的 QQBOT_APPID 和 QQBOT_SECRET。"},
	11244:    {"The platform calls the token invalid although it has just issued it: check that the API and the token host are of the same environment.", "平台刚签发的 token 被判无效：请确认 API 与 token 域名属于同一环境。"},
	40011027: {"The platform calls the token invalid although it has just issued it: check that the API and the token host are of the same environment.", "平台刚签发的 token 被判无效：请确认 API 与 token 域名属于同一环境。"},
	11243:    {"The Authorization header has not arrived as it was sent: check the proxy of this network.", "Authorization 头没有原样送达：请检查本网络的代理。"},
	11241:    {"The Authorization header has not arrived: check the proxy of this network.", "Authorization 头没有送达：请检查本网络的代理。"},
	11253:    {"The bot has no privilege for this call: apply for it on q.qq.com.", "机器人没有这个接口的权限：请在 q.qq.com 申请。"},
	11264:    {"The bot has no privilege for this call, or is banned: see its state on q.qq.com.", "机器人没有权限或被封禁：请在 q.qq.com 查看状态。"},
	11265:    {"The bot is banned from this call: see its state on q.qq.com.", "机器人被禁用该接口：请在 q.qq.com 查看状态。"},
	40023001: {"Requests come too fast: another program of this bot may run; stop it and run the doctor again.", "请求过于频繁：可能有同一机器人的其他程序在运行，请停掉后重试。"},
	850012:   {"The platform failed inside: an inline body may be too big, or a field of the prepare malformed.", "平台内部错误：内联内容可能过大，或 prepare 的字段不符合要求。"},
	850018:   {"The group, or the bot in it, is muted.", "群或机器人被禁言。"},
	850019:   {"The format does not fit the kind.", "格式与类型不符。"},
	40034002: {"The format does not fit the kind.", "格式与类型不符。"},
	850026:   {"The platform could not fetch the address: use -media with an address that is public in mainland China.", "平台下载该地址失败：请用 -media 指定国内可访问的公网地址。"},
	40034001: {"The platform could not fetch the address: use -media with an address that is public in mainland China.", "平台下载该地址失败：请用 -media 指定国内可访问的公网地址。"},
	40093010: {"The platform does not take this address: use -media with another one.", "平台不接受该地址：请用 -media 换一个。"},
	10000:    {"The platform does not know this operation: it may ignore file_data.", "不支持的操作：平台可能忽略了 file_data。"},
	40011000: {"The platform calls a field wrong.", "平台认为字段有误。"},
	40093001: {"A part or the merge failed for now.", "分片或合并暂时失败。"},
	40093002: {"The bot's daily volume of uploads is used up: run the doctor again tomorrow.", "机器人当天的上传容量已用完：请明天再试。"},
	40054005: {"The msg_seq is taken: the message was recognised as a repeat.", "msg_seq 已被使用：平台识别为重复消息。"},
	304080:   {"The file_info is not valid here.", "file_info 在这里无效。"},
	40034004: {"The media could not be transferred.", "媒体转存失败。"},
	40034128: {"The replies of this message are used up, or its time is over.", "该消息的回复次数或时间已用完。"},
	40034025: {"The event_id is not valid, or very fresh.", "event_id 无效，或刚刚产生。"},
	40034027: {"This event cannot be answered.", "该事件不支持回复。"},
	40034105: {"The platform took the reply for a proactive message, which the bot may not send.", "平台把回复当成了主动消息，而机器人没有权限。"},
	40034102: {"The platform took the reply for a proactive message, which the bot may not send.", "平台把回复当成了主动消息，而机器人没有权限。"},
}

// The ways in which no answer comes.
const (
	timedOut   masked = "timeout"
	unresolved masked = "name not found"
	refusedTCP masked = "connection refused"
	insecure   masked = "TLS"
	broken     masked = "connection broken"
)

// silences say what to do when no answer comes.
var silences = map[masked]text{
	timedOut:   {"The platform does not answer in time: check that this network lets the doctor out, or set HTTPS_PROXY, and run it again.", "平台没有及时应答：请检查网络是否放行，或设置 HTTPS_PROXY，再重试。"},
	unresolved: {"There is no network, or its DNS does not know the platform's name: connect this machine, or set HTTPS_PROXY, and run the doctor again.", "没有网络，或 DNS 解析不到平台域名：请联网或设置 HTTPS_PROXY 后重试。"},
	refusedTCP: {"Nothing accepts connections at the platform's address: check the network and QQBOT_API_DOMAIN and QQBOT_TOKEN_DOMAIN, and run the doctor again.", "平台地址拒绝连接：请检查网络以及 QQBOT_API_DOMAIN、QQBOT_TOKEN_DOMAIN 后重试。"},
	insecure:   {"The TLS certificate is not the platform's, or this machine's clock is wrong: check the clock and the proxy of this network, and run the doctor again.", "TLS 证书不是平台的，或本机时钟有误：请检查时钟和网络代理后重试。"},
	broken:     {"The connection to the platform breaks before an answer comes: check the network or its proxy, and run the doctor again.", "连接在应答之前断开：请检查网络或代理后重试。"},
}
