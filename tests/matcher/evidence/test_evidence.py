"""What each kind of evidence says of two cases, and what of a case it reads."""

import math
import re
from dataclasses import replace

import pytest

from matcher.case import Case, Disease, DiseaseStatus, GenomicFeature, Onset, Variant
from matcher.evidence import (
    ALL_KINDS,
    DEFAULT_KINDS,
    Background,
    Evidence,
    EvidenceKind,
    EvidenceSettings,
    PreparedEvidence,
    gene_evidence,
    phenotype_evidence,
    prepare,
    weigh,
)

SETTINGS = EvidenceSettings(kinds=ALL_KINDS)
COUNTED = replace(SETTINGS, weights={kind: 1.0 for kind in EvidenceKind})
BACKGROUND = Background(annotated=5000, diseases=8000)
SNV = Variant(assembly="GRCh38", chromosome="7", start=11, reference="C", alternate="T")


def case(genes=(), **fields):
    features = tuple(
        g if isinstance(g, GenomicFeature) else GenomicFeature(gene=g) for g in genes
    )
    return Case(case_id="x", genomic_features=features, **fields)


def variant(gene, **changes):
    return GenomicFeature(gene=gene, variant=replace(SNV, **changes))


@pytest.fixture
def weighed(drawn_release):
    def weighed(query, candidate, settings=SETTINGS, background=BACKGROUND):
        ours = prepare(query, drawn_release, settings)
        theirs = prepare(candidate, drawn_release, settings)
        found = weigh(ours, theirs, background, settings)
        return {evidence.kind: evidence for evidence in found}

    return weighed


def test_diagnosis_is_used_only_by_who_asks_for_it(weighed):
    assert EvidenceKind.DIAGNOSIS not in DEFAULT_KINDS
    assert EvidenceSettings().kinds == DEFAULT_KINDS
    assert list(weighed(case(), case(), EvidenceSettings())) == [
        EvidenceKind.GENE,
        EvidenceKind.VARIANT,
        EvidenceKind.ONSET,
        EvidenceKind.INHERITANCE,
    ]
    assert EvidenceKind.DIAGNOSIS in weighed(case(), case())


def test_kind_that_is_switched_off_is_not_there(weighed):
    settings = EvidenceSettings(kinds=frozenset({EvidenceKind.ONSET}))
    assert list(weighed(case(), case(), settings)) == [EvidenceKind.ONSET]


FULL = case(
    [variant("PHF14")],
    onset=Onset(years=1),
    inheritance=("HP:0000006",),
    diseases=(Disease(disease_id="OMIM:147920"),),
)


@pytest.mark.parametrize(
    ("query", "candidate", "missing"),
    [(case(), FULL, "you"), (FULL, case(), "they"), (case(), case(), "both")],
)
@pytest.mark.parametrize("kind", sorted(ALL_KINDS - {EvidenceKind.PHENOTYPE}))
def test_missing_evidence_counts_exactly_nothing_and_is_named(
    weighed, query, candidate, missing, kind
):
    found = weighed(query, candidate)[kind]
    assert (found.log_likelihood_ratio, found.missing) == (0.0, missing)
    words = {"you": "your side|by you", "they": "their side|by them", "both": "Neither"}
    assert re.search(words[missing], found.sentence)


def test_missing_evidence_cannot_count():
    with pytest.raises(
        ValueError, match="onset evidence is missing .they. and must count 0"
    ):
        Evidence(kind=EvidenceKind.ONSET, missing="they", log_likelihood_ratio=0.1)


@pytest.mark.parametrize("kind", sorted(ALL_KINDS - {EvidenceKind.PHENOTYPE}))
def test_evidence_is_symmetric(weighed, kind):
    other = case(
        [variant("PHF14", alternate="G"), "KARS1"],
        onset=Onset(years=30),
        inheritance=("HP:0000007", "HP:0001419"),
        diseases=(Disease(disease_id="OMIM:610536"), Disease(disease_id="OMIM:1")),
    )
    forward, backward = weighed(FULL, other, COUNTED), weighed(other, FULL, COUNTED)
    assert forward[kind].log_likelihood_ratio != 0
    assert forward[kind].log_likelihood_ratio == backward[kind].log_likelihood_ratio


def test_shared_gene_counts_by_how_few_list_it(weighed):
    found = weighed(case(["PHF14"]), case(["9678", "KARS1"]))[EvidenceKind.GENE]
    expected = math.log(0.36 + 0.64 / 2 * 5000)
    assert found.log_likelihood_ratio == pytest.approx(expected)
    assert found.sentence == "Both list PHF14."
    assert found.details["shared"] == [
        {"id": "HGNC:22203", "symbol": "PHF14", "one_in": pytest.approx(5000)}
    ]


def test_shared_gene_that_many_reference_cases_list_counts_less(weighed):
    usual = replace(BACKGROUND, counts={"HGNC:22203": 99, "HGNC:6215": 881})
    found = weighed(case(["PHF14"]), case(["PHF14"]), background=usual)[
        EvidenceKind.GENE
    ]
    share = (99 + 20 / 5000) / 1000
    expected = math.log(0.36 + 0.64 / share)
    assert found.log_likelihood_ratio == pytest.approx(expected)


def test_what_a_case_offers_does_not_depend_on_the_order_it_was_entered_in(
    drawn_release,
):
    diseases = (Disease(disease_id="OMIM:9"), Disease(disease_id="OMIM:1"))
    query = case(
        ["KARS1", variant("PHF14", start=9), variant("PHF14", start=3)],
        inheritance=("HP:0000007", "HP:0000006"),
        diseases=diseases,
    )
    found = prepare(query, drawn_release, SETTINGS)
    assert list(found.genes) == ["HGNC:22203", "HGNC:6215"]
    assert [a.start for a in found.alleles] == [3, 9]
    assert [m.term_id for m in found.modes] == ["HP:0000006", "HP:0000007"]
    assert [d.disease_id for d in found.diagnoses] == ["OMIM:1", "OMIM:9"]


def test_background_of_a_release_has_no_listings(drawn_release):
    found = Background.of_release(drawn_release)
    assert (found.annotated, found.diseases, found.listings) == (4, 1077, 0)
    assert found.gene_share("HGNC:22203", SETTINGS) == pytest.approx(1 / 4)


def test_gene_lists_that_share_nothing_name_theirs(weighed):
    found = weighed(case(["PHF14"]), case(["KARS1", "KMT2D"]))[EvidenceKind.GENE]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.36))
    assert found.sentence == "Their gene list (KARS1, KMT2D) and yours share nothing."


@pytest.mark.parametrize(
    ("count", "names"),
    [(5, "G0, G1, G2, G3, G4"), (7, "G0, G1, G2, G3, G4 and 2 more")],
)
def test_long_gene_list_is_cut(count, names):
    theirs = PreparedEvidence(genes={f"HGNC:{n}": f"G{n}" for n in range(count)})
    found = gene_evidence(
        PreparedEvidence(genes={"X": "X"}), theirs, BACKGROUND, SETTINGS
    )
    assert found.sentence == f"Their gene list ({names}) and yours share nothing."


def test_gene_given_under_two_names_is_one_gene(weighed):
    found = weighed(case(["KARS", "KARS1"]), case(["3735"]))[EvidenceKind.GENE]
    assert found.details["yours"] == ["KARS1"]


def test_gene_name_of_several_genes_is_reported_not_guessed(weighed):
    found = weighed(case(["MLL4"]), case(["KMT2B", "NOSUCH"]))[EvidenceKind.GENE]
    assert (found.log_likelihood_ratio, found.missing) == (0.0, "you")
    assert (
        "Your gene 'MLL4' can mean KMT2B or KMT2D and was not used." in found.sentence
    )
    assert (
        "Their gene 'NOSUCH' stands for no known gene and was not used."
        in found.sentence
    )
    assert found.details["unresolved"] == {
        "yours": [["MLL4", ["KMT2B", "KMT2D"]]],
        "theirs": [["NOSUCH", []]],
    }


def test_excluded_gene_is_no_candidate(weighed):
    excluded = GenomicFeature(gene="PHF14", excluded=True, variant=SNV)
    found = weighed(case([excluded]), FULL)
    assert found[EvidenceKind.GENE].missing == "you"
    assert found[EvidenceKind.VARIANT].missing == "you"


def test_same_variant_counts_on_top_of_the_gene(weighed):
    found = weighed(FULL, FULL)[EvidenceKind.VARIANT]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.1 / 0.007))
    assert found.sentence == "Same variant in PHF14: 7:11 C>T (GRCh38)."


def test_two_alleles_in_common_are_named(weighed):
    both = case([variant("PHF14"), variant("PHF14", start=99)])
    found = weighed(both, both)[EvidenceKind.VARIANT]
    assert found.sentence == (
        "Same variants in PHF14: 7:11 C>T (GRCh38) and 7:99 C>T (GRCh38)."
    )


def test_other_variant_of_the_same_gene_speaks_a_little_against(weighed):
    found = weighed(FULL, case([variant("PHF14", alternate="G")]))[EvidenceKind.VARIANT]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.9 / 0.993))
    assert found.sentence == "Different variants in PHF14."


def test_one_of_two_alleles_in_common(weighed):
    other = case([variant("PHF14"), variant("PHF14", start=99)])
    found = weighed(FULL, other)[EvidenceKind.VARIANT]
    expected = (math.log(0.1 / 0.007) + math.log(0.9 / 0.993)) / 2
    assert found.log_likelihood_ratio == pytest.approx(expected)
    assert found.sentence == "One allele in common in PHF14: 7:11 C>T (GRCh38)."


def test_same_variant_in_one_of_two_shared_genes_counts_half(weighed):
    query = case([variant("PHF14"), "KARS1"])
    found = weighed(query, query)[EvidenceKind.VARIANT]
    expected = math.log((0.1 / 0.007 + 1) / 2)
    assert found.log_likelihood_ratio == pytest.approx(expected)


def test_variant_of_several_genes_counts_once(weighed):
    deletion = Variant(
        assembly="GRCh38",
        chromosome="7",
        start=1,
        end=9000,
        structural_type="SO:0001743",
    )
    query = case([GenomicFeature(gene=g, variant=deletion) for g in ("PHF14", "KARS1")])
    found = weighed(query, query)[EvidenceKind.VARIANT]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.1 / 0.007))


def test_same_variant_without_a_gene_counts(weighed):
    found = weighed(case([variant(None)]), FULL)[EvidenceKind.VARIANT]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.1 / 0.007))
    assert found.sentence == "Same variant: 7:11 C>T (GRCh38)."


def test_variants_of_other_genes_say_nothing(weighed):
    found = weighed(FULL, case([variant("KARS1")]))[EvidenceKind.VARIANT]
    assert (found.log_likelihood_ratio, found.missing) == (0.0, "")
    assert found.sentence == "No gene in common, so no variants to compare."


@pytest.mark.parametrize(
    ("query", "candidate", "missing"),
    [
        (case([variant("PHF14"), "KARS1"]), case(["PHF14", variant("KARS1")]), "both"),
        (case([variant("PHF14")]), case(["PHF14", variant("KARS1")]), "they"),
    ],
)
def test_variant_of_the_shared_gene_is_missing(weighed, query, candidate, missing):
    found = weighed(query, candidate)[EvidenceKind.VARIANT]
    assert (found.log_likelihood_ratio, found.missing) == (0.0, missing)


def test_variants_on_two_assemblies_are_missing_evidence(weighed):
    found = weighed(FULL, case([variant("PHF14", assembly="hg19")]))[
        EvidenceKind.VARIANT
    ]
    assert (found.log_likelihood_ratio, found.missing) == (0.0, "both")
    assert "different assemblies" in found.sentence


class UpByTen:
    def lift(self, chromosome, position):
        return position + 10


def test_chain_file_makes_them_comparable(weighed):
    settings = replace(SETTINGS, chain=UpByTen())
    other = case([variant("PHF14", assembly="hg19", start=1)])
    found = weighed(FULL, other, settings)[EvidenceKind.VARIANT]
    assert found.details["compared"][0]["share"] == 1.0


def test_variant_that_is_shared_with_nobody_is_not_compared(weighed):
    found = weighed(FULL, case([variant("PHF14", shareable=False)]))
    assert found[EvidenceKind.VARIANT].missing == "they"
    assert found[EvidenceKind.GENE].details["theirs"] == ["PHF14"]


def test_variant_entered_twice_is_one_allele(weighed):
    twice = case([variant("PHF14"), variant("PHF14", label="again")])
    found = weighed(FULL, twice)[EvidenceKind.VARIANT]
    assert found.details["compared"][0]["share"] == 1.0


@pytest.mark.parametrize(
    ("onset", "years"),
    [
        (Onset(years=3.5), 3.5),
        (Onset(years=3.5, term_id="HP:0003581"), 3.5),
        (Onset(years=-0.4), 0.0),
        (Onset(term_id="HP:0003577"), 0.0),
        (Onset(term_id="hp_0011463"), 4.0),
        (Onset(term_id="HP:0003581"), 35.0),
        (Onset(term_id="HP:0011462"), 25.0),
        (Onset(term_id="HP:0025708"), 25.0),
        (Onset(term_id="HP:0011461"), 0.0),
        (Onset(term_id="HP:0410280"), None),
        (Onset(term_id="HP:9999999"), None),
        (Onset(), None),
        (None, None),
    ],
)
def test_onset_is_an_age_or_the_age_of_the_nearest_class(drawn_release, onset, years):
    assert prepare(case(onset=onset), drawn_release, SETTINGS).onset_years == years


@pytest.mark.parametrize(
    ("term_id", "years"),
    [
        ("HP:0030674", 0.0),
        ("HP:0003577", 0.0),
        ("HP:0003623", 0.04),
        ("HP:0003593", 0.4),
        ("HP:0011463", 4.0),
        ("HP:0003621", 10.0),
        ("HP:0011462", 25.0),
        ("HP:0003581", 35.0),
        ("HP:0003596", 50.0),
        ("HP:0003584", 65.0),
    ],
)
def test_onset_classes_have_the_ages_of_the_table(term_id, years):
    assert SETTINGS.onset_years[term_id] == years


def test_onset_of_the_earliest_diagnosis_stands_in_for_that_of_the_case(drawn_release):
    diseases = (
        Disease(disease_id="OMIM:1", onset=Onset(years=9)),
        Disease(disease_id="OMIM:2", onset=Onset(years=7)),
        Disease(
            disease_id="OMIM:3", onset=Onset(years=1), status=DiseaseStatus.EXCLUDED
        ),
        Disease(disease_id="OMIM:4"),
    )
    prepared = prepare(case(diseases=diseases), drawn_release, SETTINGS)
    assert prepared.onset_years == 7
    given = case(diseases=diseases, onset=Onset(years=20))
    assert prepare(given, drawn_release, SETTINGS).onset_years == 20


def test_onset_says_both_ages(weighed):
    found = weighed(case(onset=Onset(years=4)), case(onset=Onset(years=6.75)))
    onset = found[EvidenceKind.ONSET]
    expected = -0.4 * (math.log(7.25 / 4.5) - 1.57)
    assert onset.log_likelihood_ratio == pytest.approx(expected)
    assert onset.sentence == "Onset at 4 y in yours and 6 y 9 m in theirs."


def test_onset_at_the_same_age_is_said_once(weighed):
    found = weighed(case(onset=Onset(years=4)), case(onset=Onset(years=4)))
    assert found[EvidenceKind.ONSET].sentence == "Onset at 4 y in both."


def test_onset_constants_come_from_the_settings(weighed):
    settings = replace(SETTINGS, onset_slope=1.0, onset_offset=2.0, onset_shift=1.0)
    found = weighed(case(onset=Onset(years=0)), case(onset=Onset(years=2)), settings)
    expected = 2.0 - math.log(3)
    assert found[EvidenceKind.ONSET].log_likelihood_ratio == pytest.approx(expected)


def modes(*term_ids):
    return case(inheritance=term_ids)


def test_inheritance_is_shown_and_not_counted(weighed):
    found = weighed(modes("HP:0000007"), modes("HP:0000007"))[EvidenceKind.INHERITANCE]
    assert found.log_likelihood_ratio == 0.0
    assert found.missing == ""
    expected = math.log(0.1 + 0.9 * 8449 / 4316)
    assert found.details["unweighted"] == pytest.approx(expected)
    assert found.sentence == (
        "Modes of inheritance agree: Autosomal recessive inheritance in yours, "
        "Autosomal recessive inheritance in theirs."
    )


def test_conflicting_modes_leave_the_chance_of_an_error(weighed):
    found = weighed(modes("HP:0000007"), modes("HP:0000006"), COUNTED)
    inheritance = found[EvidenceKind.INHERITANCE]
    assert inheritance.log_likelihood_ratio == pytest.approx(math.log(0.1))
    assert inheritance.sentence.startswith("Modes of inheritance differ: ")


def test_mode_agrees_with_the_broader_one_as_far_as_that_tells(weighed):
    found = weighed(modes("HP:0001417"), modes("HP:0001419"), COUNTED)
    expected = math.log(0.1 + 0.9 * 8449 / 516)
    value = found[EvidenceKind.INHERITANCE].log_likelihood_ratio
    assert value == pytest.approx(expected)


def test_several_modes_are_alternatives(weighed):
    found = weighed(modes("HP:0000007", "HP:0000006"), modes("HP:0000007"), COUNTED)
    forward = math.log(0.1 + 0.9 / 2 * 8449 / 4316)
    backward = math.log(0.1 + 0.9 * 8449 / 4316)
    value = found[EvidenceKind.INHERITANCE].log_likelihood_ratio
    assert value == pytest.approx((forward + backward) / 2)


def test_mode_that_agrees_with_two_counts_by_the_rarer(weighed):
    found = weighed(modes("HP:0001419"), modes("HP:0001417", "HP:0001419"), COUNTED)
    broad, narrow = 0.1 + 0.9 * 8449 / 516, 0.1 + 0.9 * 8449 / 279
    expected = (math.log(narrow) + math.log((broad + narrow) / 2)) / 2
    value = found[EvidenceKind.INHERITANCE].log_likelihood_ratio
    assert value == pytest.approx(expected)


@pytest.mark.parametrize(
    "term_id", ["HP:0003829", "HP:0003745", "HP:0000005", "HP:0000252", "?"]
)
def test_what_names_no_mode_is_no_evidence(drawn_release, term_id):
    assert prepare(modes(term_id), drawn_release, SETTINGS).modes == ()


def test_mode_without_a_known_share_counts_as_rare(drawn_release, weighed):
    settings = replace(COUNTED, mode_shares={})
    found = weighed(modes("HP:0000007"), modes("HP:0000007"), settings)
    value = found[EvidenceKind.INHERITANCE].log_likelihood_ratio
    assert value == pytest.approx(math.log(0.1 + 0.9 / 0.01))


def diagnosed(*diseases):
    return case(
        diseases=tuple(
            Disease(disease_id=disease_id, status=status)
            for disease_id, status in diseases
        )
    )


CONFIRMED, CANDIDATE = DiseaseStatus.CONFIRMED, DiseaseStatus.CANDIDATE


def test_same_diagnosis_under_an_equivalent_id(weighed):
    query = diagnosed(("MIM:610536", CONFIRMED))
    found = weighed(query, diagnosed(("Orphanet:79113", CONFIRMED)))[
        EvidenceKind.DIAGNOSIS
    ]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.1 + 0.9 * 8000))
    assert found.sentence.startswith("Same diagnosis: Mandibulofacial dysostosis")


def test_candidate_diagnosis_is_trusted_less(weighed):
    query = diagnosed(("OMIM:610536", CANDIDATE))
    found = weighed(query, diagnosed(("OMIM:610536", CONFIRMED)))[
        EvidenceKind.DIAGNOSIS
    ]
    expected = (math.log(0.5 + 0.5 * 8000) + math.log(0.1 + 0.9 * 8000)) / 2
    assert found.log_likelihood_ratio == pytest.approx(expected)


def test_diagnosis_given_twice_counts_as_the_surer_one(drawn_release):
    query = diagnosed(("OMIM:610536", CONFIRMED), ("610536", CANDIDATE))
    (found,) = prepare(query, drawn_release, SETTINGS).diagnoses
    assert found.trust == 0.9


def test_different_diagnoses_speak_against(weighed):
    query = diagnosed(("OMIM:610536", CONFIRMED))
    found = weighed(query, diagnosed(("OMIM:147920", CONFIRMED)))[
        EvidenceKind.DIAGNOSIS
    ]
    assert found.log_likelihood_ratio == pytest.approx(math.log(0.1))
    assert found.sentence == "Different diagnoses."


def test_excluded_diagnosis_is_no_diagnosis(drawn_release):
    query = diagnosed(("OMIM:610536", DiseaseStatus.EXCLUDED))
    assert prepare(query, drawn_release, SETTINGS).diagnoses == ()


def test_weight_multiplies_the_ratio(weighed):
    settings = replace(SETTINGS, weights={EvidenceKind.ONSET: 0.5})
    found = weighed(FULL, FULL, settings)
    assert found[EvidenceKind.ONSET].log_likelihood_ratio == pytest.approx(
        0.4 * 1.57 / 2
    )
    assert found[EvidenceKind.GENE].log_likelihood_ratio == 0.0
    assert found[EvidenceKind.GENE].details["weight"] == 0.0


@pytest.mark.parametrize(
    ("log_ratio", "sentence"),
    [
        (0.5, "Features alike."),
        (0.0, "Features no more alike than by chance."),
        (-2.0, "Features no more alike than by chance."),
    ],
)
def test_phenotype_says_which_way_it_points(log_ratio, sentence):
    found = phenotype_evidence(log_ratio, SETTINGS, similarity=3.0, scaled=0.5)
    assert (found.log_likelihood_ratio, found.sentence) == (log_ratio, sentence)
    assert found.details["scaled"] == 0.5


def test_phenotype_of_few_terms_is_said_not_to_be_calibrated():
    found = phenotype_evidence(2.0, SETTINGS, calibrated=False)
    assert (
        found.sentence
        == "Fewer than three features on one side: too few to say how likely."
    )


def test_missing_phenotype_counts_nothing():
    found = phenotype_evidence(2.0, SETTINGS, missing="they")
    assert (found.log_likelihood_ratio, found.missing) == (0.0, "they")


def test_evidence_as_json_has_json_values_only(weighed):
    found = weighed(FULL, FULL)[EvidenceKind.ONSET].to_json()
    assert found["kind"] == "onset"
    assert set(found) == {
        "kind",
        "log_likelihood_ratio",
        "missing",
        "sentence",
        "details",
    }
