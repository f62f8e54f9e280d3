"""A draft says what both share, asks for what would decide, and tells nothing else."""

from __future__ import annotations

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature, Variant
from ontologies import Release
from web.conversations.drafts import (
    MOST_QUESTIONS,
    Reply,
    compared,
    first_message,
    questions,
    reply,
)

from ..conftest import MICROCEPHALY, OLIGODONTIA, PHF14, SEIZURE, WIDE_MOUTH

STRABISMUS = "HP:0000486"
ECZEMA = "HP:0000964"


def a_case(
    case_id: str,
    observed: tuple[str, ...] = (),
    *,
    excluded: tuple[str, ...] = (),
    genes: tuple[str, ...] = (),
    variant: str = "",
    inheritance: tuple[str, ...] = (),
) -> Case:
    features = [PhenotypicFeature(term_id=term) for term in observed]
    features += [PhenotypicFeature(term_id=term, excluded=True) for term in excluded]
    named = Variant(hgvs=(variant,)) if variant else None
    return Case(
        case_id=case_id,
        features=tuple(features),
        genomic_features=tuple(
            GenomicFeature(gene=gene, variant=named) for gene in genes
        ),
        inheritance=inheritance,
    )


def asked(release: Release, ours: Case, theirs: Case) -> list[str]:
    return questions(compared(release, ours, theirs))


def test_letter_names_genes_and_rare_features_of_both_and_ends_in_questions(
    release: Release,
) -> None:
    ours = a_case("N-1", (OLIGODONTIA, WIDE_MOUTH), genes=(PHF14,))
    theirs = a_case("H-1", (OLIGODONTIA, WIDE_MOUTH), genes=(PHF14,))

    text = first_message(compared(release, ours, theirs))

    assert text == (
        "Dear colleague,\n\n"
        "our case N-1 and your case H-1 both list PHF14 and share oligodontia and wide "
        "mouth.\n\n"
        "May we ask:\n"
        "- Which variant in PHF14 does yours carry, and was it inherited?\n"
        "- Is anybody else in the family affected?\n\n"
        "We would be glad to compare notes."
    )


def test_pair_with_nothing_in_common_is_not_said_to_share_anything(
    release: Release,
) -> None:
    pair = compared(release, a_case("N-1", (ECZEMA,)), a_case("H-1", (OLIGODONTIA,)))

    assert "N-1 and your case H-1 came up beside each other." in first_message(pair)


@pytest.mark.parametrize(
    ("ours", "theirs", "question"),
    [
        (
            a_case("N", (SEIZURE,), excluded=(MICROCEPHALY,)),
            a_case("H", (SEIZURE, MICROCEPHALY)),
            "We looked for microcephaly and did not find it. "
            "How was microcephaly found in yours?",
        ),
        (
            a_case("N", (SEIZURE, MICROCEPHALY)),
            a_case("H", (SEIZURE,), excluded=(MICROCEPHALY,)),
            "Ours has microcephaly. At which age was microcephaly ruled out in yours?",
        ),
        (
            a_case("N", (SEIZURE,), genes=(PHF14,)),
            a_case("H", (SEIZURE,)),
            "Was PHF14 looked at in yours?",
        ),
        (
            a_case("N", (SEIZURE,)),
            a_case("H", (SEIZURE,), genes=(PHF14,)),
            "What speaks for PHF14 in yours?",
        ),
        (
            a_case("N", (SEIZURE,), genes=(PHF14,)),
            a_case("H", (SEIZURE,), genes=(PHF14,), variant="c.1A>G"),
            "Were the parents of yours tested for the variant in PHF14?",
        ),
        (
            a_case("N", (SEIZURE, OLIGODONTIA, STRABISMUS)),
            a_case("H", (SEIZURE,)),
            "Were oligodontia and strabismus looked for in yours?",
        ),
    ],
)
def test_what_would_decide_is_asked_first(
    release: Release, ours: Case, theirs: Case, question: str
) -> None:
    assert asked(release, ours, theirs)[0] == question


def test_one_feature_is_asked_for_in_the_singular_and_theirs_is_asked_about(
    release: Release,
) -> None:
    ours, theirs = a_case("N", (SEIZURE, OLIGODONTIA)), a_case("H", (SEIZURE, ECZEMA))

    found = asked(release, ours, theirs)

    assert found[0] == "Was oligodontia looked for in yours?"
    assert found[1].startswith("How was ecz") and found[1].endswith("yours, and when?")


def test_known_inheritance_is_not_asked_for_and_questions_are_few(
    release: Release,
) -> None:
    theirs = a_case("H", (SEIZURE,), inheritance=("HP:0000007",))

    assert asked(release, a_case("N", (SEIZURE,)), theirs) == []
    crowded = asked(
        release,
        a_case("N", (OLIGODONTIA, STRABISMUS), genes=(PHF14,)),
        a_case("H", (ECZEMA, SEIZURE), genes=(PHF14,), excluded=(OLIGODONTIA,)),
    )
    assert len(crowded) <= MOST_QUESTIONS


def test_no_question_leaves_no_empty_list_in_the_letter(release: Release) -> None:
    theirs = a_case("H", (SEIZURE,), inheritance=("HP:0000007",))
    pair = compared(release, a_case("N", (SEIZURE,)), theirs)

    assert "May we ask" not in first_message(pair)
    assert reply(pair, Reply.QUESTIONS) == ""


@pytest.mark.parametrize("kind", [Reply.VARIANT, Reply.ACCEPT, Reply.DECLINE])
def test_other_beginnings_are_sentences_to_send_as_they_are(
    release: Release, kind: Reply
) -> None:
    pair = compared(release, a_case("N", (SEIZURE,)), a_case("H", (SEIZURE,)))

    text = reply(pair, kind)

    assert text[0].isupper() and text[-1] in ".?"
    assert "the gene" in text or kind is not Reply.VARIANT
