#!/usr/bin/env bash
# With Satori's QQ adapter the iteration over a guild's members always ends with a TypeError, after the last member.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: getGuildMemberIter asks for pages until one has no "next". The adapter's next is the id of the last member of a page,
#            without regard to whether more follow, so that one more page is asked for each time. It is empty, has no last
#            member, and reading that one's id throws. getGuildMemberList alone works for every page but that one.
# Expected:  the end of the loop: the platform's page on this list says to go on until the answer is empty, and the adapter has no
#            other way to its end. Everything behind the loop is not executed, also for a guild with one member; what the
#            loop has collected for one call at the end is lost.
# Seen:      1 member: 1 visited, then Cannot read properties of undefined (reading 'user')
#            400 members: 400 visited, then Cannot read properties of undefined (reading 'user')
#            401 members: 401 visited, then Cannot read properties of undefined (reading 'user')
#            asked for 401 members: ?limit=400, ?limit=400&after=400, ?limit=400&after=401
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent @satorijs/adapter-qq@4.11.0 koishi@4.18.11 @koishijs/plugin-http@0.6.3 \
	@koishijs/plugin-server@3.2.9 @koishijs/plugin-proxy-agent@0.3.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { Context } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

let members = 0, asked = []
const platform = http.createServer((req, res) => {
  const { pathname, search, searchParams } = new URL(req.url, 'http://platform')
  let answer = { id: '1', username: 'bot' }
  if (pathname === '/guilds/g/members') {
    asked.push(search)
    const after = Number(searchParams.get('after') ?? 0)
    const length = Math.min(members - after, Number(searchParams.get('limit')))
    answer = Array.from({ length }, (_, i) => ({
      user: { id: String(after + i + 1), username: 'user' }, nick: 'user', roles: [], joined_at: '2026-08-01T12:00:00+08:00',
    }))
  }
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify(answer))
})
platform.listen(0, '127.0.0.1', async () => {
  const ctx = new Context()
  const port = await new Promise((next) => { // one that is free
    const probe = http.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => next(port))
    })
  })
  ctx.plugin(plugin('@koishijs/plugin-proxy-agent'))
  ctx.plugin(plugin('@koishijs/plugin-http'))
  ctx.plugin(plugin('@koishijs/plugin-server'), { port, host: '127.0.0.1' })
  ctx.plugin(plugin('@satorijs/adapter-qq'), {
    id: '102000001', secret: 's'.repeat(32), token: 't', type: 'public', sandbox: false, authType: 'bot', intents: 1,
    endpoint: `http://127.0.0.1:${platform.address().port}/`, protocol: 'webhook', path: '/qq', retryWhen: [],
  })
  await ctx.start()
  const find = () => ctx.bots.find((b) => b.platform === 'qqguild')
  while (!find()) await new Promise((next) => setTimeout(next, 50))
  for (members of [1, 400, 401]) {
    asked = []
    let visited = 0, end = 'the end'
    try {
      for await (const member of find().getGuildMemberIter('g')) if (member.user.id) visited++
    } catch (err) {
      end = err.message
    }
    console.log(`> ${members} member${members === 1 ? '' : 's'}: ${visited} visited, then ${end}`)
  }
  console.log(`> asked for ${members} members: ${asked.join(', ')}`)
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = "1 member: 1 visited, then Cannot read properties of undefined (reading 'user')
400 members: 400 visited, then Cannot read properties of undefined (reading 'user')
401 members: 401 visited, then Cannot read properties of undefined (reading 'user')
asked for 401 members: ?limit=400, ?limit=400&after=400, ?limit=400&after=401" ] || { echo 'The behaviour has changed.' >&2; exit 1; }
