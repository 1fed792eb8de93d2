"""Loaded by Python itself if this folder is on PYTHONPATH: connections to the platform's hosts go to the playground's TLS listener.

    PLAYGROUND_TLS=127.0.0.1:7472 SSL_CERT_FILE=ca.pem PYTHONPATH=cmd/playground/clients/python python3 bot.py

The listener's certificate is checked against the host as ever, which is what SSL_CERT_FILE is for. The names resolve to a
loopback address of their own, and a connection to that address, on any port, is one to the listener.
"""

import os
import socket

OFFICIAL = {"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com", "bots.qq.com", "api.bot.qq.com"}
STAND_IN = "127.71.71.71"  # for the official hosts, until connect

_host, _, _port = os.environ.get("PLAYGROUND_TLS", "127.0.0.1:7472").rpartition(":")
_listener = (_host, int(_port))
_getaddrinfo, _connect, _connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex


def _resolve(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo(STAND_IN if name in OFFICIAL else host, *args, **kwargs)


def _redirected(connect):
    def to(self, address):
        if isinstance(address, tuple) and address[0] in OFFICIAL | {STAND_IN}:
            address = _listener
        return connect(self, address)

    return to


socket.getaddrinfo = _resolve
socket.socket.connect, socket.socket.connect_ex = _redirected(_connect), _redirected(_connect_ex)
