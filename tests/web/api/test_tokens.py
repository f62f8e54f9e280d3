"""Tokens of systems: made once, kept as a digest, two at a time, and ended at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.storage import database
from matcher.storage.database import Database
from web.api.tokens import BadToken, Scope, Tokens, UnknownToken
from web.db import open_database

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BOTH = (Scope.SUBMIT, Scope.MATCH)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "secondcase.db")) as opened:
        yield opened


def test_token_is_known_with_its_site_and_scopes(db: Database) -> None:
    plain = Tokens(db).add("seqr", "North", BOTH)

    known = Tokens(db).known(plain)

    assert known is not None and len(plain) >= 43
    assert (known.name, known.site, known.scopes) == (
        "api:seqr",
        "North",
        frozenset(BOTH),
    )


def test_token_is_nowhere_in_plain_text(db: Database, tmp_path: Path) -> None:
    plain = Tokens(db).add("seqr", "North", BOTH)

    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert [path for path in files if plain.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("plain", ["", "0" * 43, "\udc80", "a\0b"])
def test_other_tokens_are_unknown(db: Database, plain: str) -> None:
    Tokens(db).add("seqr", "North", BOTH)

    assert Tokens(db).known(plain) is None


def test_two_tokens_of_a_system_are_good_at_a_time(db: Database) -> None:
    tokens = Tokens(db)
    old, new = (tokens.add("seqr", "North", BOTH) for _ in range(2))

    with pytest.raises(BadToken, match="2 are good already"):
        tokens.add("seqr", "North", BOTH)

    tokens.revoke(1)
    assert tokens.known(old) is None and tokens.known(new) is not None
    assert tokens.add("seqr", "North", BOTH)


@pytest.mark.parametrize(
    ("system", "site", "scopes", "why"),
    [
        ("two words", "North", BOTH, "letters, digits"),
        ("a:b", "North", BOTH, "letters, digits"),
        ("", "North", BOTH, "letters, digits"),
        ("seqr", " ", BOTH, "site"),
        ("seqr", "No\nrth", BOTH, "site"),
        ("seqr", "North", (), "scope"),
    ],
)
def test_token_that_cannot_be_is_refused(
    db: Database, system: str, site: str, scopes: tuple[Scope, ...], why: str
) -> None:
    with pytest.raises(BadToken, match=why):
        Tokens(db).add(system, site, scopes)


def test_name_stays_at_its_site(db: Database) -> None:
    Tokens(db).add("seqr", "North", BOTH)

    with pytest.raises(BadToken, match="'North'"):
        Tokens(db).add("seqr", "Harbour", BOTH)


def test_unknown_token_cannot_be_revoked(db: Database) -> None:
    with pytest.raises(UnknownToken, match="no token 7"):
        Tokens(db).revoke(7)


def test_revoked_token_keeps_its_first_date(db: Database) -> None:
    Tokens(db).add("seqr", "North", BOTH)
    Tokens(db, clock=lambda: NOW).revoke(1)
    Tokens(db).revoke(1)

    [token] = Tokens(db)
    assert token.revoked_at == "2026-07-01T12:00:00+00:00"


def test_call_is_let_in_though_its_time_cannot_be_noted(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Tokens(db).add("seqr", "North", BOTH)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 0)

    with closing(open_database(tmp_path / "secondcase.db")) as busy:
        with database.write_transaction(busy):
            known = Tokens(db).known(plain)

    assert known is not None and known.used_at is None


def test_last_use_is_noted_once_a_minute(db: Database) -> None:
    plain = Tokens(db).add("seqr", "North", BOTH)
    used = []
    for seconds in (0, 30, 61):
        Tokens(db, clock=lambda: NOW + timedelta(seconds=seconds)).known(plain)
        used += [token.used_at for token in Tokens(db)]

    assert used == [
        "2026-07-01T12:00:00+00:00",
        "2026-07-01T12:00:00+00:00",
        "2026-07-01T12:01:01+00:00",
    ]
