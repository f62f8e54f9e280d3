"""Which reasons are given, in which order and words."""

import math

import pytest

from matcher.evidence import Evidence, EvidenceKind
from matcher.explanation.reasons import Reason, describe, describe_conflict, reasons
from matcher.explanation.term_pairs import Conflict, TermComparison, TermName, TermPair

SCALP, HAIR = TermName("HP:0002209", "Sparse scalp hair"), TermName(
    "HP:0008070", "Sparse hair"
)
SMALL, LATER = TermName("HP:0000252", "Microcephaly"), TermName(
    "HP:0005484", "Secondary m."
)
GENE = Evidence(
    kind=EvidenceKind.GENE,
    log_likelihood_ratio=5.0,
    sentence="Both list PHF14.",
    details={"shared": [{"id": "HGNC:22203", "symbol": "PHF14", "one_in": 5000}]},
)
OTHER_GENE = Evidence(
    kind=EvidenceKind.GENE,
    log_likelihood_ratio=math.log(0.36),
    sentence="Their gene list (KMT2A) and yours share nothing.",
)
NO_GENE = Evidence(
    kind=EvidenceKind.GENE,
    missing="they",
    sentence="No candidate gene on their side; one would tell more than any feature.",
)
LATE = Evidence(
    kind=EvidenceKind.ONSET,
    log_likelihood_ratio=-1.0,
    sentence="Onset at birth in yours and 40 y in theirs.",
)
CONFLICT = Conflict(yours=SMALL, theirs=SMALL, excluded_by="you", one_in=8)


def pair(number, one_in=50.0, theirs=None):
    yours = TermName(f"HP:{number:07d}", f"Sign {number}")
    other = theirs or yours
    return TermPair(
        yours=yours, theirs=other, ancestor=other, one_in=one_in, best_for="both"
    )


PAIRS = tuple(pair(number, one_in=100 - number) for number in range(1, 7))


FEATURES = Evidence(kind=EvidenceKind.PHENOTYPE, sentence="Features alike.")


def told(evidence=(), **comparison):
    """The lines for features that were compared, and what else is given as evidence."""
    found = reasons(TermComparison(**comparison), (FEATURES, *evidence))
    return [reason.plain for reason in found]


def test_near_pair_is_one_line_for_the_terminal():
    near = TermPair(
        yours=SCALP, theirs=HAIR, ancestor=HAIR, one_in=27.6, best_for="both"
    )
    reason = describe(near)
    assert reason.plain == (
        "Your *sparse scalp hair* ~ their *sparse hair*, both under *sparse hair*, "
        "seen in 1 of 28 diseases"
    )
    assert (reason.sign, reason.text) == ("near", reason.plain.replace("*", ""))


def test_identical_pair_is_marked():
    same = TermPair(
        yours=HAIR, theirs=HAIR, ancestor=HAIR, one_in=1077, best_for="both"
    )
    reason = describe(same)
    assert reason.plain == "*Sparse hair* in both, seen in 1 of 1,077 diseases"
    assert reason.sign == "same"


def test_pair_that_every_disease_has_is_seen_in_1_of_1():
    assert describe(pair(1, one_in=0.4)).text.endswith("seen in 1 of 1 diseases")


@pytest.mark.parametrize(
    ("conflict", "line"),
    [
        (CONFLICT, "They report *microcephaly*, which you ruled out"),
        (
            Conflict(yours=SMALL, theirs=SMALL, excluded_by="they", one_in=8),
            "You report *microcephaly*, which they ruled out",
        ),
        (
            Conflict(yours=SMALL, theirs=LATER, excluded_by="you", one_in=8),
            "They report *secondary m.*; you ruled out *microcephaly*",
        ),
        (
            Conflict(yours=LATER, theirs=SMALL, excluded_by="they", one_in=8),
            "You report *secondary m.*; they ruled out *microcephaly*",
        ),
    ],
)
def test_conflict_says_who_reports_and_who_ruled_out(conflict, line):
    assert describe_conflict(conflict).plain == line


def test_at_most_four_reasons_rarest_first():
    assert told(pairs=PAIRS) == [
        f"*Sign {n}* in both, seen in 1 of {100 - n} diseases" for n in (1, 2, 3, 4)
    ]


def test_gene_in_common_comes_first():
    lines = told([GENE], pairs=PAIRS)
    assert lines[0] == "Both list *PHF14*"
    assert len(lines) == 4


def test_several_genes_in_common_are_one_line():
    shared = [{"symbol": "A"}, {"symbol": "B"}]
    both = Evidence(
        kind=EvidenceKind.GENE, log_likelihood_ratio=5, details={"shared": shared}
    )
    assert told([both]) == ["Both list *A and B*"]


def test_variant_in_common_tells_its_gene_in_the_same_line():
    compared = [
        {"gene": "g", "symbol": "PHF14", "share": 1.0, "same": [["p.(Arg402*)", "x"]]},
        {"gene": "h", "symbol": "KARS1", "share": 0.0, "same": []},
    ]
    variant = Evidence(
        kind=EvidenceKind.VARIANT,
        log_likelihood_ratio=2.7,
        details={"compared": compared},
    )
    assert told([GENE, variant]) == ["Both carry *p.(Arg402*)* in *PHF14*"]


def test_one_allele_in_common_is_told_with_the_other():
    half = [{"gene": "g", "symbol": "PHF14", "share": 0.5, "same": [["v", "v"]]}]
    variant = Evidence(kind=EvidenceKind.VARIANT, details={"compared": half})
    assert told([GENE, variant]) == [
        "Both carry *v* in *PHF14*, and differ in another allele"
    ]


def test_different_variants_in_the_shared_gene_are_told():
    compared = [{"gene": "g", "symbol": "PHF14", "share": 0.0, "same": []}]
    variant = Evidence(kind=EvidenceKind.VARIANT, details={"compared": compared})
    assert told([GENE, variant]) == ["Both list *PHF14*, with different variants"]


def test_only_evidence_that_was_used_gives_reasons():
    comparison = TermComparison(pairs=PAIRS, conflicts=(CONFLICT,))
    assert [r.plain for r in reasons(comparison, [GENE])] == ["Both list *PHF14*"]


def test_variant_without_a_gene_names_none():
    compared = [{"gene": "", "symbol": "", "share": 1.0, "same": [["v", "v"]]}]
    variant = Evidence(kind=EvidenceKind.VARIANT, details={"compared": compared})
    assert told([variant]) == ["Both carry *v*"]


def test_diagnosis_in_common_is_a_reason():
    same = Evidence(
        kind=EvidenceKind.DIAGNOSIS,
        log_likelihood_ratio=8.0,
        sentence="Same diagnosis: Kabuki.",
    )
    assert told([same]) == ["Same diagnosis: Kabuki"]


@pytest.mark.parametrize(("value", "lines"), [(0.5, ["Diagnosis"]), (0.0, [])])
def test_diagnosis_is_a_reason_only_if_it_speaks_for_it(value, lines):
    found = Evidence(
        kind=EvidenceKind.DIAGNOSIS, log_likelihood_ratio=value, sentence="Diagnosis."
    )
    assert told([found]) == lines


def test_one_line_against_is_always_there():
    lines = told([GENE], pairs=PAIRS, conflicts=(CONFLICT,))
    assert lines[-1] == "They report *microcephaly*, which you ruled out"
    assert len(lines) == 4


def test_more_lines_against_fill_what_is_left():
    lines = told([GENE, LATE], conflicts=(CONFLICT, CONFLICT))
    assert len(lines) == 4
    assert lines[1] == "Onset at birth in yours and 40 y in theirs"


def test_gene_lists_that_share_nothing_weigh_more_than_a_conflict():
    lines = told([OTHER_GENE], pairs=PAIRS, conflicts=(CONFLICT,))
    assert lines[-1] == "Their gene list (KMT2A) and yours share nothing"


def test_conflict_weighs_more_than_a_weak_factor():
    mild = Evidence(
        kind=EvidenceKind.ONSET, log_likelihood_ratio=-0.3, sentence="Onset."
    )
    assert told([mild], pairs=PAIRS, conflicts=(CONFLICT,))[-1].startswith(
        "They report"
    )


def test_clear_factor_weighs_more_than_a_conflict():
    clear = Evidence(
        kind=EvidenceKind.ONSET, log_likelihood_ratio=-0.55, sentence="Onset."
    )
    assert told([clear], pairs=PAIRS, conflicts=(CONFLICT,))[-1] == "Onset"


def test_factor_below_four_fifths_speaks_against():
    mild = Evidence(
        kind=EvidenceKind.ONSET, log_likelihood_ratio=-0.25, sentence="Onset."
    )
    assert told([mild]) == ["Onset"]


def test_many_conflicts_leave_three_lines_for_what_is_alike():
    lines = told(pairs=PAIRS, conflicts=(CONFLICT,) * 5)
    assert [line.startswith("They report") for line in lines] == [
        False,
        False,
        False,
        True,
    ]


def test_missing_gene_keeps_its_line_beside_features_and_conflicts():
    lines = told([NO_GENE], pairs=PAIRS[:1], conflicts=(CONFLICT,) * 5)
    assert [len(lines), lines[-1]] == [4, NO_GENE.sentence.rstrip(".")]


def test_missing_gene_is_asked_for_beside_many_conflicts():
    lines = told([NO_GENE], conflicts=(CONFLICT,) * 5)
    assert [len(lines), lines[-1]] == [4, NO_GENE.sentence.rstrip(".")]


def test_factor_near_one_is_no_reason_against():
    mild = Evidence(
        kind=EvidenceKind.ONSET, log_likelihood_ratio=-0.2, sentence="Onset."
    )
    assert told([mild], pairs=PAIRS[:1]) == [describe(PAIRS[0]).plain]


def test_kind_that_is_not_counted_may_still_speak_against():
    modes = Evidence(
        kind=EvidenceKind.INHERITANCE,
        sentence="Modes of inheritance differ.",
        details={"weight": 0.0, "unweighted": -2.3},
    )
    assert told([modes]) == ["Modes of inheritance differ"]


def test_phenotype_as_a_whole_is_no_line_of_its_own():
    whole = Evidence(
        kind=EvidenceKind.PHENOTYPE, log_likelihood_ratio=-5, sentence="Unlike."
    )
    assert told([whole]) == []


def test_missing_gene_is_asked_for_last():
    lines = told([NO_GENE], pairs=PAIRS, conflicts=(CONFLICT,))
    assert [len(lines), lines[-1]] == [4, NO_GENE.sentence.rstrip(".")]
    assert lines[2].startswith("They report")


def test_gene_that_both_lack_is_not_asked_for():
    neither = Evidence(kind=EvidenceKind.GENE, missing="both", sentence="Neither.")
    assert told([neither]) == []


@pytest.mark.parametrize("details", [{"calibrated": False}, {}])
def test_phenotype_that_says_little_is_told(details):
    few = Evidence(
        kind=EvidenceKind.PHENOTYPE,
        missing="" if details else "you",
        sentence="Few features.",
        details=details,
    )
    assert told([few], pairs=PAIRS)[-1] == "Few features"


def test_few_features_and_no_gene_leave_room_for_what_speaks_against():
    few = Evidence(
        kind=EvidenceKind.PHENOTYPE,
        sentence="Few features.",
        details={"calibrated": False},
    )
    lines = told([few, NO_GENE], pairs=PAIRS, conflicts=(CONFLICT,))
    assert len(lines) == 4
    assert "They report *microcephaly*, which you ruled out" in lines


def test_each_feature_is_told_once():
    first = pair(1, theirs=HAIR)
    lines = told(pairs=(first, pair(2, theirs=HAIR), pair(3)))
    assert [line[:15] for line in lines] == ["Your *sign 1* ~", "*Sign 3* in bot"]


def test_reason_as_json():
    assert Reason("same", (("Same gene: ", False), ("A", True))).to_json() == {
        "sign": "same",
        "text": "Same gene: A",
        "plain": "Same gene: *A*",
    }


def test_what_is_too_usual_is_named_only_where_there_is_nothing_rarer():
    usual = (pair(9, one_in=3),)

    assert told(too_usual=usual) == ["*Sign 9* in both, seen in 1 of 3 diseases"]
    assert told(pairs=PAIRS[:1], too_usual=usual) == [
        "*Sign 1* in both, seen in 1 of 99 diseases"
    ]
