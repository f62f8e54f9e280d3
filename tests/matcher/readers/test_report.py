"""How a report counts, keeps and tells what became of each value."""

from __future__ import annotations

import json

import pytest

from matcher.case import PhenotypicFeature
from matcher.readers import cases_in
from matcher.readers.guesses import Guesser
from matcher.readers.report import CaseRecord, Kind, Report, Uncoded, Wrong
from ontologies import Release


def test_counts_stay_complete_when_entries_are_full() -> None:
    report = Report(limit=2)
    record = CaseRecord(report, "file", "A")
    for number in range(5):
        record.dropped("field", number, f"{number} was dropped.")
    assert report.counts[Kind.DROPPED]["field"] == 5
    assert [entry.value for entry in report.entries] == ["0", "1"]
    assert report.omitted == 3


def test_warnings_are_what_was_guessed_or_dropped_each_once() -> None:
    report = Report()
    record = CaseRecord(report, "file", "A")
    record.changed("a", "hp:1", "Changed.")
    record.guessed("b", "x", "Guessed.")
    record.dropped("c", "y", "Dropped.")
    record.dropped("c", "z", "Dropped.")
    assert report.warnings == ("Guessed.", "Dropped.")


def test_lines_summarise_by_kind_with_the_largest_count_first() -> None:
    report = Report()
    report.cases = 1200
    record = CaseRecord(report, "file")
    record.mapped("few", 2)
    record.mapped("many", 3000)
    record.mapped("none", 0)
    record.ignored("unknown")
    assert list(report.lines()) == [
        "1,200 cases read",
        "mapped: many 3,000, few 2",
        "dropped: unknown 1",
    ]


def test_summary_of_many_fields_is_short() -> None:
    report = Report()
    for number in range(40):
        report.count(Kind.DROPPED, f"field{number:02d}")
    assert list(report.lines())[1].endswith("field11 1, and 28 fields more")


def test_json_form_has_everything() -> None:
    report = Report()
    report.cases = 1
    CaseRecord(report, "file", "A").guessed("field", 7, "Guessed.")
    assert json.loads(json.dumps(report.to_json())) == {
        "cases": 1,
        "counts": {"mapped": {}, "guessed": {"field": 1}, "dropped": {}},
        "entries": [
            {
                "kind": "guessed",
                "case_id": "A",
                "source": "file",
                "field": "field",
                "value": "7",
                "message": "Guessed.",
            }
        ],
        "omitted": 0,
    }


def test_entries_stay_short_whatever_was_sent() -> None:
    report = Report()
    CaseRecord(report, "file", "A").dropped("field", "x" * 10_000, "y" * 10_000)
    assert len(report.entries[0].value) == 200
    assert len(report.entries[0].message) == 400


def test_troubles_hold_places_and_never_values() -> None:
    report = Report(limit=2)
    record = CaseRecord(report, "file", "A")
    record.changed("a", "hp:1", "Changed.")
    record.guessed("b.c", "x", "Guessed x.", place="b[3].c", right="a number")
    record.dropped("d", "y", "Dropped y.", wrong=Wrong.MISSING)
    record.dropped("e", "z", "Beyond the limit.")

    assert list(map(str, report.troubles)) == [
        "b[3].c: read by a guess; a number",
        "d: missing",
    ]


PATIENT = {"id": "A", "features": [{"id": "HP:0001250"}, {"label": "odd toes"}]}
PACKET = {
    "id": "A",
    "phenotypicFeatures": [
        {"type": {"id": "HP:0001250"}},
        {"type": {"label": "odd toes"}},
    ],
    "metaData": {"phenopacketSchemaVersion": "2.0"},
}
BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "A"}},
        {
            "resource": {
                "resourceType": "Condition",
                "subject": {"reference": "Patient/A"},
                "code": {"text": "odd toes"},
            }
        },
    ],
}


@pytest.mark.parametrize("document", [PATIENT, PACKET, BUNDLE])
def test_features_in_words_alone_are_kept_whatever_the_limit(
    document: dict[str, object],
) -> None:
    report = Report(limit=0)

    [case] = cases_in(document, report, "", Guesser())

    assert report.uncoded == [Uncoded(case.case_id, "odd toes")]
    assert report.entries == []


def test_words_that_are_a_name_of_a_term_are_not_among_them(release: Release) -> None:
    report = Report()
    like = PhenotypicFeature(term_id="")

    for words in ("Seizure", "lazy eye", "zebra toes"):
        Guesser(release).feature(CaseRecord(report, ""), "features", words, like)

    assert [each.words for each in report.uncoded] == ["zebra toes"]
