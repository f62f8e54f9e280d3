"""`secondcase match`: the same answers as of `Matcher.rank`, in every format, and resumable."""

from __future__ import annotations

import csv
import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher import Calibration, Constraints, Matcher, read_cases
from matcher.case import Case, Disease, GenomicFeature, Onset, PhenotypicFeature
from matcher.evidence import EvidenceKind
from matcher.matches import Ranking
from matcher.readers import phenopackets
from matcher.simulation import simulate_cases
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.library import data_directory
from web.cli.cases import calibration as calibration_command
from web.cli import main
from web.cli.cases import matching
from web.cli.progress import shown
from web.cli.cases.rankings import table_block, writers
from web.config import load_settings
from web.db import open_database

GENES = ("KMT2D", "SCN1A", "KARS1")
TERMS = ("HP:0001250", "HP:0001252", "HP:0000252")
# Obsolete with one term in its place, obsolete without, another id of a term, and no term.
REPLACED, OBSOLETE, UNKNOWN = "HP:0040168", "HP:0003494", "HP:9999999"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["match", *arguments])


def succeed(*arguments: str) -> Result:
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="session")
def cohort(release: Release, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of thirty cases that have more or less of every kind of evidence."""
    cases = [
        replace(
            case,
            genomic_features=(GenomicFeature(gene=GENES[at % 3]),) if at % 4 else (),
            onset=Onset(years=float(at)) if at % 3 else None,
            diseases=(Disease(disease_id="OMIM:610536"),) if at % 5 else (),
            solved=not at % 2,
        )
        for at, case in enumerate(simulate_cases(release, 30, seed=7))
    ]
    path = tmp_path_factory.mktemp("cohort") / "cohort.jsonl"
    lines = (json.dumps(phenopackets.to_json(case)) for case in cases)
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


@pytest.fixture
def matcher(home: Path, release: Release, cohort: str) -> Matcher:
    return Matcher(release, read_cases(cohort))


def against_itself(cohort: str, *arguments: str) -> str:
    return succeed(cohort, "--against", cohort, *arguments).stdout


def each_alone(matcher: Matcher, cohort: str, **asked: Any) -> list[Ranking]:
    return [matcher.answer(query, **asked) for query in read_cases(cohort)]


@pytest.mark.parametrize("output", ["json", "csv", "table"])
@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ((), {}),
        (("--top", "0"), {"limit": None}),
        (("--top", "3"), {"limit": 3}),
        (
            ("--evidence", "gene,onset"),
            {"evidence": frozenset({EvidenceKind.GENE, EvidenceKind.ONSET})},
        ),
        (
            ("--evidence", "phenotype,diagnosis"),
            {"evidence": frozenset({EvidenceKind.PHENOTYPE, EvidenceKind.DIAGNOSIS})},
        ),
        (
            ("--must-share-gene",),
            {"constraints": Constraints(must_share_gene=True)},
        ),
        (
            ("--must-have", "HP:0000707", "--exclude-solved", "--top", "5"),
            {
                "limit": 5,
                "constraints": Constraints(must_have="HP:0000707", exclude_solved=True),
            },
        ),
        (("--no-test",), {"constraints": Constraints(test=False)}),
    ],
)
def test_every_format_says_what_is_found_for_each_alone(
    matcher: Matcher,
    output: str,
    flags: tuple[str, ...],
    asked: dict[str, Any],
    cohort: str,
) -> None:
    write = writers(styled=False)[output]

    told = against_itself(cohort, "--format", output, *flags)

    expected = "".join(map(write, each_alone(matcher, cohort, **asked)))
    if output == "csv":
        told = told.partition("\n")[2]
    assert told == expected


def test_json_holds_every_number_in_full(matcher: Matcher, cohort: str) -> None:
    told = [
        json.loads(line)
        for line in against_itself(cohort, "--format", "json").splitlines()
    ]

    assert told == [
        {
            "query_id": query.case_id,
            "matches": [
                {
                    "rank": found.rank,
                    "case_id": found.case_id,
                    "score": found.score,
                    "probability": found.probability,
                    "efm": found.efm,
                    "band": str(found.band),
                    "evidence": [
                        {
                            "kind": str(each.kind),
                            "log_likelihood_ratio": each.log_likelihood_ratio,
                            "missing": each.missing or None,
                        }
                        for each in found.evidence
                    ],
                    "reasons": [r.text for r in found.explanation().reasons],
                }
                for found in matcher.rank(query)
            ],
        }
        for query in read_cases(cohort)
    ]


def test_csv_holds_every_number_in_full(matcher: Matcher, cohort: str) -> None:
    rows = list(csv.DictReader(io.StringIO(against_itself(cohort, "--format", "csv"))))

    expected = [
        match for answer in each_alone(matcher, cohort) for match in answer.matches
    ]
    assert [(float(r["score"]), float(r["probability"])) for r in rows] == [
        (match.score, match.probability) for match in expected
    ]


def test_table_names_its_columns_and_says_how_likely(
    matcher: Matcher, cohort: str
) -> None:
    title, head, best, *_ = against_itself(cohort, "--top", "1").splitlines()

    (found,) = matcher.rank(read_cases(cohort)[0], limit=1)
    assert title.endswith("best of 29 cases")
    assert head.split() == ["rank", "same", "disorder", "score", "band", "case"]
    assert f"  {found.explanation().ladder.result}  " in best
    assert best.index(found.case_id) == head.index("case")
    assert best.index(str(found.band)) == head.index("band")


def test_table_has_colours_on_a_terminal_alone(matcher: Matcher, cohort: str) -> None:
    answer = matcher.answer(read_cases(cohort)[0])

    assert "\x1b[" in table_block(answer, styled=True)
    assert "\x1b[" not in against_itself(cohort)


def test_an_interrupted_call_goes_on_and_prints_everything_once(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cohort: str
) -> None:
    kept = tmp_path / "kept.jsonl"
    flags = ("--format", "csv", "--resume", str(kept))
    whole = against_itself(cohort, *flags)
    kept.write_text("".join(kept.read_text().splitlines(keepends=True)[:29]))
    made: list[str] = []

    def counted(styled: bool) -> Any:
        return {"csv": lambda r: made.append(r.query_id) or writers(styled)["csv"](r)}

    monkeypatch.setattr(matching, "writers", counted)
    again = against_itself(cohort, *flags)

    assert again == whole == against_itself(cohort, "--format", "csv")
    assert made == [query.case_id for query in read_cases(cohort)[28:]]


def test_a_file_of_another_call_is_refused(
    home: Path, tmp_path: Path, cohort: str
) -> None:
    kept = str(tmp_path / "kept.jsonl")
    against_itself(cohort, "--resume", kept)

    done = call(cohort, "--against", cohort, "--resume", kept, "--top", "3")

    assert done.exit_code == 1 and "limit" in done.stderr and not done.stdout


def test_the_calibration_of_the_settings_counts(
    home: Path, release: Release, monkeypatch: pytest.MonkeyPatch, cohort: str
) -> None:
    monkeypatch.setattr(calibration_command, "PANEL_CASES", 30)
    made = CliRunner().invoke(main, ["calibrate"]).stdout.strip()
    calibration = Calibration.open(data_directory() / "calibrations" / made, release)
    monkeypatch.setenv("SECONDCASE_CALIBRATION", made)
    monkeypatch.setenv("SECONDCASE_BAND_LOOK", "0.001")
    monkeypatch.setenv("SECONDCASE_EXPECTED_PARTNERS", "3")

    told = against_itself(cohort, "--format", "json")

    bands = replace(calibration.bands, look=0.001)
    chosen = replace(calibration, bands=bands, expected_partners=3.0)
    matcher = Matcher(release, read_cases(cohort), chosen)
    assert told == "".join(map(writers(False)["json"], each_alone(matcher, cohort)))


def test_a_calibration_that_is_not_there_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, cohort: str
) -> None:
    monkeypatch.setenv("SECONDCASE_CALIBRATION", "0123456789abcdef")

    done = call(cohort, "--against", cohort)

    assert done.exit_code == 1 and "0123456789abcdef" in done.stderr


def test_unknown_and_obsolete_ids_of_a_query_are_named(
    home: Path, tmp_path: Path, cohort: str
) -> None:
    query = {
        "id": "odd",
        "features": [{"id": term} for term in (UNKNOWN, OBSOLETE, REPLACED, *TERMS)],
        "contact": {"name": "A", "href": "mailto:a@example.org"},
    }
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"patient": query}))

    done = succeed(str(path), "--against", cohort, "--format", "json")

    assert len(json.loads(done.stdout)["matches"]) == 20
    assert f"odd: not in the release, left out: {UNKNOWN}, {OBSOLETE}" in done.stderr
    assert f"{REPLACED} is replaced: read as HP:0007359" in done.stderr


def test_a_condition_on_no_term_is_refused(home: Path, cohort: str) -> None:
    done = call(cohort, "--against", cohort, "--must-have", UNKNOWN)

    assert done.exit_code == 2 and UNKNOWN in done.stderr


def stored(*cases: Case, **more: Any) -> None:
    with CaseStore(open_database(load_settings().database), **more) as store:
        store.put_many(cases, actor="test")


def a_case(case_id: str, **more: Any) -> Case:
    features = tuple(PhenotypicFeature(term_id=term) for term in TERMS)
    return Case(case_id=case_id, features=features, **more)


def found_in_store(query: Path, *flags: str) -> set[str]:
    done = succeed(str(query), "--against", "store", "--format", "json", *flags)
    (answer,) = map(json.loads, done.stdout.splitlines())
    return {match["case_id"] for match in answer["matches"]}


@pytest.fixture
def query(home: Path, tmp_path: Path) -> Path:
    """A query like each of the stored cases."""
    stored(a_case("north", site="North"), a_case("trial", site="South", test=True))
    path = tmp_path / "query.json"
    features = [{"type": {"id": term, "label": ""}} for term in TERMS]
    packet = {
        "id": "query",
        "subject": {"id": "query"},
        "phenotypicFeatures": features,
        "metaData": {"phenopacketSchemaVersion": "2.0"},
    }
    path.write_text(json.dumps(packet))
    return path


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), {"north", "trial"}),
        (("--site", "North"), {"north"}),
        (("--test",), {"trial"}),
        (("--no-test",), {"north"}),
        (("--new-since", "2000-01-01"), {"north", "trial"}),
        (("--new-since", "2999-01-01"), set()),
    ],
)
def test_conditions_leave_out_stored_cases(
    query: Path, flags: tuple[str, ...], expected: set[str]
) -> None:
    assert found_in_store(query, *flags) == expected


def test_new_since_tells_cases_by_the_day_they_were_saved(query: Path) -> None:
    saved = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    stored(a_case("old"), clock=lambda: saved)

    assert "old" in found_in_store(query, "--new-since", "2001-02-03")
    assert found_in_store(query, "--new-since", "2001-02-04") == {"north", "trial"}


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (None, {"alice-1", "alice-2", "bob"}),
        ("--exclude-own-submitter", {"bob"}),
        ("--exclude-own-family", {"alice-2", "bob"}),
    ],
)
def test_stored_cases_can_be_held_against_each_other_and_leave_out_their_own(
    home: Path, flag: str | None, expected: set[str]
) -> None:
    stored(
        a_case("alice-0", submitter="alice", family="F"),
        a_case("alice-1", submitter="alice", family="F"),
        a_case("alice-2", submitter="alice", family="G"),
        a_case("bob", submitter="bob"),
    )

    flags = ("--format", "json", *([flag] if flag else []))
    done = succeed("store", "--against", "store", *flags)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query_id"] for answer in answers] == [
        "alice-0",
        "alice-1",
        "alice-2",
        "bob",
    ]
    assert {match["case_id"] for match in answers[0]["matches"]} == expected


def test_new_since_is_for_stored_cases(home: Path, cohort: str) -> None:
    done = call(cohort, "--against", cohort, "--new-since", "2026-01-01")

    assert done.exit_code == 2 and "--against store" in done.stderr


def test_progress_is_drawn_without_a_thread() -> None:
    before = threading.active_count()

    with shown() as tell:
        tell("Ranking", 1, 2)

        assert threading.active_count() == before
