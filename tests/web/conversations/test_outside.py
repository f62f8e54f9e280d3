"""A letter to a clinician at another node is drafted, never mailed, and hardly kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote_plus

import pytest

from matcher.case import Sharing
from matcher.storage.database import connect, rows
from matcher.storage.store import CaseStore
from web.audit import Audit
from web.pages.conversations.outside_letters import WROTE

from ..conftest import Cast, case_of
from ..pages.peers.test_network import CASE, PAGE, Network, answering, network, patient

__all__ = ["network"]

LETTER = f"{PAGE}/letter"
HOSTILE = '"><img src=x>&remote=P-2'


@pytest.fixture
def told(network: Network) -> Iterator[Network]:
    """Island has told of two patients, one of whom has something to be asked about."""
    eczema = [{"id": "HP:0000964"}]
    first = patient("P-1")
    network.peer(
        "Island",
        answering({**first, "features": first["features"] + eczema}, patient(HOSTILE)),
    )
    network.ask()
    yield network


def letter(network: Network, by: str = "alice", remote: str = "P-1") -> str:
    return network.cast[by].get(LETTER, node="Island", remote=remote).text


def act(network: Network, what: str = "", by: str = "alice", **fields: str) -> int:
    form = {"node": "Island", "remote": "P-1", **fields}
    return network.cast[by].post(LETTER + what, form).status_code


def test_card_leads_to_a_draft_of_what_the_peer_may_see(told: Network) -> None:
    assert f"{LETTER}?node=Island&amp;remote=P-1" in told.page()

    page = letter(told)

    (draft,) = re.findall(r'id="draft"[^>]*>(.*?)</textarea>', page, re.S)
    assert "our case NORTH-1 and your case P-1 both list PHF14" in draft
    assert "How was eczema" in draft
    assert "Which variant in PHF14 does yours carry" in draft
    assert "canary" not in draft


def test_address_of_the_peer_is_text_and_nothing_mails_to_it(told: Network) -> None:
    page = letter(told)
    act(told)

    assert "i@island.example" in page
    assert 'href="mailto' not in page
    with closing(connect(told.cast.settings.database)) as db:
        assert rows(db, "SELECT * FROM outbox WHERE kind <> 'ask'") == []


def test_that_she_wrote_and_what_came_back_is_kept_and_listed(told: Network) -> None:
    assert act(told) == 303
    assert "alice wrote to Island today</h1>" in letter(told)

    assert act(told, "/answer", answer="Frameshift,\nde novo.") == 303

    assert "alice wrote to Island today, and was answered" in letter(told)
    listed = told.cast["alice"].get("/conversations").text
    assert "You wrote to Island today" in listed and "de novo." in listed
    assert "You wrote to Island" not in told.cast["charlie"].get("/conversations").text
    with closing(connect(told.cast.settings.database)) as db:
        (entry,) = [e for e in Audit(db).entries() if e.action == "wrote outside"]
    assert (entry.case_ids, entry.facts) == ((CASE,), {"node": "Island"})


def test_what_cannot_be_recorded_is_not_noted(told: Network) -> None:
    with closing(connect(told.cast.settings.database)) as db:
        db.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON audit WHEN new.action = '{WROTE}' "
            "BEGIN SELECT RAISE(FAIL, 'no'); END"
        )

        assert act(told) == 503
        assert not rows(db, "SELECT * FROM outside_letters")


def test_note_that_is_too_long_is_refused_and_stays_in_its_box(told: Network) -> None:
    act(told)
    form = {"node": "Island", "remote": "P-1", "answer": "x" * 501}

    page = told.cast["alice"].post(f"{LETTER}/answer", form)

    assert page.status_code == 422
    assert "The text has 501 characters" in page.text and "x" * 501 in page.text


@pytest.mark.parametrize(
    ("by", "node", "remote"),
    [
        ("charlie", "Island", "P-1"),
        ("dana", "Island", "P-1"),
        ("alice", "Island", "P-3"),
        ("alice", "Nowhere", "P-1"),
    ],
)
def test_letter_of_others_or_about_nobody_is_not_there(
    told: Network, by: str, node: str, remote: str
) -> None:
    answer = told.cast[by].get(LETTER, node=node, remote=remote)

    assert answer.status_code == 404
    assert act(told, by=by, node=node, remote=remote) == 404


def test_case_that_is_not_shared_with_the_exchange_drafts_none(told: Network) -> None:
    told.cast.put(case_of(CASE, sharing=Sharing.NETWORK))

    assert act(told) == 404


def test_hostile_id_of_a_patient_is_text_and_leads_to_its_own_page(
    told: Network,
) -> None:
    assert quote_plus(HOSTILE) in told.page()

    page = letter(told, remote=HOSTILE)

    assert "<img" not in page
    assert act(told, remote=HOSTILE) == 303
    assert "Nobody has written" in letter(told)


@pytest.mark.parametrize("how", ["delete", "erase", "forget"])
def test_note_goes_with_the_case_and_with_the_match(told: Network, how: str) -> None:
    canary = "kanarie-note"
    act(told)
    act(told, "/answer", answer=canary)

    with closing(connect(told.cast.settings.database)) as db:
        if how == "forget":
            db.execute("DELETE FROM remote_matches")
        else:
            getattr(CaseStore(db), how)(CASE, "alice")
        rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
        assert rows(db, "SELECT * FROM outside_letters") == []

    kept = told.cast.settings.directory.glob("secondcase.db*")
    assert all(canary.encode() not in path.read_bytes() for path in kept)


def test_asking_again_keeps_the_note(told: Network) -> None:
    act(told)

    told.ask()

    assert "alice wrote to Island" in letter(told)


def test_cast_has_no_peer_to_write_to(cast: Cast) -> None:
    cast.put(case_of(CASE, sharing=Sharing.EXCHANGE_1))

    assert "Draft a letter" not in cast["alice"].get(PAGE).text
