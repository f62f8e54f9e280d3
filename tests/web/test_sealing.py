"""What is sealed opens for its own key, purpose and matter alone, and tells nothing by itself."""

from __future__ import annotations

import pytest

from web.sealing import NONCE_BYTES, Broken, Seal

SECRET, TEXT, ABOUT = "0123456789abcdef" * 4, "canary-token", ("Island", "https://a")
SEAL = Seal(SECRET)


def test_what_is_sealed_opens_again() -> None:
    assert SEAL.opened(SEAL.closed(TEXT, ABOUT), ABOUT) == TEXT


def test_the_same_text_is_never_sealed_alike() -> None:
    one, other = SEAL.closed(TEXT, ABOUT), SEAL.closed(TEXT, ABOUT)

    assert one[:NONCE_BYTES] != other[:NONCE_BYTES]
    assert one[NONCE_BYTES:] != other[NONCE_BYTES:]
    assert TEXT.encode() not in one


@pytest.mark.parametrize(
    ("seal", "about"),
    [
        (Seal("another" * 10), ABOUT),
        (Seal(SECRET, b"another purpose"), ABOUT),
        (SEAL, ("Island", "https://b")),
        (SEAL, ("Islandhttps://a",)),
    ],
    ids=["key", "purpose", "matter", "joined"],
)
def test_nothing_else_opens_it(seal: Seal, about: tuple[str, ...]) -> None:
    with pytest.raises(Broken):
        seal.opened(SEAL.closed(TEXT, ABOUT), about)


@pytest.mark.parametrize(
    "sealed",
    [b"", b"short", SEAL.closed(TEXT, ABOUT)[:-1], SEAL.closed_bytes(b"\xff", ABOUT)],
    ids=["nothing", "short", "cut", "no text"],
)
def test_what_is_no_sealed_text_is_broken(sealed: bytes) -> None:
    with pytest.raises(Broken):
        SEAL.opened(sealed, ABOUT)
