"""A decision is taken once, by one curator, with who and why; and it can be taken back."""

from __future__ import annotations

import pytest

from matcher.readers.guesses import Guesser
from matcher.readers.report import CaseRecord, Report
from matcher.case import PhenotypicFeature
from web.abbreviations import Abbreviations, SiteWords
from web.audit import Audit
from web.unrecognised.arriving import Kind
from web.unrecognised.deciding import (
    DECIDED,
    LONGEST_REASON,
    BadDecision,
    DecidedMeanwhile,
    Decision,
    stand_for,
    stands_for,
)
from web.unrecognised.forgetting import forget_case
from web.unrecognised.queue import Order, State, UnknownEntry, Wanted
from web.unrecognised.suggesting import suggestions

from .conftest import UNKNOWN, WORDS, Desk

SEIZURE = "HP:0001250"


def test_a_local_word_is_found_by_the_search_until_it_is_taken_back(desk: Desk) -> None:
    def first() -> str:
        words = SiteWords(desk.release).lookup(desk.db)
        return words.search(WORDS, limit=1)[0].term_id

    desk.comes(WORDS)
    number = desk.only().number
    assert first() != SEIZURE

    decision = Decision(state=State.SYNONYM, term_id=SEIZURE, reason="our slang")
    decided = desk.decisions.decide(number, decision, actor="dana")

    assert first() == SEIZURE and decided.state is State.SYNONYM
    assert (decided.decided_by, decided.reason) == ("dana", "our slang")
    entry = list(Audit(desk.db).entries())[-1]
    assert (entry.actor, entry.action) == ("dana", DECIDED)
    assert entry.facts["entry"] == number and entry.facts["reason"] == "our slang"
    assert WORDS not in str(entry)

    opened = desk.decisions.decide(number, Decision(state=State.OPEN), actor="cleo")

    assert first() != SEIZURE and opened.decided_by == "" and opened.version == 2


def test_a_word_that_was_listed_before_stays_when_the_decision_is_taken_back(
    desk: Desk,
) -> None:
    desk.comes(WORDS)
    number = desk.only().number
    Abbreviations(desk.db).add(WORDS, "Seizure", "erin")

    decision = Decision(state=State.SYNONYM, term_id=SEIZURE)
    desk.decisions.decide(number, decision, actor="dana")
    desk.decisions.decide(number, Decision(state=State.OPEN), actor="dana")

    assert Abbreviations(desk.db).meanings() == {WORDS: ("Seizure",)}


def test_what_stands_for_a_term_is_offered_to_the_next_import(desk: Desk) -> None:
    desk.comes(WORDS, code=UNKNOWN)
    number = desk.only().number
    decision = Decision(state=State.TERM, term_id=SEIZURE)
    desk.decisions.decide(number, decision, actor="dana")

    chosen = stand_for(desk.db)
    guesser = Guesser(desk.release, stand_for=chosen)
    record = CaseRecord(Report(), "a file", "A")
    like = PhenotypicFeature(term_id="")

    assert stands_for(chosen, UNKNOWN) == SEIZURE and not stands_for(chosen, "HP:1")
    assert guesser.feature(record, "features", WORDS.title(), like) is None
    [guess] = guesser.guesses
    assert (guess.coded_id, guess.score) == (SEIZURE, 1.0)


def test_of_two_curators_one_wins_and_the_other_is_told(desk: Desk) -> None:
    desk.comes(WORDS)
    number = desk.only().number
    ignore = Decision(state=State.IGNORED)
    desk.decisions.decide(number, ignore, actor="dana", expected_version=0)

    other = Decision(state=State.TERM, term_id=SEIZURE)
    with pytest.raises(DecidedMeanwhile, match="by dana: ignored"):
        desk.decisions.decide(number, other, actor="cleo", expected_version=0)

    assert desk.queue.get(number).state is State.IGNORED
    assert [e.actor for e in Audit(desk.db).entries()] == ["dana"]


def test_erased_words_are_gone_and_are_never_kept_again(desk: Desk) -> None:
    desk.comes(WORDS)
    number = desk.only().number

    desk.decisions.decide(number, Decision(state=State.ERASED), actor="dana")
    desk.comes(WORDS, patients=["p7", "p8", "p9", "p10"])

    assert WORDS.encode() not in desk.bytes()
    assert desk.queue.count() == desk.queue.waiting() == 0
    with pytest.raises(BadDecision, match="erased for good"):
        desk.decisions.decide(number, Decision(state=State.OPEN), actor="dana")


def test_erased_words_that_were_a_local_word_are_in_no_history(desk: Desk) -> None:
    desk.comes(WORDS)
    number = desk.only().number
    word = Decision(state=State.SYNONYM, term_id=SEIZURE)
    desk.decisions.decide(number, word, actor="dana")

    desk.decisions.decide(number, Decision(state=State.ERASED), actor="dana")

    assert Abbreviations(desk.db).changes(9) == []
    assert WORDS.encode() not in desk.bytes()


def test_a_local_word_of_two_entries_stays_until_both_are_taken_back(
    desk: Desk,
) -> None:
    desk.comes(WORDS)
    desk.comes(WORDS, code=UNKNOWN)
    numbers = [entry.number for entry in desk.queue.page(Wanted())]
    word = Decision(state=State.SYNONYM, term_id=SEIZURE)
    for number in numbers:
        desk.decisions.decide(number, word, actor="dana")

    left = []
    for number in numbers:
        desk.decisions.decide(number, Decision(state=State.OPEN), actor="cleo")
        left.append(Abbreviations(desk.db).meanings())

    assert left == [{WORDS: ("Seizure",)}, {}]


def test_what_too_few_have_since_cases_were_erased_is_not_opened_again(
    desk: Desk,
) -> None:
    desk.comes(WORDS, kind=Kind.IMPORT)
    number = desk.only().number
    report = Decision(state=State.UPSTREAM)
    desk.decisions.decide(number, report, actor="dana")
    forget_case(desk.db, "p1")

    with pytest.raises(BadDecision, match="too few patients have it now"):
        desk.decisions.decide(number, Decision(state=State.OPEN), actor="dana")


def test_of_what_was_ignored_an_erased_case_leaves_nothing(desk: Desk) -> None:
    desk.comes(WORDS, kind=Kind.IMPORT)
    number = desk.only().number
    desk.decisions.decide(number, Decision(state=State.IGNORED), actor="dana")

    forget_case(desk.db, "p1")

    assert WORDS.encode() not in desk.bytes()
    desk.comes(WORDS, kind=Kind.IMPORT, patients=["p4"])
    again = desk.queue.get(number)
    assert (again.state, again.words) == (State.IGNORED, WORDS)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Decision(state=State.TERM), "No term is chosen"),
        (Decision(state=State.TERM, term_id="seizure"), "'seizure' is no phenotype"),
        (Decision(state=State.TERM, term_id="HP:0000006"), "is no phenotype of HPO"),
        # A retired id leads to the one that is right.
        (Decision(state=State.TERM, term_id="HP:0002279"), "is no phenotype of HPO"),
        (Decision(state=State.SYNONYM, term_id=SEIZURE), "came without words"),
        (Decision(state=State.OPEN), "is open already"),
        (
            Decision(state=State.IGNORED, reason="x" * (LONGEST_REASON + 1)),
            "at most 500",
        ),
    ],
)
def test_a_decision_that_cannot_be_taken_changes_nothing(
    desk: Desk, decision: Decision, said: str
) -> None:
    desk.comes("", code=UNKNOWN)
    number = desk.only().number

    with pytest.raises(BadDecision, match=said):
        desk.decisions.decide(number, decision, actor="dana")

    assert desk.only().version == 0 and not list(Audit(desk.db).entries())


def test_what_may_not_be_read_cannot_be_decided(desk: Desk) -> None:
    desk.comes(WORDS, patients=["p1"])

    for number in (1, 2, 2**70):
        with pytest.raises(UnknownEntry):
            desk.decisions.decide(number, Decision(state=State.IGNORED), actor="dana")


def test_suggestions_have_a_likeness_and_a_reason(desk: Desk) -> None:
    lookup = desk.release.lookup

    best, guess, *_ = suggestions("", "lazy eye", desk.release, lookup)
    assert best.label == "Amblyopia" and best.score is not None and best.score > 0.9
    assert best.why == "like its other name “Lazy eye”"
    assert guess.score is not None and guess.score < 0.6
    assert guess.why.startswith("a guess")
    assert suggestions(UNKNOWN, "", desk.release, lookup) == []


def test_a_retired_id_is_suggested_what_the_release_offers(desk: Desk) -> None:
    ontology = desk.release.ontology
    retired = next(
        each
        for each in ontology.obsolete_ids
        if ontology.resolve(each).term_id is None
        and any(map(ontology.is_phenotype, ontology.resolve(each).candidates))
    )

    [first, *_] = suggestions(retired, "", desk.release, desk.release.lookup)

    assert first.term_id in ontology.resolve(retired).candidates
    assert first.score is None and "in place of the id" in first.why


def test_the_queue_is_filtered_and_ordered(desk: Desk) -> None:
    desk.comes("odd ears")
    desk.pass_by(days=1)
    desk.comes(WORDS, patients=["a", "b", "c", "d"])
    desk.comes("", code=UNKNOWN)

    def found(**wanted: object) -> list[str]:
        return [e.said for e in desk.queue.page(Wanted(**wanted))]  # type: ignore[arg-type]

    assert found() == [WORDS, UNKNOWN, "odd ears"]
    assert found(order=Order.LATEST) == [UNKNOWN, WORDS, "odd ears"]
    assert found(find="ZEBRA") == [WORDS] and found(find="9999") == [UNKNOWN]
    assert found(find="%") == [] and found(state=State.IGNORED) == []
    assert desk.queue.counts()[State.OPEN] == desk.queue.count() == 3
