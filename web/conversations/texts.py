"""What somebody wrote, as it is kept: plain text with its lines, and no longer than may be read."""

from __future__ import annotations

import unicodedata

from web.conversations.errors import NoText, TooLong

MOST_TEXT = 4_000
MOST_NOTE = 500
# They turn the text around them, so that a line reads otherwise than it was written.
_TURNING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def plain(text: str, *, most: int = MOST_TEXT, what: str = "message") -> str:
    """The text without control characters. Raises `NoText` or `TooLong`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    said = "".join(filter(_is_text, lines)).strip()
    if not said:
        raise NoText(what)
    if len(said) > most:
        raise TooLong(len(said), most)
    return said


def _is_text(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and (
        character not in _TURNING
    )
