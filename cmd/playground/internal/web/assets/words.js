// The page's texts in the browser's language.

const en = {
  title: 'Playground', skip: 'Skip to writing', chats: 'Chats', newChat: 'New chat', close: 'Close', cancel: 'Cancel', ok: 'OK',
  inspector: 'Inspector', faults: 'Faults', own: 'Your bot', more: 'More', messages: 'Messages', write: 'Write a message',
  writeAs: 'Write as', bot: 'bot', attach: 'Send files', send: 'Send', dropHere: 'Drop files to send them',
  'scene.group': 'Group', 'scene.c2c': 'Single chat', 'scene.channel': 'Guild channel', 'scene.dm': 'Guild DM',
  'scenes.group': 'Groups', 'scenes.c2c': 'Single chats', 'scenes.channel': 'Guild channels', 'scenes.dm': 'Guild DMs',
  about: 'as {user}', away: 'the bot is not here', muted: 'muted', noPushes: 'no proactive messages',
  name: 'Name', kind: 'Kind', addUser: 'Somebody else…', newUser: 'Write as somebody else', user: 'Name of the user',
  add: 'Add the bot', remove: 'Remove the bot', allow: 'Allow proactive messages', reject: 'Forbid proactive messages',
  mute: 'Mute the group', unmute: 'Unmute the group',
  online: '{n} connected', online1: 'A bot is connected', nobody: 'No bot is connected', webhook: 'Events go to {url}', webhookDown: 'Events do not reach {url}', undelivered: 'not delivered', offline: 'Reconnecting…',
  hush: 'Another bot has connected, so the demonstration bot is asleep.', wake: 'Wake it', asleep: 'The demonstration bot is asleep.',
  empty: 'Nothing here yet', emptyHint: 'Say something to the bot, or try one of these:', emptyOwn: 'Write to your bot below.',
  today: 'Today', you: 'you', newer: '{n} new', recalled: 'The bot recalled a message',
  'did.INTERACTION_CREATE': '{user} pressed "{text}"', 'did.GROUP_ADD_ROBOT': '{user} added the bot', 'did.FRIEND_ADD': '{user} added the bot',
  'did.GROUP_DEL_ROBOT': '{user} removed the bot', 'did.FRIEND_DEL': '{user} removed the bot',
  'did.GROUP_MSG_RECEIVE': '{user} allowed proactive messages', 'did.C2C_MSG_RECEIVE': '{user} allowed proactive messages',
  'did.GROUP_MSG_REJECT': '{user} forbade proactive messages', 'did.C2C_MSG_REJECT': '{user} forbade proactive messages',
  text: 'text', image: 'image', video: 'video', voice: 'voice', file: 'file', save: 'Save', play: 'Play', pause: 'Pause', cannotPlay: 'cannot be played here', notKept: 'no longer kept',
  card: 'too large to be shown inline', template: 'template', ark: 'ark message', embed: 'embed', unmentioned: 'without a mention',
  working: 'The bot is working', uploading: 'uploading', part: 'part {n} of {of}', inspectThis: 'Inspect this message',
  'op.upload': 'upload', 'op.prepare': 'prepare', 'op.part': 'part', 'op.finish': 'finish', 'op.merge': 'merge', 'op.send': 'send', 'op.ack': 'acknowledge', 'op.recall': 'recall', 'op.stream': 'stream', 'op.react': 'react', 'op.guild': 'guild', 'op.members': 'members', 'op.me': 'bot', 'op.gateway': 'gateway', 'op.token': 'token', 'op.socket': 'websocket', 'op.unknown': 'unknown call',
  'route.url': 'fetched from URL', 'route.inline': 'one call', 'route.parts': 'in parts', 'route.cache': 'from cache', 'route.joined': 'joined upload', 'route.instant': 'instant',
  'route.fetched': 'fetched here', 'route.image': 'with the message', 'route.multipart': 'with the message',
  retries: '{n} retries', retry1: '1 retry',
  pick: 'Nothing selected', pickHint: 'Click a message, or press ↑ and Enter in the list, to see the calls behind it.',
  'f.route': 'Upload', 'f.seq': 'msg_seq', 'f.by': 'Answers by', 'f.left': 'Replies left', 'f.window': 'Window', 'f.info': 'file_info', 'f.ttl': 'Ends in', 'f.took': 'After',
  'f.retries': 'Retries', 'f.trace': 'Trace', 'f.file': 'File', 'f.parts': 'Parts', 'f.type': 'Event', 'f.id': 'Event id', 'f.ack': 'Acknowledged', 'f.plugin': 'Plugin', 'f.pushes': 'Webhook',
  over: 'over', never: 'does not end', left: '{n} more to this event', anyNumber: 'no count is documented', noReplies: 'cannot be answered', proactive: 'nothing: proactive', replaced: 'an earlier file_info was refused; uploaded again', collided: 'another reply with this msg_seq was taken for a repeat (40054005) and is not in the chat',
  plugin: 'waited {w}, upload {u}, send {s}', duplicate: 'was in the chat already', fallback: 'the fallback text was sent',
  answers: 'Answers', timeline: 'Timeline', calls: '{n} calls', calls1: '1 call', noCalls: 'No calls yet.', request: 'Request', answer: 'Answer', payload: 'Event payload', cut: 'cut', running: 'running', again: 'again', notThere: 'not in the chat',
  notes: 'The bot\'s error handler', acked: 'yes', notAcked: 'not acknowledged',
  faultsHint: 'Faults between the bot and the platform. Those that would never end affect every other call, so that you see the bot recover.',
  'w.slow': 'Slow uploads', 'w.slow.hint': '1.5 s before each upload; parts at 2 MB/s',
  'w.lost': 'Lost answers', 'w.lost.hint': 'a message arrives, but its answer is lost; every other send',
  'w.5xx': 'Bad gateway', 'w.5xx.hint': 'an HTML page with 502; every other upload and send',
  'w.busy': 'Rate limit', 'w.busy.hint': '429 with Retry-After; every other send',
  'w.unreachable': 'Unreachable URLs', 'w.unreachable.hint': 'the platform cannot download the URL of an upload',
  'w.noinline': 'No inline uploads', 'w.noinline.hint': 'file_data is refused, so that bytes must go in parts',
  'w.deadparts': 'Dead part addresses', 'w.deadparts.hint': 'the first part of each file is refused with 403',
  'w.twice': 'Duplicate events', 'w.twice.hint': 'each event is delivered twice',
  'w.fresh': 'Fresh event_id', 'w.fresh.hint': 'an event_id is refused with 40034025 for 0.7 s after its push',
  'w.expire': 'End every file_info now', 'w.attachments': 'End the addresses of attachments', 'w.restart': 'Restart the gateway', 'w.cut': 'Cut every websocket', 'w.off': 'No faults',
  struck: '{n}×', clock: 'Clock', clockHint: 'Moves the platform\'s time forward: windows, file_info and part addresses end.', clockNow: 'Platform time', ahead: '{d} ahead', clockBack: 'It cannot go back.',
  ownHint: 'Point a bot in any language at this address instead of QQ\'s. It needs nothing else.',
  ownBase: 'API and token address', ownID: 'AppID', ownSecret: 'AppSecret', ownSecretHidden: 'the one given with -secret', copy: 'Copy', copied: 'Copied',
  ownBotgo: 'botgo', ownBotgoHint: 'Set two variables before you make the token source. Your bot then runs as it is, over the websocket.',
  ownTry: 'The quickstart reads them from the environment:', ownOther: 'Other SDKs',
  ownOtherHint: 'Set the base URL of the API (api.sgroup.qq.com) and of the token endpoint (bots.qq.com) to the address above. The gateway\'s address comes from GET /gateway.',
  ownFixed: 'Clients with fixed hosts', ownFixedHint: 'TLS as the platform\'s own hosts. docs/playground.md has a preload for Node and Python that uses these:', ownFixedOff: 'Start the playground with -tls 127.0.0.1:7472; docs/playground.md has the recipes.',
  ownWebhook: 'Webhook', ownWebhookHint: 'Events go to this URL, signed, instead of over the websocket.', ownWebhookURL: 'URL of your bot', set: 'Set', unset: 'Take away', webhookGood: 'The bot has answered the check.',
  demo: 'Demonstration bot', demoHint: 'Answers cat, clip, hello, big, … It goes to sleep when another bot connects.', none: 'not running (-bot=false)',
  failed: 'That did not work: {err}', tooLarge: 'Files of one message: 64 MB in all, ten at most.',
}

const zh = {
  title: '演练场', skip: '跳到输入框', chats: '会话', newChat: '新会话', close: '关闭', cancel: '取消', ok: '确定',
  inspector: '检查器', faults: '故障', own: '你的机器人', more: '更多', messages: '消息', write: '输入消息',
  writeAs: '发言身份', bot: '机器人', attach: '发送文件', send: '发送', dropHere: '松手即可发送文件',
  'scene.group': '群聊', 'scene.c2c': '单聊', 'scene.channel': '子频道', 'scene.dm': '频道私信',
  'scenes.group': '群聊', 'scenes.c2c': '单聊', 'scenes.channel': '子频道', 'scenes.dm': '频道私信',
  about: '以 {user} 的身份', away: '机器人不在这里', muted: '已禁言', noPushes: '不收主动消息',
  name: '名称', kind: '类型', addUser: '换个人…', newUser: '以另一个人的身份发言', user: '用户名',
  add: '添加机器人', remove: '移除机器人', allow: '允许主动消息', reject: '拒绝主动消息', mute: '全群禁言', unmute: '解除禁言',
  online: '已连接 {n} 个机器人', online1: '机器人已连接', nobody: '没有机器人连接', webhook: '事件推送到 {url}', webhookDown: '事件无法送达 {url}', undelivered: '未送达机器人', offline: '正在重新连接…',
  hush: '另一个机器人已连接，演示机器人不再回答。', wake: '唤醒它', asleep: '演示机器人已静默。',
  empty: '还没有消息', emptyHint: '和机器人说句话，或者试试：', emptyOwn: '在下面给你的机器人发消息。',
  today: '今天', you: '你', newer: '{n} 条新消息', recalled: '机器人撤回了一条消息',
  'did.INTERACTION_CREATE': '{user} 按下了“{text}”', 'did.GROUP_ADD_ROBOT': '{user} 添加了机器人', 'did.FRIEND_ADD': '{user} 添加了机器人',
  'did.GROUP_DEL_ROBOT': '{user} 移除了机器人', 'did.FRIEND_DEL': '{user} 移除了机器人',
  'did.GROUP_MSG_RECEIVE': '{user} 允许了主动消息', 'did.C2C_MSG_RECEIVE': '{user} 允许了主动消息',
  'did.GROUP_MSG_REJECT': '{user} 拒绝了主动消息', 'did.C2C_MSG_REJECT': '{user} 拒绝了主动消息',
  text: '文字', image: '图片', video: '视频', voice: '语音', file: '文件', save: '保存', play: '播放', pause: '暂停', cannotPlay: '这里无法播放', notKept: '已不再保留',
  card: '过大，以文件卡片显示', template: '模板', ark: 'ark 消息', embed: 'embed 消息', unmentioned: '没有 @ 机器人',
  working: '机器人正在处理', uploading: '上传中', part: '第 {n} / {of} 片', inspectThis: '检查这条消息',
  'op.upload': '上传', 'op.prepare': '申请', 'op.part': '分片', 'op.finish': '完成', 'op.merge': '合并', 'op.send': '发送', 'op.ack': '应答', 'op.recall': '撤回', 'op.stream': '流式消息', 'op.react': '表态', 'op.guild': '频道', 'op.members': '成员', 'op.me': '机器人', 'op.gateway': '网关', 'op.token': '令牌', 'op.socket': 'websocket', 'op.unknown': '未知调用',
  'route.url': '平台下载', 'route.inline': '一次上传', 'route.parts': '分片上传', 'route.cache': '来自缓存', 'route.joined': '共用上传', 'route.instant': '秒传',
  'route.fetched': '本地下载', 'route.image': '随消息发送', 'route.multipart': '随消息发送',
  retries: '重试 {n} 次', retry1: '重试 1 次',
  pick: '未选择消息', pickHint: '点击一条消息，或在列表里按 ↑ 再按回车，查看它背后的调用。',
  'f.route': '上传方式', 'f.seq': 'msg_seq', 'f.by': '回复依据', 'f.left': '剩余回复', 'f.window': '回复时限', 'f.info': 'file_info', 'f.ttl': '剩余有效期', 'f.took': '用时',
  'f.retries': '重试', 'f.trace': '追踪号', 'f.file': '文件', 'f.parts': '分片', 'f.type': '事件', 'f.id': '事件 id', 'f.ack': '已应答', 'f.plugin': '插件', 'f.pushes': 'Webhook',
  over: '已结束', never: '长期有效', left: '该事件还剩 {n} 次', anyNumber: '文档未规定次数', noReplies: '不能回复', proactive: '无：主动消息', replaced: '先前的 file_info 被拒绝，已重新上传', collided: '另一条回复使用了相同的 msg_seq，被当作重复（40054005），没有进入会话',
  plugin: '等待 {w}，上传 {u}，发送 {s}', duplicate: '消息已在会话中', fallback: '已改发备用文字',
  answers: '回复', timeline: '时间线', calls: '{n} 次调用', calls1: '1 次调用', noCalls: '还没有调用。', request: '请求', answer: '响应', payload: '事件内容', cut: '中断', running: '进行中', again: '重试', notThere: '不在会话里',
  notes: '机器人的错误处理', acked: '是', notAcked: '未应答',
  faultsHint: '机器人与平台之间的故障。不会自行结束的故障每隔一次才发生，便于观察机器人如何恢复。',
  'w.slow': '上传缓慢', 'w.slow.hint': '每次上传先等 1.5 秒，分片 2 MB/s',
  'w.lost': '响应丢失', 'w.lost.hint': '消息已送达，但响应丢失；每隔一次发送',
  'w.5xx': '网关错误', 'w.5xx.hint': '502 页面；每隔一次上传和发送',
  'w.busy': '频率限制', 'w.busy.hint': '429 并带 Retry-After；每隔一次发送',
  'w.unreachable': '网址不可达', 'w.unreachable.hint': '平台无法下载机器人给出的网址',
  'w.noinline': '拒绝直传', 'w.noinline.hint': 'file_data 被拒绝，只能分片上传',
  'w.deadparts': '分片地址失效', 'w.deadparts.hint': '每个文件的第一片返回 403',
  'w.twice': '重复推送', 'w.twice.hint': '每个事件推送两次',
  'w.fresh': '事件 id 尚未生效', 'w.fresh.hint': '推送后 0.7 秒内 event_id 返回 40034025',
  'w.expire': '让所有 file_info 立即失效', 'w.attachments': '让附件地址失效', 'w.restart': '重启网关', 'w.cut': '切断所有 websocket', 'w.off': '全部关闭',
  struck: '{n} 次', clock: '时钟', clockHint: '把平台的时间往前拨：回复时限、file_info 和分片地址会到期。', clockNow: '平台时间', ahead: '快了 {d}', clockBack: '不能往回拨。',
  ownHint: '把任何语言的机器人指向这个地址（代替 QQ 的地址）即可，不需要别的。',
  ownBase: 'API 与令牌地址', ownID: 'AppID', ownSecret: 'AppSecret', ownSecretHidden: '启动时 -secret 给出的值', copy: '复制', copied: '已复制',
  ownBotgo: 'botgo', ownBotgoHint: '在创建 token source 之前设置两个变量，机器人即可通过 websocket 原样运行。',
  ownTry: 'quickstart 从环境变量读取它们：', ownOther: '其他 SDK',
  ownOtherHint: '把 API（api.sgroup.qq.com）和令牌接口（bots.qq.com）的地址都换成上面的地址。网关地址来自 GET /gateway。',
  ownFixed: '域名写死的客户端', ownFixedHint: '以平台自己的域名提供 TLS。docs/playground.md 里有 Node 与 Python 的预加载脚本，使用这些变量：', ownFixedOff: '用 -tls 127.0.0.1:7472 启动演练场；做法见 docs/playground.md。',
  ownWebhook: 'Webhook', ownWebhookHint: '事件会带签名推送到这个 URL，不再走 websocket。', ownWebhookURL: '机器人的 URL', set: '设置', unset: '取消', webhookGood: '机器人已通过校验。',
  demo: '演示机器人', demoHint: '会回答 猫、视频、语音、大文件…… 有别的机器人连接时会静默。', none: '未运行（-bot=false）',
  failed: '操作失败：{err}', tooLarge: '一条消息的文件总共 64 MB，最多十个。',
}

export const chinese = /^zh\b/i.test(navigator.language)
const words = chinese ? zh : en

export function t(key, values = {}) {
  const word = words[key] ?? en[key] ?? key
  return word.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '')
}

// say translates the page's static elements.
export function say() {
  document.documentElement.lang = chinese ? 'zh-CN' : 'en'
  document.title = t('title')
  for (const el of document.querySelectorAll('[data-t]')) el.textContent = t(el.dataset.t)
  for (const el of document.querySelectorAll('[data-l]')) {
    el.setAttribute('aria-label', t(el.dataset.l))
    if (el.tagName === 'BUTTON') el.title = t(el.dataset.l)
    if (el.tagName === 'TEXTAREA') el.placeholder = t(el.dataset.l)
  }
}

export function bytes(n) {
  if (n < 1024) return `${n} B`
  if (n < 1 << 20) return `${(n / 1024).toFixed(n < 10240 ? 1 : 0)} KB`
  return `${(n / (1 << 20)).toFixed(n < 10 << 20 ? 1 : 0)} MB`
}

// duration of milliseconds, short.
export function duration(ms) {
  if (ms < 1) return `${ms.toFixed(1)}\u00a0ms`
  if (ms < 1000) return `${Math.round(ms)}\u00a0ms`
  if (ms < 60e3) return `${(ms / 1000).toFixed(ms < 10e3 ? 1 : 0)}\u00a0s`
  const s = Math.floor(ms / 1000)
  const two = n => String(n).padStart(2, '0')
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}

const clock = new Intl.DateTimeFormat(chinese ? 'zh-CN' : 'en-GB', { hour: '2-digit', minute: '2-digit', hour12: false })
const clockSeconds = new Intl.DateTimeFormat(chinese ? 'zh-CN' : 'en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
export const time = at => clock.format(at)
export const seconds = at => clockSeconds.format(at)
