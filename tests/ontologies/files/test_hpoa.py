from __future__ import annotations

import re

import pytest

from ontologies.errors import InvalidAnnotations
from ontologies.files.hpoa import COLUMNS, Aspect, parse_frequency, read_hpoa

HEADER = ("#version: 2031-02-03", "\t".join(COLUMNS))


def row(**cells):
    usual = {
        "database_id": "OMIM:154700",
        "disease_name": "Marfan syndrome",
        "hpo_id": "HP:0001166",
        "reference": "PMID:1",
        "evidence": "PCS",
        "aspect": "P",
    }
    return "\t".join({**usual, **cells}.get(column, "") for column in COLUMNS)


def write(folder, *lines):
    path = folder / "phenotype.hpoa"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", None),
        ("3/4", 0.75),
        ("0/5", 0.0),
        ("40%", 0.4),
        ("2.5%", 0.025),
        ("100%", 1.0),
        ("HP:0040280", 1.0),
        ("HP:0040281", 0.895),
        ("HP:0040282", 0.545),
        ("HP:0040283", 0.17),
        ("HP:0040284", 0.025),
        ("HP:0040285", 0.0),
    ],
)
def test_frequency_is_read_in_all_its_notations(text, share):
    assert parse_frequency(text) == pytest.approx(share)


@pytest.mark.parametrize(
    "text",
    ["often", "5/4", "0/0", "1/", "/3", "-1/3", "101%", "HP:0040279", "1/2/3", "½"],
)
def test_text_that_is_no_frequency_is_refused(text):
    with pytest.raises(ValueError, match="is not a frequency such as"):
        parse_frequency(text)


def test_frequency_terms_are_those_of_the_ontology(release):
    labels = [release.ontology.label(f"HP:004028{n}") for n in range(6)]
    assert labels == [
        "Obligate",
        "Very frequent",
        "Frequent",
        "Occasional",
        "Very rare",
        "Excluded",
    ]


@pytest.mark.parametrize(
    ("cells", "negated"),
    [
        ({}, False),
        ({"frequency": "1/9"}, False),
        ({"qualifier": "NOT"}, True),
        ({"frequency": "0/9"}, True),
        ({"frequency": "0%"}, True),
        ({"frequency": "HP:0040285"}, True),
    ],
)
def test_row_that_says_not_or_seen_in_none_is_negated(tmp_path, cells, negated):
    (only,) = read_hpoa(write(tmp_path, *HEADER, row(**cells))).rows
    assert only.negated is negated


def test_row_is_read_with_its_line(tmp_path):
    content = read_hpoa(write(tmp_path, *HEADER, row(), row(onset="HP:0003577")))
    assert content.version == "2031-02-03"
    assert [each.line for each in content.rows] == [3, 4]
    assert content.rows[1].onset == "HP:0003577"
    assert content.rows[0].aspect is Aspect.PHENOTYPE


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row() + "\tmore", "line 3: it has 13 columns, not 12"),
        ("", "line 3: it has 1 columns, not 12"),
        (row(database_id="154700"), "'154700' is not a disease id such as OMIM:154700"),
        (row(hpo_id="HP:1"), "'HP:1' is not an HPO id such as HP:0001250"),
        (row(onset="birth"), "'birth' is not an HPO onset such as HP:0003577"),
        (row(qualifier="not"), "'not' is neither empty nor NOT"),
        (row(frequency="often"), "'often' is not a frequency"),
        (row(aspect="Q"), "line 3: 'Q' is not a valid Aspect"),
    ],
)
def test_broken_row_is_refused_with_its_line(tmp_path, line, message):
    with pytest.raises(InvalidAnnotations, match=re.escape(message)):
        read_hpoa(write(tmp_path, *HEADER, line))


def test_all_broken_rows_are_listed_and_many_are_counted(tmp_path):
    path = write(tmp_path, *HEADER, *[row(aspect="Q")] * 25)
    with pytest.raises(
        InvalidAnnotations, match="(?s)for 25 reason.*and 5 more"
    ) as caught:
        read_hpoa(path)
    assert [error.line for error in caught.value.findings] == list(range(3, 28))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "no line with the names of the columns"),
        (HEADER[:1], "no line with the names of the columns"),
        (HEADER, "there are no rows"),
        ((HEADER[1], row()), "line 1: no '#version:' line stands above"),
        (
            (HEADER[0], "disease\tsign", row()),
            "line 2: the columns are not database_id",
        ),
    ],
)
def test_file_without_its_header_or_rows_is_refused(tmp_path, lines, message):
    with pytest.raises(InvalidAnnotations, match=re.escape(message)):
        read_hpoa(write(tmp_path, *lines))
