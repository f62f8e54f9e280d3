"""`secondcase groups`: the groups of `find_groups`, in every format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher import Matcher, read_cases
from matcher.case import Case, GenomicFeature
from matcher.cohort import Cohort, EdgeRule, find_groups
from matcher.evidence import EvidenceKind
from matcher.readers import phenopackets
from matcher.simulation import simulate_cases
from ontologies import Release
from web.cli import main
from web.cli.cases.cohorts import MOST_TERMS, as_csv, as_json, as_table


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def succeed(*arguments: str) -> str:
    done = call("groups", *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="session")
def cases(release: Release) -> list[Case]:
    """Forty unrelated cases, then two of them thrice again, with a gene in common."""
    unrelated = list(simulate_cases(release, 40, seed=11))
    again = [
        replace(
            unrelated[number],
            case_id=f"case-{number}-{copy}",
            genomic_features=(GenomicFeature(gene=gene),),
            diseases=(),
            solved=False,
        )
        for number, gene in enumerate(("KMT2D", "SCN1A"))
        for copy in range(3)
    ]
    return [*unrelated, *again]


@pytest.fixture
def cohort_path(home: Path, tmp_path: Path, cases: list[Case]) -> str:
    path = tmp_path / "cohort.jsonl"
    lines = (json.dumps(phenopackets.to_json(case)) for case in cases)
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def found(release: Release, path: str, **more: Any) -> Cohort:
    """What the library finds among the cases of a file."""
    read = read_cases(path)
    kinds = more.pop("evidence", None)
    shortlists = Matcher(release, read).rank_many(read, evidence=kinds)
    return find_groups(release, read, shortlists, **more)


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_every_format_tells_the_groups_that_the_library_finds(
    release: Release, cohort_path: str, output: str
) -> None:
    write = {"table": as_table, "json": as_json, "csv": as_csv}[output]
    cohort = found(release, cohort_path)

    told = succeed(cohort_path, "--format", output)

    assert cohort.groups
    expected = write(cohort, read_cases(cohort_path))
    assert told == "".join(f"{line}\n" for line in expected)


def test_json_is_everything_that_is_known_of_the_groups(
    release: Release, cohort_path: str
) -> None:
    told = json.loads(succeed(cohort_path, "--format", "json"))

    assert told == json.loads(json.dumps(found(release, cohort_path).to_json()))
    first = told["groups"][0]
    assert first["sentence"] == (
        "Four cases, one of them with a diagnosis, look alike. Three of them list KMT2D."
    )
    assert {"shared", "distinctive", "genes", "firmness"} <= first.keys()


def test_table_says_what_sets_a_group_apart(cohort_path: str) -> None:
    told = succeed(cohort_path)

    assert " cases form " in told.splitlines()[0]
    assert "Group 1: " in told
    assert "  Genes: KMT2D (listed by 3 of them, 0 others)" in told
    assert "  In common:" in told
    assert "  What sets them apart:" in told and "(corrected p " in told
    assert "of resamples" in told


def test_table_leaves_the_long_tail_to_json(release: Release, cohort_path: str) -> None:
    cohort = found(release, cohort_path)
    group = cohort.groups[0]
    many = replace(group, shared=group.shared[:1] * (MOST_TERMS + 3))

    told = list(as_table(replace(cohort, groups=(many,)), []))

    assert "    and 3 more, which --format json tells" in told


def test_csv_has_a_row_for_each_member(release: Release, cohort_path: str) -> None:
    rows = list(csv.DictReader(io.StringIO(succeed(cohort_path, "--format", "csv"))))

    groups = found(release, cohort_path).groups
    assert [(row["group"], row["case_id"]) for row in rows] == [
        (str(number), case_id)
        for number, group in enumerate(groups, start=1)
        for case_id in group.case_ids
    ]
    assert {row["firmness"] for row in rows} <= {
        str(share) for group in groups for share in group.firmness_of.values()
    }


@pytest.mark.parametrize(
    ("flags", "more"),
    [
        (("--smallest", "5"), {"smallest": 5}),
        (("--resamples", "0"), {"resamples": 0}),
        (
            ("--least-probability", "0.05", "--least-band", "look"),
            {"rule": EdgeRule(alone=0.05, mutual=1 / 50)},
        ),
        (
            ("--least-probability", "0.999"),
            {"rule": EdgeRule(alone=0.999)},
        ),
        (
            ("--evidence", "phenotype"),
            {"evidence": frozenset({EvidenceKind.PHENOTYPE})},
        ),
    ],
)
def test_flags_are_the_settings_of_the_library(
    release: Release, cohort_path: str, flags: tuple[str, ...], more: dict[str, Any]
) -> None:
    told = json.loads(succeed(cohort_path, "--format", "json", *flags))

    assert told == json.loads(json.dumps(found(release, cohort_path, **more).to_json()))


def test_the_same_cases_form_the_same_groups_in_any_order(
    cohort_path: str, cases: list[Case]
) -> None:
    told = succeed(cohort_path, "--format", "json")
    lines = Path(cohort_path).read_text().splitlines()
    Path(cohort_path).write_text("\n".join(reversed(lines)))

    assert succeed(cohort_path, "--format", "json") == told


def test_an_interrupted_search_goes_on(cohort_path: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    whole = succeed(cohort_path, "--resume", str(kept))
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:20]))

    assert succeed(cohort_path, "--resume", str(kept)) == whole
    assert kept.read_text() == "".join(lines)


def test_stored_cases_are_grouped_with_their_sites(cohort_path: str) -> None:
    assert call("import", cohort_path, "--site", "North").exit_code == 0

    told = succeed("store")

    assert " at one site, " in " ".join(told.split())
    assert "  Sites: North (" in told


def test_an_id_from_the_store_moves_no_cursor(
    release: Release, cohort_path: str
) -> None:
    cohort = found(release, cohort_path)
    odd = replace(cohort.groups[0], case_ids=("a\n=1+1\x9b31m",), sites={"\x9b2J": 1})
    told = replace(cohort, groups=(odd,))
    cases = [Case(case_id="a\n=1+1\x9b31m", site="=1+1")]

    for write in (as_table, as_csv, as_json):
        assert all(line.isprintable() for line in write(told, cases))
    assert '"\'=1+1"' in "".join(as_csv(told, cases))


def test_nothing_alike_is_said(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    packet = phenopackets.to_json(Case(case_id="alone"))
    path.write_text(json.dumps(packet))

    assert succeed(str(path)) == "There is one case: nothing to compare.\n"


def test_an_empty_store_is_said(home: Path) -> None:
    done = call("groups", "store")

    assert done.exit_code == 1 and "secondcase import" in done.stderr


def test_a_probability_that_is_no_number_is_refused(cohort_path: str) -> None:
    done = call("groups", cohort_path, "--least-probability", "nan")
    assert done.exit_code == 2
    assert "nan is not a number from 0 to 1" in done.stderr
