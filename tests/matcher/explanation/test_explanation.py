"""The whole account of a match, for the site itself and for others."""

import json
import math
from dataclasses import replace

import pytest

from matcher.case import Case, GenomicFeature, Onset, PhenotypicFeature, Variant
from matcher.evidence import (
    Background,
    Evidence,
    EvidenceKind,
    EvidenceSettings,
    phenotype_evidence,
    prepare,
    weigh,
)
from matcher.explanation import explain, explain_outside, in_bands

SETTINGS = EvidenceSettings()
BACKGROUND = Background(
    annotated=5000, diseases=8000, counts={"HGNC:22203": 3, "HGNC:1": 977}
)
SNV = Variant(
    assembly="GRCh38",
    chromosome="7",
    start=11,
    reference="C",
    alternate="T",
)


def features(*observed, excluded=()):
    return tuple(
        PhenotypicFeature(term_id=t, excluded=t in excluded)
        for t in (*observed, *excluded)
    )


QUERY = Case(
    case_id="NORTH-0412",
    features=features(
        "HP:0006237", "HP:0002209", "HP:0011343", "HP:0000518", excluded=["HP:0000252"]
    ),
    genomic_features=(GenomicFeature(gene="PHF14", variant=SNV),),
    onset=Onset(years=4),
)
CANDIDATE = Case(
    case_id="HARBOUR-0087",
    features=features(
        "HP:0006237", "HP:0008070", "HP:0001263", "HP:0005484", "HP:0012469"
    ),
    genomic_features=(
        GenomicFeature(gene="PHF14", variant=SNV),
        GenomicFeature(gene="KMT2D"),
    ),
    onset=Onset(years=5),
)
PHENOTYPE = phenotype_evidence(math.log(1300), SETTINGS, similarity=3.2, scaled=0.7)


@pytest.fixture
def explained(drawn_release):
    def explained(query=QUERY, candidate=CANDIDATE, **numbers):
        weighed = weigh(
            prepare(query, drawn_release, SETTINGS),
            prepare(candidate, drawn_release, SETTINGS),
            BACKGROUND,
            SETTINGS,
        )
        numbers = {"evidence": (PHENOTYPE, *weighed), "searched": 9855, **numbers}
        return explain(drawn_release, query, candidate, **numbers)

    return explained


def test_headline_is_the_answer(explained):
    assert explained().headline == "Probably the same disorder: about 9 in 10"
    alone = explained(evidence=(PHENOTYPE,))
    assert alone.headline == "Possibly the same disorder: about 1 in 9"
    nothing = explained(evidence=())
    assert nothing.headline == "Hardly the same disorder: less likely than 1 in 50"


def test_summary_says_what_both_have_and_what_conflicts(explained):
    assert explained().summary == (
        "Both list PHF14 and have prominent interphalangeal joints and sparse hair. "
        "They report secondary microcephaly; you ruled out microcephaly."
    )


def test_summary_of_strangers(explained):
    stranger = Case(case_id="S", features=features("HP:0000486"))
    found = explained(candidate=stranger)
    assert found.summary == "They have nothing rare in common."


def test_summary_names_at_most_three_features(explained):
    many = features("HP:0006237", "HP:0005484", "HP:0012469", "HP:0045075")
    found = explained(replace(QUERY, features=many), replace(CANDIDATE, features=many))
    assert found.summary == (
        "Both list PHF14 and have prominent interphalangeal joints, secondary microcephaly "
        "and infantile spasms."
    )


def test_summary_without_a_gene(explained):
    found = explained(evidence=(PHENOTYPE,))
    assert found.summary.startswith("Both have prominent interphalangeal joints")


def test_every_feature_has_its_place(explained):
    found = explained().features
    assert [p.relation for p in found.pairs] == ["same term", "theirs is the broader"]
    assert [p.ancestor.label for p in found.too_usual] == ["Global developmental delay"]
    assert [c.theirs.label for c in found.conflicts] == ["Secondary microcephaly"]
    assert [t.label for t in found.unmatched_yours] == ["Cataract"]
    assert [t.label for t in found.unmatched_theirs] == ["Infantile spasms"]


def test_missing_evidence_is_named_on_its_side(explained):
    bare = replace(CANDIDATE, genomic_features=(), onset=None)
    found = explained(candidate=bare)
    gene, variant, onset, inheritance = (
        EvidenceKind.GENE,
        EvidenceKind.VARIANT,
        EvidenceKind.ONSET,
        EvidenceKind.INHERITANCE,
    )
    assert found.missing_theirs == (gene, variant, onset, inheritance)
    assert found.missing_yours == (inheritance,)
    swapped = explained(bare, CANDIDATE)
    assert swapped.missing_yours == (gene, variant, onset, inheritance)
    assert swapped.missing_theirs == (inheritance,)


def test_coverage_is_said_for_each_side(explained):
    found = explained()
    yours, theirs = found.features.coverage_of_yours, found.features.coverage_of_theirs
    assert found.coverage == (
        f"Theirs cover {yours * 100:.0f}% of what is rare in yours; "
        f"yours cover {theirs * 100:.0f}% of theirs."
    )
    assert yours != theirs


@pytest.mark.parametrize("terms", [(), ("HP:0000118",)])
def test_coverage_of_a_profile_that_tells_nothing_is_not_said(explained, terms):
    assert (
        explained(candidate=replace(CANDIDATE, features=features(*terms))).coverage
        == ""
    )


@pytest.mark.parametrize(
    ("scaled", "start"),
    [
        (0.5, "Much closer to each other than"),
        (0.49, "Closer to each other than"),
        (0.05, "Closer to each other than"),
        (0.04, "As close to each other as"),
        (-0.04, "As close to each other as"),
        (-0.05, "Less close to each other than"),
        (-0.5, "Much less close to each other than"),
    ],
)
def test_closeness_is_that_of_the_two_against_their_nearest_others(
    explained, scaled, start
):
    sentence = explained(scaled=scaled).closeness
    assert sentence == f"{start} these two are to their ten nearest others."


def test_what_is_not_known_is_not_said(explained):
    found = explained()
    assert (found.closeness, found.look_alikes) == ("", "")
    assert (found.probability, found.efm, found.scaled) == (None, None, None)


def test_look_alikes_are_said_from_the_expected_false_matches(explained):
    sentence = (
        "By features alone, a look-alike this close turns up in 1 of 50 searches."
    )
    assert explained(evidence=(PHENOTYPE,), efm=0.02).look_alikes == sentence


@pytest.mark.parametrize(("factor", "is_said"), [(4.9, True), (5.0, False)])
def test_look_alikes_are_not_said_of_a_pair_that_a_gene_decides(
    explained, factor, is_said
):
    gene = Evidence(kind=EvidenceKind.GENE, log_likelihood_ratio=math.log(factor))
    found = explained(evidence=(PHENOTYPE, gene), efm=0.7)
    assert bool(found.look_alikes) is is_said


def test_fewer_expected_partners_lower_the_frequency(explained):
    assert explained(evidence=(PHENOTYPE,), expected=0.1).ladder.one_in == 98_550


def test_reasons_are_those_of_features_and_evidence(explained):
    assert [reason.plain for reason in explained().reasons] == [
        "Both carry *7:11 C>T (GRCh38)* in *PHF14*",
        "*Prominent interphalangeal joints* in both, seen in 1 of 1,077 diseases",
        "Your *sparse scalp hair* ~ their *sparse hair*, both under *sparse hair*, "
        "seen in 1 of 28 diseases",
        "They report *secondary microcephaly*; you ruled out *microcephaly*",
    ]


def test_explanation_as_json_is_complete_and_the_same_every_time(explained):
    numbers = {
        "efm": 0.02,
        "scaled": 0.7,
        "probability": 0.93,
        "releases": {"hpo": "drawn"},
    }
    first, second = explained(**numbers).to_json(), explained(**numbers).to_json()
    text = json.dumps(first, sort_keys=True, allow_nan=False)
    assert text == json.dumps(second, sort_keys=True, allow_nan=False)
    assert json.loads(text) == first
    assert first["releases"] == {"hpo": "drawn"}
    assert first["features"]["pairs"][1] == {
        "yours": {"id": "HP:0002209", "label": "Sparse scalp hair"},
        "theirs": {"id": "HP:0008070", "label": "Sparse hair"},
        "ancestor": {"id": "HP:0008070", "label": "Sparse hair"},
        "one_in": pytest.approx(28),
        "best_for": "both",
        "identical": False,
        "relation": "theirs is the broader",
    }
    assert first["features"]["conflicts"][0]["excluded_by"] == "you"
    assert first["missing"] == {"yours": ["inheritance"], "theirs": ["inheritance"]}
    assert [step["kind"] for step in first["ladder"]["steps"]] == [
        item["kind"] for item in first["evidence"]
    ]


def test_in_bands_no_exact_number_is_left(explained):
    exact = explained(efm=0.02, scaled=0.7, probability=0.93)
    told = in_bands(exact).to_json()
    assert (told["efm"], told["scaled"], told["probability"]) == (None, None, None)
    assert (told["closeness"], told["look_alikes"]) == ("", "")
    assert told["headline"] == "Possibly the same disorder: at least 1 in 4"
    assert told["ladder"]["frequency"] is None
    assert told["features"]["coverage_of_yours"] in (0.0, 0.25, 0.5, 0.75, 1.0)
    assert told["features"]["coverage_of_theirs"] in (0.0, 0.25, 0.5, 0.75, 1.0)


def test_in_bands_coverage_is_told_to_the_nearest_quarter(explained):
    exact = explained().features
    assert exact.coverage_of_yours == pytest.approx(0.60, abs=0.005)
    assert exact.coverage_of_theirs == pytest.approx(0.53, abs=0.005)
    told = in_bands(explained()).features
    assert (told.coverage_of_yours, told.coverage_of_theirs) == (0.5, 0.5)


@pytest.mark.parametrize("position", range(5))
def test_in_bands_evidence_keeps_a_power_of_ten_only(explained, position):
    item = in_bands(explained()).evidence[position]
    power = item.log_likelihood_ratio / math.log(10)
    assert power == pytest.approx(round(power))
    assert not {"unweighted", "similarity", "scaled"} & item.details.keys()


def test_in_bands_the_frequency_of_a_gene_here_is_left_out(explained):
    gene = in_bands(explained()).evidence[1]
    assert gene.details["shared"] == [{"id": "HGNC:22203", "symbol": "PHF14"}]


def outside(release, disclosed, phenotype=PHENOTYPE):
    return explain_outside(
        release,
        QUERY,
        disclosed,
        phenotype=phenotype,
        background=BACKGROUND,
        settings=SETTINGS,
        searched=9855,
    )


DISCLOSED = replace(
    CANDIDATE,
    features=features("HP:0006237", "HP:0001263"),
    genomic_features=(GenomicFeature(gene="KMT2D"),),
    onset=None,
)


def test_outside_speaks_only_of_what_is_disclosed(drawn_release):
    told = json.dumps(outside(drawn_release, DISCLOSED).to_json())
    hidden = (
        "Sparse hair",
        "HP:0008070",
        "HP:0005484",
        "Infantile",
        "5 y",
        "PHF14 and",
    )
    assert not [word for word in hidden if word in told]
    assert "Both list" not in told


def test_outside_says_of_a_hidden_feature_what_it_says_of_an_absent_one(drawn_release):
    """Whether there was a partner must not show in what is left of your own feature."""
    found = outside(drawn_release, DISCLOSED)
    assert [t.label for t in found.features.unmatched_yours] == [
        "Sparse scalp hair",
        "Cataract",
    ]


def test_outside_hidden_evidence_is_missing(drawn_release):
    found = outside(drawn_release, replace(DISCLOSED, genomic_features=()))
    assert EvidenceKind.GENE in found.missing_theirs
    assert EvidenceKind.ONSET in found.missing_theirs


def test_outside_numbers_are_banded(drawn_release):
    found = outside(drawn_release, CANDIDATE)
    assert found.ladder.steps[0].text == "about × 1,000"
    assert found.ladder.result == "at least 1 in 4"


def test_outside_without_a_phenotype_part(drawn_release):
    found = outside(drawn_release, DISCLOSED, phenotype=None)
    assert found.evidence[0].kind is EvidenceKind.GENE


def test_outside_does_not_change_with_what_stays_hidden(drawn_release):
    """The phenotype's part comes from the whole case; only its power of ten shows."""
    nearly: Evidence = replace(PHENOTYPE, log_likelihood_ratio=math.log(1400))
    first = outside(drawn_release, DISCLOSED).to_json()
    assert first == outside(drawn_release, DISCLOSED, nearly).to_json()
