"""How a report counts, keeps and tells what became of each value."""

from __future__ import annotations

import json

from matcher.readers.report import CaseRecord, Kind, Report, Wrong


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
