"""What a site says of pairs: kept word by word, seen as far as the cases are, gone with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows
from matcher.storage.errors import UnknownCase
from web.db import open_database
from web.mme.nodes import Nodes
from web.mme.nodes.errors import UnknownNode
from web.verdicts.kept import Verdicts
from web.verdicts.precision import precision, why_not
from web.verdicts.verdict import (
    LONGEST_NOTE,
    SAME_PERSON,
    BadVerdict,
    Judged,
    PairKey,
    Said,
    Verdict,
)

from ..conftest import Cast, case_of

PAIR = PairKey(case_id="NORTH-1", other_id="HARBOUR-1")
SAME = Judged(said=Said.SAME, band="contact", probability=0.9)
NOT = Judged(said=Said.NOT, reason="gene", band="contact", probability=0.8)
UNDECIDED = Judged(said=Said.UNDECIDED, band="look", probability=0.1)


@pytest.fixture
def db(cast: Cast) -> Iterator[Database]:
    """Two cases of North and one of Harbour, shared with the network."""
    cast.put(case_of("NORTH-1", sharing=Sharing.NETWORK))
    cast.put(case_of("NORTH-2", submitter="bob"))
    cast.put(harbour(Sharing.NETWORK))
    with closing(open_database(cast.settings.database)) as opened:
        yield opened


def harbour(sharing: Sharing) -> Case:
    return case_of("HARBOUR-1", site="Harbour", submitter="charlie", sharing=sharing)


@dataclass(frozen=True)
class Reader:
    """Somebody of a site."""

    name: str
    site: str | None


def seen(db: Database, name: str, site: str = "North") -> list[Verdict]:
    return Verdicts(db, site).seen_by(Reader(name, site))


def test_last_word_counts_and_every_word_is_kept(db: Database) -> None:
    verdicts = Verdicts(db, "North")

    for judged, by in ((UNDECIDED, "alice"), (SAME, "bob"), (NOT, "alice")):
        assert verdicts.give(PAIR, judged, by)

    assert [(each.judged, each.given_by) for each in verdicts.history(PAIR)] == [
        (NOT, "alice"),
        (SAME, "bob"),
        (UNDECIDED, "alice"),
    ]
    assert verdicts.of_case("NORTH-1")["", "HARBOUR-1"].judged == NOT


def test_the_same_word_again_is_kept_once(db: Database) -> None:
    verdicts = Verdicts(db, "North", lambda: datetime(2026, 11, 18, tzinfo=UTC))

    assert verdicts.give(PAIR, NOT, "alice")
    assert not verdicts.give(PAIR, NOT, "bob")

    (only,) = verdicts.history(PAIR)
    assert (only.given_by, only.given_at) == ("alice", "2026-11-18T00:00:00+00:00")


def test_either_case_may_ask(db: Database) -> None:
    verdicts = Verdicts(db, "North")
    verdicts.give(PairKey(case_id="NORTH-2", other_id="NORTH-1"), SAME, "bob")

    from_other = PairKey(case_id="NORTH-1", other_id="NORTH-2")
    assert [each.judged for each in verdicts.history(from_other)] == [SAME]
    assert set(verdicts.of_case("NORTH-1")) == {("", "NORTH-2")}
    assert set(verdicts.of_case("NORTH-2")) == {("", "NORTH-1")}


def test_sites_judge_apart(db: Database) -> None:
    Verdicts(db, "North").give(PAIR, SAME, "alice")
    Verdicts(db, "Harbour").give(PAIR, NOT, "charlie")

    assert [each.judged for each in seen(db, "alice")] == [SAME]
    assert [each.judged for each in seen(db, "charlie", "Harbour")] == [NOT]


def test_verdict_on_a_hidden_case_is_not_counted_for_others(
    db: Database, cast: Cast
) -> None:
    cast.put(case_of("NORTH-2", submitter="bob", sharing=Sharing.PRIVATE))
    pair = PairKey(case_id="NORTH-2", other_id="HARBOUR-1")
    Verdicts(db, "North").give(pair, SAME, "bob")

    assert len(seen(db, "bob")) == 1
    assert seen(db, "alice") == []


def test_verdict_on_a_case_that_is_shared_no_more_is_not_seen(
    db: Database, cast: Cast
) -> None:
    Verdicts(db, "North").give(PAIR, SAME, "alice")
    cast.put(harbour(Sharing.SITE))

    assert seen(db, "alice") == []


@pytest.mark.parametrize("how", ["delete", "erase"])
@pytest.mark.parametrize("case_id", ["NORTH-1", "HARBOUR-1"])
def test_verdicts_go_with_either_case(
    db: Database, cast: Cast, how: str, case_id: str
) -> None:
    Verdicts(db, "North").give(PAIR, NOT, "alice")
    Verdicts(db, "North").give(PAIR, SAME, "alice")

    with cast.store() as store:
        getattr(store, how)(case_id, actor="alice")

    assert rows(db, "SELECT count(*) AS left FROM verdicts") == [{"left": 0}]


def test_saving_a_case_again_keeps_its_verdicts(db: Database, cast: Cast) -> None:
    Verdicts(db, "North").give(PAIR, SAME, "alice")
    cast.put(case_of("NORTH-1", excluded=()))

    assert len(seen(db, "alice")) == 1


def test_patient_of_a_peer_is_judged_by_its_id_there(db: Database) -> None:
    Nodes(db).add("Island")
    verdicts = Verdicts(db, "North")
    pair = PairKey(case_id="NORTH-1", node="Island", remote_id="P-1")

    verdicts.give(pair, SAME, "alice")

    assert verdicts.of_case("NORTH-1")["Island", "P-1"].judged == SAME
    assert [each.pair for each in seen(db, "alice")] == [pair]


def test_what_is_gone_cannot_be_judged(db: Database) -> None:
    verdicts = Verdicts(db, "North")

    with pytest.raises(UnknownCase, match="NORTH-9"):
        verdicts.give(PairKey(case_id="NORTH-1", other_id="NORTH-9"), SAME, "alice")
    with pytest.raises(UnknownNode, match="Atlantis"):
        pair = PairKey(case_id="NORTH-1", node="Atlantis", remote_id="P")
        verdicts.give(pair, SAME, "alice")


@pytest.mark.parametrize(
    "reason, note, field",
    [
        ("", "", "reason"),
        ("because", "", "reason"),
        ("gene", "x" * (LONGEST_NOTE + 1), "note"),
        ("gene", "one\ntwo", "note"),
    ],
)
def test_verdict_without_a_reason_or_with_a_long_note_is_refused(
    reason: str, note: str, field: str
) -> None:
    with pytest.raises(BadVerdict) as refused:
        Judged(said=Said.NOT, reason=reason, note=note)

    assert refused.value.field == field


def verdict(judged: Judged) -> Verdict:
    return Verdict(pair=PAIR, judged=judged, given_by="alice", given_at="2026-11-18")


def test_precision_counts_settled_pairs_by_band() -> None:
    twice = Judged(said=Said.NOT, reason=SAME_PERSON, band="contact", probability=0.9)
    judged = [SAME, SAME, NOT, UNDECIDED, twice]

    contact, look, background = precision(map(verdict, judged))

    assert (contact.settled, contact.same) == (3, 2)
    assert contact.expected == pytest.approx(0.9 + 0.9 + 0.8)
    assert (look.settled, background.settled, look.expected) == (0, 0, None)
    assert why_not(map(verdict, judged)) == [
        ("another gene explains one of them", 1),
        ("both are the same person, or of one family", 1),
    ]
