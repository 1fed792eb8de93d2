// Asks each of the platform's hosts for an access token, by fetch and by https, as clients do that have the hosts in their code.
const https = require('node:https')

const body = JSON.stringify({ appId: '102000001', clientSecret: 'playground-secret' })
const headers = { 'Content-Type': 'application/json' }

const byHTTPS = host => new Promise((resolve, reject) => {
  const request = https.request({ host, path: '/app/getAppAccessToken', method: 'POST', headers }, answer => {
    let text = ''
    answer.on('data', chunk => { text += chunk }).on('end', () => resolve(JSON.parse(text)))
  })
  request.on('error', reject).end(body)
})

;(async () => {
  for (const host of ['api.sgroup.qq.com', 'sandbox.api.sgroup.qq.com', 'bots.qq.com', 'api.bot.qq.com']) {
    const answers = [await byHTTPS(host), await (await fetch(`https://${host}/app/getAppAccessToken`, { method: 'POST', headers, body })).json()]
    if (!answers.every(a => a.access_token)) throw new Error(`${host}: ${JSON.stringify(answers)}`)
    console.log(host, 'ok')
  }
})()
