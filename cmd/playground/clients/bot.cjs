// What the bots of both frameworks have in common: the words that they answer, their files, and what they report to the run.
const fs = require('node:fs')

const { env } = process

// report writes a line that the run reads. A framework's own log goes to the same stream and is not JSON.
const report = what => process.stdout.write(JSON.stringify(what) + '\n')

// fetched describes an attachment by what its address serves.
async function fetched(url) {
  const answer = await fetch(url)
  return `got ${(await answer.arrayBuffer()).byteLength} bytes`
}

process.on('unhandledRejection', e => report({ failed: String(e?.message ?? e) }))

module.exports = {
  report, fetched,
  appID: '102000001', secret: 'playground-secret', transport: env.TRANSPORT, port: Number(env.HOOK_PORT), photo: env.PHOTO_URL,
  image: () => fs.readFileSync(env.IMAGE), voice: () => fs.readFileSync(env.VOICE), video: () => fs.readFileSync(env.VIDEO),
}
