"""Asks each of the platform's hosts for an access token, by urllib and by asyncio, as clients do that have the hosts in their code."""

import asyncio
import json
import ssl
import urllib.request

HOSTS = ["api.sgroup.qq.com", "sandbox.api.sgroup.qq.com", "bots.qq.com", "api.bot.qq.com"]
BODY = json.dumps({"appId": "102000001", "clientSecret": "playground-secret"})


def by_urllib(host):
    request = urllib.request.Request(f"https://{host}/app/getAppAccessToken", BODY.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


async def by_asyncio(host):
    reader, writer = await asyncio.open_connection(host, 443, ssl=ssl.create_default_context())
    writer.write(f"POST /app/getAppAccessToken HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode())
    answer = await reader.read()
    writer.close()
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])


for host in HOSTS:
    assert by_urllib(host)["access_token"], host
    assert asyncio.run(by_asyncio(host))["access_token"], host
    print(host, "ok")
