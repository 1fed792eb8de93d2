#!/usr/bin/env bash
# A program that makes a bot of qq-official-bot no longer ends by an exception that nothing catches, and does not report it.
#
# Versions:  npm qq-official-bot 1.0.13 with Node.js (seen with 20.20.2)
# Behaviour: the constructor of Bot adds listeners to the process for uncaughtException and unhandledRejection, which log at the
#            level debug, while the bot's own level is info. From then on an exception in any part of the program, also one
#            that has nothing to do with the bot, leaves no trace, and the program goes on in whatever state it was left.
# Expected:  Node's own way, a stack and exit code 1, until the program chooses another one: the bot has not been started, and
#            its constructor is not documented to do anything to the process. What restarts a broken program never does.
# Seen:      without a bot: exit code 1, reported: true, went on: false
#            with a bot: exit code 0, reported: false, went on: true
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 >&2
cat >main.cjs <<'JS'
const { Bot, ReceiverMode } = require('qq-official-bot')

if (process.argv[2] === 'with') new Bot({ appid: '102000001', secret: 's'.repeat(32), mode: ReceiverMode.WEBSOCKET, intents: [] })
setTimeout(() => { throw new Error('the disk is full') }, 10)
setTimeout(() => console.log('went on'), 200)
JS
got=$(for bot in without with; do
	code=0
	out=$(timeout 60 node main.cjs "$bot" 2>&1) || code=$?
	reported=false went=false
	case $out in *'the disk is full'*) reported=true ;; esac
	case $out in *'went on'*) went=true ;; esac
	echo "$bot a bot: exit code $code, reported: $reported, went on: $went"
done)
echo "$got"
[ "$got" = 'without a bot: exit code 1, reported: true, went on: false
with a bot: exit code 0, reported: false, went on: true' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
