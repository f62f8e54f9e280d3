"""How a question is put to one peer: address, headers, version, and the one version to retry."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

import matcher
from web.mme.asking.calling.connections import (
    Call,
    Deadline,
    Reply,
    Resolve,
    addresses_of,
    call,
)
from web.mme.nodes import Node
from web.mme.nodes.reach import PeerAddress
from web.mme.answering.wire import content_type

OLDEST_MINOR = 0
WRONG_VERSION = (406, 415)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is needed to call one peer, and the token that it gave."""

    node: Node
    token: str = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    resolve: Resolve = field(default=addresses_of, repr=False)

    @property
    def address(self) -> PeerAddress:
        """Where it is."""
        return PeerAddress(self.node.address)

    def post(self, body: bytes, deadline: Deadline) -> Reply:
        """Put a question, in version 1.0 where the peer does not take the later one after all."""
        quirks = self.node.quirks
        url = self.address.match(quirks.trailing_slash)
        found = self.call("POST", url, quirks.minor, body, deadline)
        if found.status in WRONG_VERSION and quirks.minor != OLDEST_MINOR:
            return self.call("POST", url, OLDEST_MINOR, body, deadline)
        return found

    def call(
        self,
        method: str,
        url: str,
        minor: int,
        body: bytes,
        deadline: Deadline,
        *,
        charset: str = "",
    ) -> Reply:
        """One call with the headers that every peer can read.

        Some read the version off one header and some off the other, so both say the same; a
        `charset` is named for probing alone.
        """
        version = content_type(minor)
        headers = {
            "X-Auth-Token": self.token,
            "Accept": version,
            "Accept-Encoding": "gzip",
            "User-Agent": f"Secondcase/{matcher.__version__}",
        }
        if body:
            named = f"; charset={charset}" if charset else ""
            headers["Content-Type"] = version + named
        wanted = Call(
            method=method,
            url=url,
            headers=headers,
            body=body,
            allow_private=self.node.allow_private,
            tls=self.tls,
        )
        return call(wanted, deadline, resolve=self.resolve)
