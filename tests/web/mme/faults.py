"""A peer that misbehaves on purpose: raw sockets on loopback, one behaviour a server."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[["Peer", socket.socket], None]

DRIP_SECONDS = 0.05
ACCEPT_SECONDS = 0.1
HELD_SECONDS = 60.0
# The thread of each connection that a peer has.
THREAD_NAME = "peer"


@dataclass
class Peer:
    """A server on a free port, and what it received."""

    behaviour: Behaviour
    port: int = 0
    tls: ssl.SSLContext | None = None
    received: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """Its base address."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}"


@contextlib.contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A peer that behaves so until the end of the block."""
    peer = Peer(behaviour, tls=tls)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(ACCEPT_SECONDS)
    peer.port = listener.getsockname()[1]
    thread = threading.Thread(target=_serve, args=[peer, listener])
    thread.start()
    try:
        yield peer
    finally:
        peer.ended.set()
        thread.join()
        listener.close()


def refusing() -> str:
    """The address of a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _serve(peer: Peer, listener: socket.socket) -> None:
    threads = []
    while not peer.ended.is_set():
        with contextlib.suppress(TimeoutError):
            accepted, _ = listener.accept()
            thread = threading.Thread(
                target=_handle, args=[peer, accepted], name=THREAD_NAME
            )
            thread.start()
            threads.append(thread)
    for thread in threads:
        thread.join()


def _handle(peer: Peer, accepted: socket.socket) -> None:
    accepted.settimeout(10)
    with accepted, contextlib.suppress(OSError):
        if peer.tls is None:
            peer.behaviour(peer, accepted)
            return
        with peer.tls.wrap_socket(accepted, server_side=True) as secured:
            peer.behaviour(peer, secured)


def read_request(peer: Peer, connection: socket.socket) -> bytes:
    """The whole request, noted among what the peer received; what came of one that broke off."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            # Its asker gave up in the middle.
            return body
        body += chunk
    peer.received.append(head + b"\r\n\r\n" + body)
    return peer.received[-1]


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(
    body: bytes | str | Any, status: str = "200 OK", *headers: str
) -> Behaviour:
    """Reply so to every request; what is neither bytes nor text is sent as JSON."""
    if isinstance(body, str):
        body = body.encode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return in_turn(reply(content, status, *headers))


def in_turn(*replies: bytes) -> Behaviour:
    """The first reply to the first request, and so on; the last to all that follow."""

    def behave(peer: Peer, connection: socket.socket) -> None:
        read_request(peer, connection)
        connection.sendall(replies[min(len(peer.received), len(replies)) - 1])

    return behave


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """Behave to each connection in another way, and after the last as at first."""
    coming = itertools.cycle(behaviours)

    def behave(peer: Peer, connection: socket.socket) -> None:
        next(coming)(peer, connection)

    return behave


class Held:
    """Behave so once it is let go."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.go = threading.Event()

    def __call__(self, peer: Peer, connection: socket.socket) -> None:
        assert self.go.wait(HELD_SECONDS)
        self.behaviour(peer, connection)


def hang(peer: Peer, connection: socket.socket) -> None:
    """Take the request and say nothing."""
    read_request(peer, connection)
    _until_closed(peer, connection)


def never_read(peer: Peer, connection: socket.socket) -> None:
    """Take the connection and nothing else."""
    peer.ended.wait()


def _until_closed(peer: Peer, connection: socket.socket) -> None:
    connection.settimeout(ACCEPT_SECONDS)
    while not peer.ended.is_set():
        with contextlib.suppress(TimeoutError):
            if not connection.recv(65536):
                return


def drip_headers(peer: Peer, connection: socket.socket) -> None:
    """Send one byte of a header after the other, for ever."""
    read_request(peer, connection)
    _drip(peer, connection, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 50_000)


def drip_body(peer: Peer, connection: socket.socket) -> None:
    """Send one byte of the body after the other, for ever."""
    read_request(peer, connection)
    _drip(peer, connection, reply(b" " * 50_000))


def _drip(peer: Peer, connection: socket.socket, data: bytes) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        if peer.ended.wait(DRIP_SECONDS):
            return


def reset(peer: Peer, connection: socket.socket) -> None:
    """Begin a reply, then reset the connection in the middle of its body."""
    read_request(peer, connection)
    connection.sendall(reply(b'{"results": [' + b" " * 1000)[:-500])
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def truncate(peer: Peer, connection: socket.socket) -> None:
    """End the reply before its announced length."""
    read_request(peer, connection)
    connection.sendall(reply(b'{"results": []}' + b" " * 1000)[:-500])


def gibberish(peer: Peer, connection: socket.socket) -> None:
    """Answer in something that is not HTTP."""
    read_request(peer, connection)
    connection.sendall(b"220 mail.example ESMTP\r\n" * 10)


def endless(peer: Peer, connection: socket.socket) -> None:
    """Send a body that never ends, as fast as it is taken."""
    read_request(peer, connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not peer.ended.is_set():
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def gzip_bomb(megabytes: int = 100) -> Behaviour:
    """A small reply that unpacks to so many megabytes."""
    packer = zlib.compressobj(9, wbits=31)
    blanks = b" " * 1_000_000
    packed = b"".join(packer.compress(blanks) for _ in range(megabytes))
    return answering(packed + packer.flush(), "200 OK", "Content-Encoding: gzip")
