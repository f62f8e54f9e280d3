"""What is asked for beside a case: sent to peers that know it, and held to whatever they do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from web.audit import Audit
from web.mme.answering.asked import KEYS
from web.mme.asking.answers import State
from web.mme.asking.asker import Asked
from web.mme.asking.kept import News
from web.mme.asking.wishes import UNWANTED, BadWish, Wishes, wishes_of
from web.mme.nodes.quirks import Quirks

from .. import faults
from .conftest import OURS, TERMS, Site, result, results

pytestmark = pytest.mark.usefixtures("everybody_agreed")

KNOWING = Quirks(query_keys=KEYS)
ALL = Wishes(
    max_results=5,
    min_score=0.3,
    gene="EFTUD2",
    term="HP:0000707",
    exclude_solved=True,
)
EFTUD2 = [{"gene": {"id": "EFTUD2"}}]
SOLVED = [{"id": "MIM:610536"}]
EYES = ("HP:0000486", "HP:0000545", "HP:0000483")


def query(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2]).get("_query")


def ask(site: Site, wishes: Wishes) -> Asked:
    [asked] = site.asker().ask(OURS, by="alice", wishes=wishes)
    return asked


def ids(asked: Asked) -> set[str]:
    return {each.remote.case.case_id for each in asked.results}


def test_a_peer_that_knows_is_told_all_that_is_asked_for(site: Site) -> None:
    peer = site.peer("Island", faults.answering(results()), quirks=KNOWING)

    asked = ask(site, ALL)

    assert query(peer.received[0]) == {
        "maxResults": 5,
        "minScore": 0.3,
        "mustShareGene": "EFTUD2",
        "mustHaveTerm": "HP:0000707",
        "excludeSolved": True,
    }
    assert asked.narrowed_here == ()


def test_a_peer_is_told_nothing_that_it_does_not_know(site: Site) -> None:
    stock = site.peer("Island", faults.answering(results()))
    ask(site, ALL)
    assert query(stock.received[0]) is None
    some = site.peer("Hill", faults.answering(results()))
    quirks = Quirks(query_keys=("maxResults",))
    site.know("Valley", some.address, quirks=quirks)

    [asked] = site.asker().ask(OURS, by="alice", names=["Valley"], wishes=ALL)

    assert query(some.received[0]) == {"maxResults": 5}
    assert set(asked.narrowed_here) == set(KEYS) - {"maxResults"}


def test_without_wishes_the_request_is_as_ever(site: Site) -> None:
    peer = site.peer("Island", faults.answering(results()), quirks=KNOWING)

    ask(site, Wishes())

    assert query(peer.received[0]) is None


@pytest.mark.parametrize("quirks", [Quirks(), KNOWING])
@pytest.mark.parametrize(
    "wishes, fitting",
    [
        (Wishes(max_results=1), {"both"}),
        (Wishes(min_score=0.5), {"both", "solved"}),
        (Wishes(share_gene=True), {"both", "solved"}),
        (Wishes(gene="EFTUD2"), {"both", "solved"}),
        (Wishes(gene="PHF14"), set()),
        (Wishes(term="HP:0000707"), {"both", "solved"}),
        (Wishes(exclude_solved=True), {"both", "eyes", "odd"}),
        (Wishes(), {"both", "solved", "eyes", "odd"}),
    ],
)
def test_what_a_peer_tells_beyond_it_is_left_out_and_counted(
    site: Site, quirks: Quirks, wishes: Wishes, fitting: set[str]
) -> None:
    told = results(
        result("both", *TERMS, score=0.9, genomicFeatures=EFTUD2),
        result(
            "solved", *TERMS[:3], score=0.5, genomicFeatures=EFTUD2, disorders=SOLVED
        ),
        result("eyes", *EYES, score=0.4),
        result("odd", *EYES, score="NaN"),
    )
    site.peer("Island", faults.answering(told), quirks=quirks)

    asked = ask(site, wishes)

    assert ids(asked) == fitting
    assert asked.dropped.get(UNWANTED, 0) == 4 - len(fitting)


def test_what_was_not_asked_for_is_not_withdrawn(site: Site) -> None:
    site.peer("Island", faults.answering(results(result("a"), result("b", *EYES))))
    ask(site, Wishes())

    asked = ask(site, Wishes(term="HP:0000707"))

    assert ids(asked) == {"a"} and asked.gone == ()
    assert [each.gone_at for each in site.kept.matches(OURS)] == ["", ""]
    assert asked.news == {"a": News.KNOWN} and asked.state is State.ANSWERED


def test_the_last_wishes_are_kept_and_go_with_the_case(site: Site) -> None:
    site.peer("Island", faults.answering(results()))

    ask(site, ALL)
    assert site.kept.wishes(OURS) == ALL
    ask(site, Wishes())
    assert site.kept.wishes(OURS) == Wishes()
    ask(site, ALL)
    site.db.execute("DELETE FROM cases WHERE case_id = ?", [OURS])
    assert site.kept.wishes(OURS) == Wishes()


def test_the_audit_names_the_wishes_and_not_what_they_say(site: Site) -> None:
    site.peer("Island", faults.answering(results()))

    ask(site, ALL)

    entry = list(Audit(site.db).entries())[-1]
    assert set(entry.facts["wishes"]) == set(KEYS)
    assert "EFTUD2" not in str(entry.facts) and "HP:" not in str(entry.facts)


def test_wishes_are_read_as_they_are_entered(site: Site) -> None:
    entered = {
        "max_results": " 5 ",
        "min_score": "0.3",
        "gene": "ENSG00000108883",
        "term": "hp:0000707",
        "exclude_solved": "1",
    }

    assert wishes_of(entered, site.release) == ALL
    assert wishes_of({"min_score": "0"}, site.release) == Wishes()
    assert Wishes.from_json(ALL.to_json()) == ALL


@pytest.mark.parametrize(
    "field, value",
    [
        ("max_results", "0"),
        ("max_results", "many"),
        ("max_results", "²"),
        ("min_score", "2"),
        ("min_score", "nan"),
        ("gene", "NOT-A-GENE"),
        ("term", "HP:9999999"),
    ],
)
def test_what_cannot_be_asked_for_is_named(site: Site, field: str, value: str) -> None:
    with pytest.raises(BadWish, match=value):
        wishes_of({field: value}, site.release)
