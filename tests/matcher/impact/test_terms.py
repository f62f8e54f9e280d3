"""Which terms of the cases another release reads otherwise, each kind by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from matcher.impact.terms import Change, is_open, term_changes
from ontologies import Ontology
from ontologies.ontology import build_ontology
from ontologies.terms import Term

ROOT, ABOVE, ONE, TWO, CASE_TERM = (
    "HP:0000001",
    "HP:0000118",
    "HP:0000002",
    "HP:0000003",
    "HP:0009999",
)
LIVE = {ROOT: (), ABOVE: (ROOT,), ONE: (ABOVE,), TWO: (ABOVE,)}


def release(found: Ontology, information: float = 1.0) -> Any:
    known = dict.fromkeys(found.term_ids, information)
    return SimpleNamespace(ontology=found, information_content=known)


def live(parent: str = ABOVE, label: str = "Sign") -> Ontology:
    """The term of the case is one of the terms."""
    named = {each: f"Name of {each}" for each in LIVE} | {CASE_TERM: label}
    terms = [Term(term_id=each, label=text) for each, text in named.items()]
    return build_ontology("1", terms, {**LIVE, CASE_TERM: (parent,)})


def retired(**stanza: Any) -> Ontology:
    """The term of the case is none any more."""
    terms = [Term(term_id=each, label=f"Name of {each}") for each in LIVE]
    terms.append(Term(term_id=CASE_TERM, label="Sign", obsolete=True, **stanza))
    return build_ontology("2", terms, LIVE)


def unknown() -> Ontology:
    return build_ontology("0", [Term(term_id=e, label=e) for e in LIVE], LIVE)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (live(), live(), None),
        (live(), retired(replaced_by=(ONE,)), Change.REPLACED),
        (live(), retired(replaced_by=(ONE, TWO)), Change.AMBIGUOUS),
        (live(), retired(consider=(ONE, TWO)), Change.AMBIGUOUS),
        (live(), retired(), Change.LOST),
        (live(), unknown(), Change.LOST),
        (unknown(), live(), Change.FOUND),
        (retired(consider=(ONE,)), live(), Change.FOUND),
        (retired(replaced_by=(ONE,)), retired(replaced_by=(TWO,)), Change.REPLACED),
        (retired(consider=(ONE, TWO)), retired(), Change.LOST),
        (live(), live(parent=ONE), Change.MOVED),
        (live(), live(label="Signs"), Change.RENAMED),
        (retired(), retired(), None),
        (unknown(), unknown(), None),
    ],
)
def test_each_change_is_named(
    before: Ontology, after: Ontology, expected: Change | None
) -> None:
    found = list(term_changes(release(before), release(after), {CASE_TERM: 3}))

    assert [each.change for each in found] == ([expected] if expected else [])


def test_those_of_most_cases_come_first_with_what_they_tell_more() -> None:
    before, after = release(live(), 1.0), release(retired(replaced_by=(ONE,)), 2.5)
    counts = {ONE: 9, CASE_TERM: 1, "hp:0009999": 5}

    found = list(term_changes(before, after, counts))

    assert [each.term_id for each in found] == ["hp:0009999", CASE_TERM]
    assert found[1].to_json() == {
        "term_id": CASE_TERM,
        "change": "replaced",
        "label": "Sign",
        "before": CASE_TERM,
        "after": ONE,
        "new_label": f"Name of {ONE}",
        "candidates": [],
        "gained_nats": 1.5,
    }


def test_a_split_term_tells_among_what_to_choose() -> None:
    (found,) = term_changes(
        release(live()), release(retired(consider=(ONE, TWO))), {CASE_TERM: 1}
    )

    assert is_open(found.after)
    assert found.to_json()["candidates"] == [ONE, TWO]
    assert found.gained_nats == -1.0
