"""Tables of cases: what columns hold, both layouts, and cells that mean no good."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from matcher.case import Case, DiseaseStatus, Onset, Sex
from matcher.errors import (
    BadMapping,
    BrokenArchive,
    ColumnsNotConfirmed,
    ProblemAt,
    TooLarge,
    UnreadableInput,
    UnreadableTable,
)
from matcher.readers import Report, read_cases
from matcher.readers.guesses import Guesser
from matcher.readers.report import CaseRecord
from matcher.readers.tables import (
    Role,
    TableLimits,
    cases_from_table,
    guessed_columns,
    mapped_columns,
    read_table,
)
from ontologies import Release


def cases_of(
    text: str | bytes, guesser: Guesser | None = None, report: Report | None = None
) -> list[Case]:
    """The cases of a table by the columns that are guessed for it."""
    report = Report() if report is None else report
    data = text.encode() if isinstance(text, str) else text
    table = read_table(data, CaseRecord(report, "here"))
    columns = guessed_columns(table)
    return list(cases_from_table(table, columns, report, "here", guesser or Guesser()))


def roles_of(header: str, row: str = "") -> list[Role]:
    table = read_table(f"{header}\n{row}\n".encode(), CaseRecord(Report(), ""))
    return [column.role for column in guessed_columns(table)]


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_one_row_a_case_in_any_encoding_with_any_delimiter(
    delimiter: str, encoding: str
) -> None:
    inner = ";" if delimiter != ";" else "|"
    lines = [
        [
            "Patient ID",
            "HPO terms",
            "Excluded",
            "Gene",
            "Sex",
            "Age",
            "Diagnosis",
            "Name at site",
        ],
        [
            "A1",
            f"HP:0001250{inner}HP:0000252 (Microcephaly)",
            "HP:0000154",
            "PHF14",
            "F",
            "4 y 2 m",
            "OMIM:610536",
            "Größe",
        ],
    ]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    [case] = cases_of(text.encode(encoding))

    assert case.case_id == "A1" and case.label == "Größe"
    assert case.observed == ("HP:0001250", "HP:0000252")
    assert case.excluded == ("HP:0000154",)
    assert case.genes == ("PHF14",) and case.sex is Sex.FEMALE
    assert case.age_years == pytest.approx(4.1667, abs=1e-3)
    assert case.diseases[0].status is DiseaseStatus.CONFIRMED


def test_one_row_a_feature_is_gathered_by_the_repeated_id() -> None:
    text = (
        "case_id,hpo_id,status,feature onset,sex\n"
        "A,HP:0001250,present,5 months,m\nB,HP:0000252,yes,,f\n"
        "A,HP:0000154,absent,,f\nA,HP:0000677,unknown,,\n,HP:0000677,yes,,\n"
    )
    report = Report()
    first, second = cases_of(text, report=report)

    assert first.observed == ("HP:0001250",) and first.excluded == ("HP:0000154",)
    assert first.features[0].onset == Onset(years=0.4167)
    assert first.sex is Sex.MALE and second.observed == ("HP:0000252",)
    told = " ".join(report.warnings)
    assert "Row 4 says 'f' where an earlier row of the case says 'm'" in told
    assert "cannot be told from 'unknown'" in told
    assert "Row 6 has no case id" in told


def test_a_column_of_its_own_for_each_term() -> None:
    text = "id,HP:0001250 Seizure,HP:0000252,HP:0000154\nA,1,no,\nB,?,yes,0\n"
    first, second = cases_of(text)

    assert (first.observed, first.excluded) == (("HP:0001250",), ("HP:0000252",))
    assert (second.observed, second.excluded) == (("HP:0000252",), ("HP:0000154",))


def test_labels_are_read_other_names_are_guessed_and_nonsense_is_told(
    release: Release,
) -> None:
    guesser, report = Guesser(release), Report()
    text = "id;features\nA;Seizure|floppy baby|=HYPERLINK(1)|zzzz qqqq\n"
    [case] = cases_of(text, guesser, report)

    assert case.observed == ("HP:0001250",)
    assert [guess.coded_id for guess in guesser.guesses] == ["HP:0008947"]
    assert "'zzzz qqqq' is no HPO id" in " ".join(report.warnings)


@pytest.mark.parametrize("column", ["features", "excluded"])
def test_a_negated_name_is_excluded_in_whatever_column(
    release: Release, column: str
) -> None:
    [case] = cases_of(f"id;{column}\nA;no microcephaly\n", Guesser(release))

    assert case.excluded == ("HP:0000252",) and case.observed == ()


@pytest.mark.parametrize(
    "header, role",
    [
        ("Patient ID", Role.CASE_ID),
        ("phenotypes", Role.OBSERVED),
        ("Phenotypic featuers", Role.OBSERVED),
        ("Absent features", Role.EXCLUDED),
        ("candidateGene", Role.GENES),
        ("Date of birth", Role.IGNORED),
        ("Name", Role.IGNORED),
        ("MRN", Role.IGNORED),
        ("shoe size", Role.IGNORED),
    ],
)
def test_headers_are_guessed_and_those_that_name_a_person_never_taken(
    header: str, role: Role
) -> None:
    assert roles_of(f"{header},other") == [role, Role.IGNORED]


def test_cells_tell_where_the_header_does_not() -> None:
    assert roles_of("id,xyz", "A,HP:0001250") == [Role.CASE_ID, Role.OBSERVED]


def test_of_two_columns_for_ids_one_has_them() -> None:
    assert roles_of("Patient ID,sample").count(Role.CASE_ID) == 1


def test_ages_in_months_are_told_by_the_header() -> None:
    assert cases_of("id,age in months\nA,18\n")[0].age_years == 1.5


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "'=1+1", "\t=1"]
)
def test_a_formula_is_text(cell: str) -> None:
    report = Report()
    text = f'id,features,label\n"A","{cell}","{cell}"\n'

    [case] = cases_of(text, report=report)

    assert case.features == ()
    assert case.label in (cell.strip(), cell.strip().removeprefix("'"))


def test_a_mapping_says_what_columns_hold(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("who,what\nA,HP:0001250\n")

    [case] = read_cases(path, columns={"who": "case id", "what": "excluded features"})

    assert case.excluded == ("HP:0001250",)


def test_a_table_without_a_mapping_is_refused_with_the_guess(tmp_path: Path) -> None:
    path = tmp_path / "cases.tsv"
    path.write_text("patient\thpo\nA\tHP:0001250\n")

    with pytest.raises(ColumnsNotConfirmed) as raised:
        read_cases(path)

    assert raised.value.guessed == {"patient": "case id", "hpo": "observed features"}


@pytest.mark.parametrize(
    "mapping", [{"nobody": "sex"}, {"a": "shoe size"}, {"a": "sex", "b": "sex"}]
)
def test_a_mapping_that_does_not_fit_is_named(mapping: dict[str, str]) -> None:
    with pytest.raises(BadMapping):
        mapped_columns(["a", "b"], mapping)


@pytest.mark.parametrize(
    "data, error",
    [
        (b"", UnreadableTable),
        (b"\n\n", UnreadableTable),
        (b"PK\x03\x04\0\0", UnreadableTable),
        (b"\x1f\x8bbroken", BrokenArchive),
        (gzip.compress(b"a" * 2_000), TooLarge),
        (b"a,b\n" * 2_000, TooLarge),
        (b"a\n" + b"b\n" * 60, UnreadableTable),
        (b",".join([b"a"] * 60), UnreadableTable),
        (b"a,b\n1," + b"x" * 300, UnreadableTable),
    ],
)
def test_hostile_tables_are_refused_by_name(
    data: bytes, error: type[UnreadableInput]
) -> None:
    limits = TableLimits(data=1_000, rows=50, columns=50, cell=200)

    with pytest.raises(error):
        read_table(data, CaseRecord(Report(), ""), limits)


def test_an_id_that_cannot_be_printed_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("id,hpo\n\u202eA,HP:0001250\n")

    with pytest.raises(ProblemAt, match="row 2"):
        read_cases(path, columns={"id": "case id"})


def test_a_row_that_is_too_long_is_told() -> None:
    report = Report()
    [case] = cases_of("id,hpo\nA,HP:0001250,HP:0000252\n", report=report)

    assert case.observed == ("HP:0001250",)
    assert "has 3 cells and the header 2" in report.warnings[0]


def test_only_so_many_words_are_looked_up(release: Release) -> None:
    guesser, report = Guesser(release, most=1), Report()
    text = "id;features\nA;floppy baby|lazy eye|Seizure\n"
    [case] = cases_of(text, guesser, report)

    assert [guess.entered for guess in guesser.guesses] == ["floppy baby"]
    assert case.observed == ("HP:0001250",)
    assert "1 different words were looked up already" in " ".join(report.warnings)
