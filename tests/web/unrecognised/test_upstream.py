"""The report for the HPO tracker says what is missing, and nothing of patients or sources."""

from __future__ import annotations

import pytest

from ontologies.ontology import Ontology
from web.unrecognised.arriving import Kind
from web.unrecognised.deciding import Decision, Place
from web.unrecognised.queue import State, Wanted
from web.unrecognised.upstream import COLUMNS, Form, reportable, written

from .conftest import UNKNOWN, WORDS, Desk

SEIZURE = "HP:0001250"


def reported(desk: Desk, form: Form) -> str:
    entries = reportable(desk.db)
    return written(form, entries, desk.release, desk.release.lookup)


def test_a_report_names_place_and_release_and_tells_counts_in_ranges(
    desk: Desk,
) -> None:
    desk.comes(WORDS, patients=[f"p{n}" for n in range(13)])
    desk.comes(WORDS, patients=["x"], origin="Harbour")
    desk.comes("N-1", patients=["N-1"], kind=Kind.IMPORT, origin="North")
    decision = Decision(
        state=State.UPSTREAM, term_id=SEIZURE, place=Place.BELOW, reason="not told"
    )
    desk.decisions.decide(desk.only().number, decision, actor="dana")

    header, row = reported(desk, Form.TSV).splitlines()
    text = reported(desk, Form.MARKDOWN)

    version = desk.release.ontology.version
    assert tuple(header.split("\t")) == COLUMNS
    assert row.split("\t") == [
        WORDS,
        "",
        "a new term below",
        SEIZURE,
        "Seizure",
        "1 or 2",
        "10 to 49",
        version,
    ]
    assert f"## {WORDS}\n\n- may be a new term below: Seizure ({SEIZURE})\n" in text
    assert version in text
    for of_somebody in ("dana", "not told", "Island", "Harbour", "2026-11-02", "14"):
        assert of_somebody not in text.replace(version, "") + row.replace(version, "")


def test_a_label_of_a_hostile_release_is_no_formula_link_or_column(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.comes(WORDS)
    decision = Decision(state=State.UPSTREAM, term_id=SEIZURE)
    desk.decisions.decide(desk.only().number, decision, actor="dana")
    label = "=cmd()\t[a](http://b.example)\n# <i>"
    monkeypatch.setattr(Ontology, "label", lambda self, term_id: label)

    _, row = reported(desk, Form.TSV).splitlines()
    *_, line, _ = reported(desk, Form.MARKDOWN).splitlines()

    assert row.split("\t")[4] == "'=cmd() [a](http://b.example) # <i>"
    assert r"=cmd() \[a\](http://b.example) \# \<i\>" in line


def test_without_a_chosen_term_the_nearest_is_named(desk: Desk) -> None:
    desk.comes("floppy baby")
    desk.decisions.decide(
        desk.only().number, Decision(state=State.UPSTREAM), actor="dana"
    )

    assert "not placed; nearest: Floppy infant" in reported(desk, Form.MARKDOWN)


def test_chosen_entries_are_reported_without_those_that_were_ignored(
    desk: Desk,
) -> None:
    desk.comes(WORDS)
    desk.comes("", code=UNKNOWN)
    first, second = (each.number for each in desk.queue.page(Wanted()))
    desk.decisions.decide(second, Decision(state=State.IGNORED), actor="dana")

    assert reportable(desk.db) == []
    assert [e.number for e in reportable(desk.db, [first, first, second])] == [first]
