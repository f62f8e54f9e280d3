"""Labels within sentences."""

import re

import pytest

from matcher.labels import lowered

# Written with a capital in the middle of a sentence of HPO although they name nobody.
COMMON = frozenset("""
    Bone Caesarean Cystinuria Hydrometrocolpos Macrodactyly Malaligned Parkinsonism Pseudobulbar
    Schizencephaly Tetraparesis
    """.split())


@pytest.mark.parametrize(
    ("label", "lower"),
    [
        ("Wide mouth", "wide mouth"),
        ("Low-set ears", "low-set ears"),
        ("Abnormality of the eye", "abnormality of the eye"),
        ("Bilateral renal agenesis", "bilateral renal agenesis"),
        ("Tetralogy of Fallot", "tetralogy of Fallot"),
        ("EEG abnormality", "EEG abnormality"),
        ("Babinski sign", "Babinski sign"),
        ("Beau's lines", "Beau's lines"),
        ("Kayser-Fleischer ring", "Kayser-Fleischer ring"),
        ("B-cell lymphoma", "B-cell lymphoma"),
        ("HbA1c level", "HbA1c level"),
        ("Hb Barts", "Hb Barts"),
        ("2-3 toe syndactyly", "2-3 toe syndactyly"),
        ("", ""),
    ],
)
def test_label_is_lowered_unless_it_begins_with_a_name(label, lower):
    assert lowered(label) == lower


def test_what_the_ontology_always_writes_with_a_capital_keeps_it(release):
    """Words that definitions capitalise within a sentence, and never write otherwise."""
    terms = [release.ontology.term(t) for t in release.ontology.term_ids]
    texts = " ".join(term.definition for term in terms)
    capital = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]+\b", texts))
    small = set(re.findall(r"\b[a-z]+\b", texts))
    firsts = {re.split(r"\W", term.label)[0] for term in terms}
    names = {w for w in firsts & capital if w.lower() not in small} - COMMON

    assert sorted(name for name in names if lowered(name) != name) == []
