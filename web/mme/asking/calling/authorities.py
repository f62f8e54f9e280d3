"""Which authorities vouch for a peer's certificate, loaded once and again when they change."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterator

import certifi

from web.mme.asking.calling.connections import tls_context

Stamp = tuple[tuple[str, int, int, int], ...]
# What names other public authorities than those that came with this installation.
VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class Authorities:
    """How certificates are verified, by the file of authorities. Safe to use from threads.

    Loading takes longer than asking, so a file is read again only when it, or what names it,
    has changed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[str, tuple[Stamp, ssl.SSLContext]] = {}

    def context(self, ca_file: str = "") -> ssl.SSLContext:
        """Verification by a file, or by the public authorities.

        Raises `OSError`, of which `ssl.SSLError` is one, if the file cannot be used.
        """
        with self._lock:
            # Before it is read: a change meanwhile is noticed by the next who asks.
            stamp = tuple(_stamps(ca_file))
            known = self._loaded.get(ca_file)
            if known is not None and known[0] == stamp:
                return known[1]
            made = tls_context(ca_file)
            self._loaded[ca_file] = stamp, made
            return made


def _stamps(ca_file: str) -> Iterator[tuple[str, int, int, int]]:
    """What is different once a file was written or put in place of another."""
    named = [ca_file] if ca_file else [os.environ.get(each, "") for each in VARIABLES]
    for path in filter(None, [*named, "" if ca_file else certifi.where()]):
        found = os.stat(path)
        yield path, found.st_ino, found.st_size, found.st_mtime_ns
