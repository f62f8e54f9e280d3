"""A query must say enough, and no peer may ask for more work than a patient needs."""

from __future__ import annotations

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature
from ontologies import Release
from web.mme.answering.questions import (
    MOST_FEATURES,
    MOST_GENES,
    bounded,
    too_little,
    unknown,
)
from web.mme.answering.turns import AT_A_TIME, TooManyAtOnce, Turns

SEIZURE, HYPOTONIA, MICROCEPHALY = "HP:0001250", "HP:0001252", "HP:0000252"


def asked(*terms: str, genes: tuple[str, ...] = ()) -> Case:
    return Case(
        case_id="theirs-1",
        features=tuple(PhenotypicFeature(term_id=term_id) for term_id in terms),
        genomic_features=tuple(GenomicFeature(gene=gene) for gene in genes),
    )


@pytest.mark.parametrize(
    "query",
    [
        asked(SEIZURE, HYPOTONIA, MICROCEPHALY),
        asked(genes=("EFTUD2",)),
        asked(genes=("ENSG00000108883",)),
    ],
)
def test_three_terms_or_a_gene_are_enough(release: Release, query: Case) -> None:
    assert too_little(query, release) == ""


@pytest.mark.parametrize(
    "query",
    [
        asked(SEIZURE, HYPOTONIA),
        asked(SEIZURE, genes=("NOSUCHGENE1",)),
        asked(SEIZURE, SEIZURE, "hp:0001250"),
        asked(SEIZURE, HYPOTONIA, "HP:9999999"),
        asked(SEIZURE, HYPOTONIA, "HP:0000006"),
        # Abnormality of the nervous system, and its physiology: above seizure.
        asked(SEIZURE, "HP:0000707", "HP:0012638"),
        # Above nothing else here, but seen in most diseases.
        asked(SEIZURE, MICROCEPHALY, "HP:0000118"),
        asked("HP:0000707", "HP:0000924", "HP:0000152"),
    ],
)
def test_a_probe_is_not_enough(release: Release, query: Case) -> None:
    assert "at least 3" in too_little(query, release)


def test_an_excluded_gene_is_not_enough(release: Release) -> None:
    query = Case(
        case_id="theirs-1",
        genomic_features=(GenomicFeature(gene="EFTUD2", excluded=True),),
    )

    assert too_little(query, release)


def test_of_a_long_message_the_first_are_used_and_that_is_said_once_each() -> None:
    terms = [f"HP:{number:07}" for number in range(1, 5_001)]
    genes = tuple(f"GENE{number}" for number in range(300))
    warnings: list[str] = []

    query = bounded(asked(*terms, genes=genes), warnings)

    assert query.observed == tuple(terms[:MOST_FEATURES])
    assert query.genes == genes[:MOST_GENES]
    assert [line.split(" were")[0] for line in warnings] == [
        "Of 5,000 different features the first 200",
        "Of 300 different genomicFeatures the first 100",
    ]


def test_what_is_not_known_is_named_and_much_of_it_is_counted(
    release: Release,
) -> None:
    genes = ("EFTUD2", *(f"NOSUCH{number}" for number in range(12)))
    query = asked(SEIZURE, "hp:0001250", "HP:9999999", "x" * 500, genes=genes)

    terms, named = unknown(query, release)

    assert terms.endswith(f"not compared: HP:9999999, {'x' * 40}.")
    assert "NOSUCH9 and 2 more" in named and "EFTUD2" not in named


def test_of_what_is_known_nothing_is_said(release: Release) -> None:
    assert list(unknown(asked(SEIZURE, genes=("KARS",)), release)) == []


def test_repeated_features_count_once() -> None:
    warnings: list[str] = []

    query = bounded(asked(*[SEIZURE] * 500), warnings)

    assert query.observed == (SEIZURE,) and not warnings


def test_a_peer_has_two_turns_and_another_has_its_own() -> None:
    turns = Turns()

    with turns.taken(1), turns.taken(1), turns.taken(2):
        with pytest.raises(TooManyAtOnce, match=f"At most {AT_A_TIME}"):
            with turns.taken(1):
                pass


def test_a_turn_ends_also_when_its_question_fails() -> None:
    turns = Turns()

    for _ in range(AT_A_TIME + 1):
        with pytest.raises(KeyError), turns.taken(1):
            raise KeyError
