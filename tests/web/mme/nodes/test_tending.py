"""What an operator does with peers is on record, or not done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from matcher.storage.database import Database
from web.audit import Audit, AuditFailed
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description
from web.mme.tending import Tending

from ...conftest import unrecordable

EVERYTHING: list[Callable[[Tending], object]] = [
    lambda t: t.add("Valley", Description()),
    lambda t: t.change("Island", Description(contact="mailto:b@island.example")),
    lambda t: t.change("Island", Description(), forget_token=True),
    lambda t: t.rotate("Hill"),
    lambda t: t.revoke_old("Island"),
    lambda t: t.revoke("Island"),
    lambda t: t.remove("Island"),
]


@pytest.fixture
def tending(db: Database) -> Tending:
    """Olga, who knows two peers; one has two tokens, and is left alone for its failures."""
    made = Tending(db, "olga")
    known = Description(address="https://island.example", outbound_token="canary-token")
    made.add("Island", known)
    made.rotate("Island")
    made.add("Hill", Description())
    Breaker(db).failed(1)
    return made


@pytest.mark.parametrize("act", EVERYTHING)
def test_what_cannot_be_audited_is_not_done(
    tending: Tending, db: Database, act: Callable[[Tending], object]
) -> None:
    with unrecordable(db), pytest.raises(AuditFailed):
        act(tending)


def test_each_is_one_entry_without_what_was_said(
    tending: Tending, db: Database
) -> None:
    tending.revoke_old("Island")
    for act in EVERYTHING[:4] + EVERYTHING[5:]:
        act(tending)

    entries = list(Audit(db).entries())
    assert [each.action for each in entries] == [
        "added a peer",
        "gave a peer a token",
        "added a peer",
        "ended older tokens of a peer",
        "added a peer",
        "changed a peer",
        "changed a peer",
        "gave a peer a token",
        "revoked a peer",
        "removed a peer",
    ]
    assert {each.actor for each in entries} == {"olga"}
    assert "example" not in str(entries) and "canary" not in str(entries)
