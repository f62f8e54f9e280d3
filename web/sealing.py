"""Secrets that must be read again, so that a digest will not do: kept under a key elsewhere.

The key is made from `secret.key`, which lies beside the database and not in it: who has the
database alone, or a backup of it, has no token and no second factor. A token is sealed together
with the peer's name, address and authorities, so that who can write the database cannot have it
sent elsewhere. If secret.key is lost, what was sealed is too, and must be given again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from web.config.secret_key import required_secret_key

PURPOSE = b"secondcase outbound tokens 1"
KEY_BYTES = 32
NONCE_BYTES = 12


class Broken(Exception):
    """What was sealed with another key, or about something else."""


class Seal:
    """Closes and opens texts and bytes (AES-256-GCM), each purpose with a key of its own."""

    def __init__(self, secret: str, purpose: bytes = PURPOSE) -> None:
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose)
        self._cipher = AESGCM(derived.derive(secret.encode()))

    @classmethod
    def beside(cls, folder: Path, purpose: bytes = PURPOSE) -> Seal:
        """The seal of an installation. Raises `BadSettings` if it has no usable secret.key."""
        return cls(required_secret_key(folder), purpose)

    def closed(self, plain: str, about: Sequence[str]) -> bytes:
        """The text sealed; `about` must be the same to open it."""
        return self.closed_bytes(plain.encode(), about)

    def closed_bytes(self, plain: bytes, about: Sequence[str]) -> bytes:
        """The bytes sealed; `about` must be the same to open them."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _bytes(about))

    def opened(self, sealed: bytes, about: Sequence[str]) -> str:
        """The text. Raises `Broken`."""
        try:
            return self.opened_bytes(sealed, about).decode()
        except ValueError as error:
            raise Broken from error

    def opened_bytes(self, sealed: bytes, about: Sequence[str]) -> bytes:
        """The bytes. Raises `Broken`."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, _bytes(about))
        except (InvalidTag, ValueError) as error:
            raise Broken from error


def _bytes(about: Sequence[str]) -> bytes:
    return json.dumps(list(about)).encode()
