"""Which passwords are good enough, and how they are kept: as argon2id hashes."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from web.errors import WeakPassword

MINIMUM_CHARACTERS = 12
MAXIMUM_BYTES = 1024
MINIMUM_DIFFERENT = 5


class Passwords:
    """Hashes passwords and checks them, in the same time whether the person exists or not."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("the password of nobody")

    def hash(self, password: str, *, unlike: Iterable[str] = ()) -> str:
        """The argon2id hash of a good password. Raises `WeakPassword` with every reason.

        `unlike` names the person's own name and e-mail.
        """
        problems = tuple(_problems(password, unlike))
        if problems:
            raise WeakPassword(problems)
        return self._hasher.hash(_normal(password))

    def is_right(self, password: str, hashed: str | None) -> bool:
        """Whether the password has this hash; None is nobody's, and takes as long."""
        is_short_enough = _size(password) <= MAXIMUM_BYTES
        tried = _normal(password) if is_short_enough else ""
        try:
            self._hasher.verify(hashed or self._nobody, tried)
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None and is_short_enough

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(hashed)

    def rehash(self, password: str) -> str:
        """A new hash of a password that was right, whatever rules have come since."""
        return self._hasher.hash(_normal(password))


def _normal(password: str) -> str:
    """The password in one form, whichever keyboard composed its accents."""
    return unicodedata.normalize("NFC", password)


def _size(password: str) -> int:
    return len(password.encode("utf-8", "surrogatepass"))


def _problems(password: str, unlike: Iterable[str]) -> Iterable[str]:
    if len(password) < MINIMUM_CHARACTERS:
        yield f"it has {len(password)} characters and needs {MINIMUM_CHARACTERS}"
    if _size(password) > MAXIMUM_BYTES:
        yield f"it has {_size(password)} bytes and may have {MAXIMUM_BYTES}"
    plain = password.casefold().strip()
    if any(plain == own.casefold() for own in unlike):
        yield "it is the name or e-mail of the account"
    if plain in _common():
        yield "it is one of the most common passwords"
    elif len(set(plain)) < MINIMUM_DIFFERENT:
        yield f"it has fewer than {MINIMUM_DIFFERENT} different characters"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in password):
        yield "it is not Unicode text"


def _common() -> frozenset[str]:
    text = (
        resources.files("web.accounts")
        .joinpath("common_passwords.json")
        .read_text("utf-8")
    )
    return frozenset(json.loads(text))
