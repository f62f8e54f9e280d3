"""Of a feature that is no term nothing is kept that may point to a person."""

from __future__ import annotations

import pytest

from matcher.case import PhenotypicFeature
from ontologies import Release
from web.unrecognised.phrases import Phrase, Unfit, fit, phrases_of, vocabulary_of


@pytest.mark.parametrize(
    ("entered", "label", "phrase"),
    [
        ("HP:9999999", "Odd toes", Phrase("HP:9999999", "Odd toes")),
        ("SNOMEDCT:84757009", "", Phrase("SNOMEDCT:84757009", "")),
        ("ICD10:G40.9", "fits", Phrase("ICD10:G40.9", "fits")),
        ("", "  floppy \n baby ", Phrase("", "floppy baby")),
        ("floppy baby", "", Phrase("", "floppy baby")),
        ("", "Krämpfe (nachts)", Phrase("", "Krämpfe (nachts)")),
        ("", "痙攣発作", Phrase("", "痙攣発作")),
        ("", "type 2 fibres, 45 X", Phrase("", "type 2 fibres, 45 X")),
        # An id of a patient is no id of a feature; its label may be kept without it.
        ("MRN:12345678", "fits", Phrase("", "fits")),
        ("PAT_0042", "Odd toes", Phrase("", "Odd toes")),
        # Words that may not be kept do not cost the id.
        ("HP:9999999", "a@b.example", Phrase("HP:9999999", "")),
    ],
)
def test_what_names_a_feature_is_kept_as_it_came(
    release: Release, entered: str, label: str, phrase: Phrase
) -> None:
    assert fit(entered, label, vocabulary_of(release.lookup)) == phrase


@pytest.mark.parametrize(
    ("entered", "label", "why"),
    [
        ("MRN:12345678", "", Unfit.CODE),
        ("12345678", "", Unfit.CODE),
        ("", "ab", Unfit.LENGTH),
        ("", "fits " * 20, Unfit.LENGTH),
        ("", "a b c d e f g h i j k", Unfit.LENGTH),
        ("", "anna@north.example", Unfit.MARKS),
        ("", "https://north.example", Unfit.MARKS),
        ("", "fits | rm", Unfit.MARKS),
        ("", "=1+1", Unfit.MARKS),
        ("", "-2 fits", Unfit.MARKS),
        ("", "<script>", Unfit.MARKS),
        ("", "fits\u202egnihton", Unfit.MARKS),
        ("", "fits since 12/3/19", Unfit.NUMBERS),
        ("", "fits since 1 2019", Unfit.NUMBERS),
        ("", "born 3 March, fits", Unfit.NUMBERS),
        ("", "phone 0171 555", Unfit.NUMBERS),
        ("", "number 12 34 56", Unfit.NUMBERS),
        ("", "fi\ufe01\ufe02ts", Unfit.MARKS),
        ("", "\u3164\u3164\u3164", Unfit.MARKS),
        ("", "fits a" + 4 * "\u0337", Unfit.MARKS),
        ("UMLS:AnnaSchmidt", "", Unfit.CODE),
        ("", "Anna Schmidt", Unfit.NAMES),
        ("", "ANNA SCHMIDT", Unfit.NAMES),
        ("", "A Schmidt", Unfit.NAMES),
        ("", "Anna-Lena O’Brien", Unfit.NAMES),
        ("", "fits seen by dr house", Unfit.NAMES),
        ("", "Frau Huber", Unfit.NAMES),
    ],
)
def test_what_may_point_to_a_person_is_not_kept(
    release: Release, entered: str, label: str, why: Unfit
) -> None:
    assert fit(entered, label, vocabulary_of(release.lookup)) is why


def test_capitals_of_known_words_are_no_name(release: Release) -> None:
    is_word = vocabulary_of(release.lookup)

    for words in ("Long Toes", "LONG TOES"):
        assert fit("", words, is_word) == Phrase("", words)


def test_case_and_blanks_make_no_other_phrase() -> None:
    assert Phrase("hp:9999999", "Odd  Toes").key == Phrase("HP:9999999", "odd toes").key
    assert Phrase("", "a").key != Phrase("a", "").key


def test_known_terms_are_no_phrases(release: Release) -> None:
    known = [PhenotypicFeature(term_id=i) for i in ("HP:0001250", "HP:0002409")]

    assert list(phrases_of(known, [], release, vocabulary_of(release.lookup))) == []
