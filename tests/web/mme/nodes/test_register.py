"""Peers and their tokens: what is kept, what opens, what ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from matcher.storage.database import Database
from matcher.storage.migrations import case_migrations, migrate
from web.db import open_database
from web.errors import BadSettings
from web.mme.nodes import BadNode, Nodes, UnknownNode
from web.mme.nodes.errors import BadAddress, NoToken, TokenLost, TooManyTokens
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.mme.nodes.register import Description
from web.sealing import Seal
from web.security import token_digest
from web.tables import web_migrations

URL = "https://island.example/mme"
TOKEN = "theirs-5f1c9a"
ASKED = Description(address=URL, outbound_token=TOKEN)


@pytest.fixture
def nodes(db: Database) -> Nodes:
    return Nodes(db)


def stored_bytes(db: Database, folder: Path) -> bytes:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in folder.glob("secondcase.db*"))


def test_a_token_lets_its_peer_in_and_is_kept_as_a_digest(
    nodes: Nodes, db: Database, tmp_path: Path
) -> None:
    token = nodes.add("Island")

    known = nodes.by_token(token)

    assert known is not None and known.name == "Island"
    assert len(token) >= 43
    assert token.encode() not in stored_bytes(db, tmp_path)


def test_two_tokens_are_good_while_they_are_rotated(nodes: Nodes) -> None:
    old = nodes.add("Island")

    new = nodes.rotate("Island")

    assert new != old
    assert nodes.by_token(old) and nodes.by_token(new)
    with pytest.raises(TooManyTokens, match="--old"):
        nodes.rotate("Island")


def test_many_who_rotate_at_once_make_one_token_more(
    nodes: Nodes, tmp_path: Path
) -> None:
    nodes.add("Island")

    def rotated(number: int) -> bool:
        with closing(open_database(tmp_path / "secondcase.db")) as own:
            try:
                return bool(Nodes(own).rotate("Island"))
            except TooManyTokens:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(rotated, range(24))) == 1
    assert len(nodes.tokens(nodes.get("Island"))) == 2


def test_a_name_is_given_once(nodes: Nodes) -> None:
    nodes.add("Island")

    with pytest.raises(BadNode, match="there is one with that name"):
        nodes.add("Island")


def test_ending_the_old_token_leaves_the_new_one(nodes: Nodes) -> None:
    old = nodes.add("Island")
    new = nodes.rotate("Island")

    assert [nodes.revoke_old("Island") for _ in range(2)] == [1, 0]

    assert nodes.by_token(old) is None and nodes.by_token(new)
    assert nodes.rotate("Island")


def test_a_revoked_peer_is_refused_at_once_and_not_asked(nodes: Nodes) -> None:
    tokens = [nodes.add("Island", ASKED), nodes.rotate("Island")]

    nodes.revoke("Island")

    assert [nodes.by_token(token) for token in tokens] == [None, None]
    assert not nodes.get("Island").is_asked


def test_a_token_is_good_only_while_its_peer_is(nodes: Nodes, db: Database) -> None:
    token = nodes.add("Island")

    db.execute("UPDATE nodes SET revoked_at = '2026-11-24'")

    assert nodes.by_token(token) is None


def test_a_new_token_lets_a_revoked_peer_in_again(nodes: Nodes) -> None:
    old = nodes.add("Island")
    nodes.revoke("Island")

    new = nodes.rotate("Island")

    assert nodes.by_token(new) and nodes.by_token(old) is None


def test_a_peers_own_token_opens_nothing_here(nodes: Nodes) -> None:
    nodes.add("Island", ASKED)

    assert nodes.by_token(TOKEN) is None


def test_a_peers_own_token_is_kept_sealed(
    nodes: Nodes, db: Database, tmp_path: Path
) -> None:
    nodes.add("Island", ASKED)

    assert nodes.outbound_token(nodes.get("Island")) == TOKEN
    assert TOKEN.encode() not in stored_bytes(db, tmp_path)
    assert nodes.get("Island").is_asked


def test_without_the_key_a_sealed_token_must_be_given_again(
    nodes: Nodes, db: Database
) -> None:
    nodes.add("Island", ASKED)
    later = Nodes(db, seal=Seal("another secret key"))

    with pytest.raises(TokenLost, match="--token-file"):
        later.outbound_token(later.get("Island"))


def test_a_key_that_others_can_read_is_not_used(nodes: Nodes, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("0" * 64)
    (tmp_path / "secret.key").chmod(0o644)

    with pytest.raises(BadSettings, match="600"):
        nodes.add("Island", ASKED)


@pytest.mark.parametrize(
    "column, value",
    [("address", "https://evil.example"), ("name", "Other"), ("ca_file", "/tmp/ca")],
)
def test_who_can_write_the_database_cannot_send_a_token_elsewhere(
    nodes: Nodes, db: Database, column: str, value: str
) -> None:
    nodes.add("Island", ASKED)
    db.execute(f"UPDATE nodes SET {column} = ?", [value])

    with pytest.raises(TokenLost):
        nodes.outbound_token(next(iter(nodes)))


def test_a_token_stays_when_the_operator_moves_its_peer(nodes: Nodes) -> None:
    nodes.add("Island", ASKED)

    moved = nodes.set("Island", Description(address="https://new.example/match"))

    assert moved.address == "https://new.example"
    assert nodes.outbound_token(moved) == TOKEN


def test_a_forgotten_token_is_gone(nodes: Nodes) -> None:
    nodes.add("Island", ASKED)

    nodes.forget_outbound_token("Island")

    with pytest.raises(NoToken):
        nodes.outbound_token(nodes.get("Island"))
    assert not nodes.get("Island").is_asked


@pytest.mark.parametrize("token", ["", "two words", "täken", "x" * 1001, "a\r\nb: c"])
def test_a_token_that_no_header_carries_is_refused(nodes: Nodes, token: str) -> None:
    with pytest.raises(BadNode, match="visible characters"):
        nodes.add("Island", Description(address=URL, outbound_token=token))

    assert list(nodes) == []


def test_what_is_said_of_a_peer_is_kept(nodes: Nodes, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    quirks = Quirks(minor=1, coordinates=Coordinates.ONE, gene_ids=GeneIds.SYMBOL)
    nodes.add("Island", ASKED)

    known = nodes.set(
        "Island",
        Description(
            contact="ops@island.example",
            disclaimer="For research.",
            terms="No more.",
            daily_budget=7,
            quirks=quirks,
            ca_file=authority,
            allow_private=True,
        ),
    )

    assert known == nodes.get("Island")
    assert (known.contact, known.disclaimer) == ("ops@island.example", "For research.")
    assert (known.terms, known.daily_budget) == ("No more.", 7)
    assert (known.quirks, known.allow_private) == (quirks, True)
    assert known.ca_file == str(authority)
    assert nodes.outbound_token(known) == TOKEN


def test_a_slash_at_the_end_of_the_match_address_is_a_quirk(nodes: Nodes) -> None:
    nodes.add("Island", Description(address=f"{URL}/match/"))

    known = nodes.get("Island")

    assert known.address == URL and known.quirks.trailing_slash


def test_a_bad_address_adds_nothing(nodes: Nodes) -> None:
    with pytest.raises(BadAddress):
        nodes.add("Island", Description(address="ftp://island.example"))

    assert list(nodes) == []


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (Description(daily_budget=-1), "its daily budget is -1"),
        (Description(daily_budget=1_000_001), "its daily budget is 1000001"),
        (Description(contact="x" * 20_001), "its contact must have at most 20,000"),
        (Description(disclaimer="x" * 20_001), "its disclaimer must have at most"),
        (Description(terms="x" * 20_001), "its terms must have at most 20,000"),
    ],
)
def test_what_is_beyond_its_range_changes_nothing(
    nodes: Nodes, described: Description, said: str
) -> None:
    nodes.add("Island", ASKED)
    before = nodes.get("Island")

    with pytest.raises(BadNode, match=said):
        nodes.set("Island", described)

    assert nodes.get("Island") == before


def test_an_ended_token_is_told_from_one_that_is_good(nodes: Nodes) -> None:
    old = nodes.add("Island")
    new = nodes.rotate("Island")
    nodes.revoke_old("Island")

    ended = nodes.by_ended_token(old)
    assert ended is not None and ended.name == "Island"
    assert nodes.by_ended_token(new) is nodes.by_ended_token("unknown") is None


def test_a_ca_file_must_be_there(nodes: Nodes) -> None:
    with pytest.raises(BadNode, match="CA file"):
        nodes.add("Island", Description(address=URL, ca_file=Path("/nowhere/ca.pem")))


def test_a_removed_peer_leaves_nothing(nodes: Nodes, db: Database) -> None:
    token = nodes.add("Island", ASKED)

    nodes.remove("Island")

    assert nodes.by_token(token) is None
    assert db.execute("SELECT count(*) FROM node_tokens").fetchone() == (0,)
    with pytest.raises(UnknownNode):
        nodes.remove("Island")


@pytest.mark.parametrize("name", ["", " x", "a/b", "ä", "x" * 81])
def test_a_name_has_plain_letters(nodes: Nodes, name: str) -> None:
    with pytest.raises(BadNode):
        nodes.add(name)


def test_peers_of_an_older_database_keep_their_tokens(tmp_path: Path) -> None:
    db = open_database(tmp_path / "old.db")
    exchange = web_migrations()[1].name
    for table in (
        "ask_nodes",
        "asks",
        "remote_versions",
        "remote_matches",
        "node_health",
        "node_tokens",
    ):
        db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute("DROP TABLE nodes")
    db.execute(
        "CREATE TABLE nodes (node_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL"
        " UNIQUE, token_sha256 TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, revoked_at TEXT)"
        " STRICT"
    )
    digest = token_digest("theirs")
    db.execute(
        "INSERT INTO nodes VALUES (7, 'Island', ?, '2026-01-01T00:00:00+00:00', NULL)",
        [digest],
    )
    db.execute(
        "DELETE FROM _sqlite_migrations WHERE migration_set = ? AND name <> 'm0001_exchange'",
        [exchange],
    )

    migrate(db, case_migrations(), *web_migrations())

    known = Nodes(db).by_token("theirs")
    assert known is not None and (known.node_id, known.name) == (7, "Island")
    db.close()
