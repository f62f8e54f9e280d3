"""One HTTP call of a peer, bounded in time, size and place (the only import of httpx).

Its parts are used below the level of `httpx.Client`, which follows proxies of the environment,
looks a name up by itself, and knows timeouts of single reads only: a peer that sends one byte a
second would never run into one. Here the address that was checked is the one connected to, every
read and write ends with the call's deadline, and no redirect is followed.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from web.mme.asking.errors import (
    BrokenReply,
    ForbiddenAddress,
    OutOfTime,
    Refused,
    Unreachable,
)
from web.mme.nodes.reach import IpAddress, is_permitted, is_public

CONNECT_SECONDS = 10.0
MOST_BYTES = 2_000_000
# What gzip and zlib call 32 + 15: either format, told by its first bytes.
EITHER_FORMAT = 47
WRITTEN_AT_ONCE = 16_384

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names in lower case, the body decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a peer, and how far it may go."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    allow_private: bool = False
    tls: ssl.SSLContext | None = None


class Deadline:
    """A moment after which nothing more is waited for."""

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds until then, 0 if it is over."""
        return max(0.0, self._end - self._clock())

    def bounded(self, seconds: float | None) -> float:
        """The seconds, or what remains if that is less. Raises `OutOfTime`."""
        remaining = self.remaining()
        if not remaining:
            raise OutOfTime
        return remaining if seconds is None else min(seconds, remaining)


def addresses_of(host: str, port: int) -> list[str]:
    """The IP addresses behind a name, as the system's resolver knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """How certificates are verified: against a file of authorities, or the public ones."""
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    return httpx.create_ssl_context()


def call(
    wanted: Call,
    deadline: Deadline,
    *,
    resolve: Resolve = addresses_of,
    most_bytes: int = MOST_BYTES,
) -> Reply:
    """The peer's reply, whatever its status; one retry if no connection came about.

    Raises `Unreachable`, `OutOfTime` or `BrokenReply`.
    """
    backend = _GuardedBackend(wanted, deadline, resolve)
    try:
        return _called(wanted, backend, most_bytes)
    except Refused:
        return _called(wanted, backend, most_bytes)


def _called(wanted: Call, backend: _GuardedBackend, most_bytes: int) -> Reply:
    with _named_errors(), httpcore.ConnectionPool(
        ssl_context=wanted.tls, network_backend=backend, max_connections=1
    ) as pool:
        with pool.stream(
            wanted.method,
            wanted.url,
            headers=[*wanted.headers.items(), ("Connection", "close")],
            content=wanted.body or None,
        ) as response:
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            body = _body(response.iter_stream(), headers, most_bytes)
            return Reply(response.status, headers, body)


def _body(chunks: Iterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    """The body decoded, never more than one chunk over the limit in memory."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        decoder = None
    elif encoding in ("gzip", "x-gzip", "deflate"):
        decoder = zlib.decompressobj(EITHER_FORMAT)
    else:
        raise BrokenReply(f"its reply is encoded as {encoding[:40]!r}, not as gzip")
    body = bytearray()
    for chunk in chunks:
        body += _decoded(decoder, chunk, most - len(body) + 1) if decoder else chunk
        if len(body) > most:
            raise BrokenReply(f"its reply is larger than {most:,} bytes")
        if decoder and decoder.eof:
            break
    if decoder and not decoder.eof:
        raise BrokenReply("its compressed reply ends too early")
    return bytes(body)


def _decoded(decoder: Any, chunk: bytes, most: int) -> bytes:
    try:
        decoded: bytes = decoder.decompress(chunk, most)
    except zlib.error as error:
        raise BrokenReply("its reply is not the gzip it is said to be") from error
    return decoded


@contextmanager
def _named_errors() -> Iterator[None]:
    """What the HTTP library says, as errors of this package."""
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise Unreachable("it took no connection in time") from error
    except httpcore.TimeoutException as error:
        raise OutOfTime from error
    except httpcore.ConnectError as error:
        raise _connect_error(error) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise BrokenReply("its reply broke off or is no HTTP") from error
    except httpcore.UnsupportedProtocol as error:
        raise Unreachable("its address begins with neither https nor http") from error


def _connect_error(error: httpcore.ConnectError) -> Unreachable:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unreachable(
            f"its certificate is not accepted: {cause.verify_message[:200]}"
        )
    if isinstance(cause, ssl.SSLError):
        return Unreachable(f"TLS failed: {(cause.reason or 'no reason given')[:80]}")
    reason = cause.strerror if cause else None
    return Refused(f"it cannot be reached: {reason or 'no connection'}")


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses that a peer may have, looked up once for all attempts."""

    def __init__(self, wanted: Call, deadline: Deadline, resolve: Resolve) -> None:
        self._wanted = wanted
        self._deadline = deadline
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()
        self._checked: list[IpAddress] | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first checked address that takes one."""
        if self._checked is None:
            self._checked = self._permitted(host, port)
        failure: Exception | None = None
        for address in self._checked:
            seconds = self._deadline.bounded(CONNECT_SECONDS)
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure or Unreachable("its name leads to no address")

    def _permitted(self, host: str, port: int) -> list[IpAddress]:
        try:
            named = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Refused(f"the name {host[:100]!r} is not known") from error
        # A scope such as %eth0 belongs to link-local addresses, which no peer has.
        found = [ipaddress.ip_address(each.partition("%")[0]) for each in named]
        allowed = [each for each in found if self._is_permitted(each)]
        if found and not allowed:
            raise ForbiddenAddress(
                f"{found[0]} is inside this site, or is not to be talked to without TLS"
            )
        return allowed

    def _is_permitted(self, address: IpAddress) -> bool:
        if not is_permitted(address, allow_private=self._wanted.allow_private):
            return False
        return self._wanted.url.startswith("https://") or not is_public(address)


class _TimedStream(httpcore.NetworkStream):
    """A connection on which every wait ends with the call."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes."""
        return self._inner.read(max_bytes, self._deadline.bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of them, a part at a time so that a slow taker is noticed."""
        for start in range(0, len(buffer), WRITTEN_AT_ONCE):
            part = buffer[start : start + WRITTEN_AT_ONCE]
            self._inner.write(part, self._deadline.bounded(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same connection with TLS."""
        seconds = self._deadline.bounded(timeout)
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, seconds)
        except BaseException:
            self._inner.close()
            raise
        return _TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What the library asks about the socket."""
        return self._inner.get_extra_info(info)
