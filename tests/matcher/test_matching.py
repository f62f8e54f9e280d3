import dataclasses
import math
import random
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.engine import index as index_module
from matcher.engine import search as search_module
from matcher.calibration import Band, Knots, Tail, calibrate
from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Variant,
    Zygosity,
)
from matcher.engine.constraints import Constraints
from matcher.errors import NegativeLimit, UnknownCase
from matcher.evidence import ALL_KINDS, Background, EvidenceKind, EvidenceSettings
from matcher.engine.numpy_kernels import NumpyKernels
from matcher.matching import Matcher, MatchSettings
from matcher.similarity import (
    most_specific,
    neighbourhood,
    phenotype_score,
    shared_information,
)

PHENOTYPE = frozenset({EvidenceKind.PHENOTYPE})
TERMS = (
    "HP:0001595",
    "HP:0008070",
    "HP:0002209",
    "HP:0045075",
    "HP:0001263",
    "HP:0011343",
    "HP:0011342",
    "HP:0012469",
    "HP:0000252",
    "HP:0005484",
    "HP:0000486",
    "HP:0000518",
)
SPARSE_SCALP_HAIR, SPARSE_EYEBROW, SPASMS, CATARACT = (
    "HP:0002209",
    "HP:0045075",
    "HP:0012469",
    "HP:0000518",
)
KNOTS = Knots(y=(-1.0, 0.0, 2.0), log_likelihood_ratio=(-2.0, 1.0, 6.0))
PANEL = (
    (SPARSE_SCALP_HAIR, SPASMS),
    (CATARACT, "HP:0011343"),
    ("HP:0005484",),
    ("HP:0000486", SPARSE_EYEBROW, "HP:0011342"),
    (),
)
UNSOLICITED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def case(case_id, terms=(), genes=(), variants=(), **more):
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=term) for term in terms),
        genomic_features=(
            *(GenomicFeature(gene=gene) for gene in genes),
            *(GenomicFeature(gene=gene, variant=variant) for gene, variant in variants),
        ),
        **more,
    )


@pytest.fixture(scope="session")
def small_release(drawn_release):
    return SimpleNamespace(
        **vars(drawn_release), release_id="drawn", versions={"hpo": "drawn"}
    )


@pytest.fixture(scope="session")
def calibration(small_release):
    panel = [case(str(number), terms) for number, terms in enumerate(PANEL)]
    # KMT2D is so usual that a list of two genes would hold it in any case.
    background = Background(
        annotated=20, diseases=1077, counts={"HGNC:7133": 60, "HGNC:22203": 3}
    )
    calibration = calibrate(
        small_release, panel, knots=KNOTS, tail=Tail(), background=background
    )
    return dataclasses.replace(
        calibration, panel=dataclasses.replace(calibration.panel, nearest=2)
    )


@pytest.fixture(scope="session")
def matcher_of(small_release, calibration):
    def make(*cases, **more):
        return Matcher(small_release, cases, calibration, **more)

    return make


def ids(matches):
    return [match.case_id for match in matches]


variants = st.builds(
    Variant,
    assembly=st.sampled_from(["GRCh38", "hg19", None]),
    chromosome=st.sampled_from(["chr1", "X"]),
    start=st.integers(1, 4),
    reference=st.just("A"),
    alternate=st.sampled_from("CG"),
    zygosity=st.sampled_from([None, Zygosity.HOMOZYGOUS]),
)
genes = st.sampled_from(["KMT2D", "KMT2B", "KARS", "PHF14", "MLL4", "nonsense"])
random_cases = st.builds(
    case,
    case_id=st.sampled_from("abcdefgh"),
    terms=st.lists(
        st.sampled_from(
            [*TERMS, "HP:0000007", "HP:0003577", "HP:9999999", "HP:0008007"]
        ),
        max_size=8,
    ),
    genes=st.lists(genes, max_size=4),
    variants=st.lists(st.tuples(st.none() | genes, variants), max_size=3),
    onset=st.none() | st.builds(Onset, years=st.floats(-1, 90)),
    inheritance=st.sampled_from([(), ("HP:0000006",), ("HP:0001419", "HP:0000007")]),
    diseases=st.lists(
        st.builds(
            Disease,
            disease_id=st.sampled_from(["OMIM:610536", "ORPHA:79113", "OMIM:147920"]),
            status=st.sampled_from(DiseaseStatus),
        ),
        max_size=2,
    ).map(tuple),
    site=st.sampled_from([None, "north", "south"]),
    solved=st.booleans(),
)
everything = MatchSettings(
    evidence=EvidenceSettings(weights=dict.fromkeys(EvidenceKind, 0.5)), workers=1
)


@UNSOLICITED
@given(random_cases, st.lists(random_cases, max_size=8))
def test_total_is_the_sum_of_what_each_kind_says_about_the_pair(
    matcher_of, query, cases
):
    matcher = matcher_of(*cases, settings=everything)
    matches = matcher.rank(query, limit=None, evidence=ALL_KINDS)
    assert set(ids(matches)) == {c.case_id for c in cases} - {query.case_id}
    for match in matches:
        parts = [part.log_likelihood_ratio for part in match.evidence]
        assert match.score == pytest.approx(math.fsum(parts), abs=1e-9)


@UNSOLICITED
@given(random_cases, st.lists(random_cases, max_size=8))
def test_phenotype_is_the_calibrated_score_of_the_oracle(
    matcher_of, small_release, calibration, query, cases
):
    ontology, content = small_release.ontology, small_release.information_content
    graph = ontology.graph

    def profile(of):
        resolved = {ontology.resolve(term).term_id for term in of.observed} - {None}
        return most_specific(graph, {t for t in resolved if ontology.is_phenotype(t)})

    def level(terms):
        return neighbourhood(graph, content, terms, PANEL, 2)

    latest = {c.case_id: c for c in cases}
    for match in matcher_of(*cases).rank(query, limit=None, evidence=PHENOTYPE):
        ours, theirs = profile(query), profile(latest[match.case_id])
        if not ours or not theirs:
            assert match.score == 0.0 and match.closeness is None
            continue
        shared = shared_information(graph, content, ours, theirs)
        y = phenotype_score(shared, level(ours), level(theirs))
        assert match.closeness == pytest.approx(y, abs=1e-6)
        assert match.score == pytest.approx(
            calibration.curve(match.closeness), abs=1e-9
        )


@UNSOLICITED
@given(random_cases, st.lists(random_cases, max_size=8), st.randoms())
def test_the_answer_depends_on_nothing_but_the_cases(matcher_of, query, cases, rng):
    latest = list({c.case_id: c for c in cases}.values())
    first = matcher_of(*latest).rank(query, limit=None)
    rng.shuffle(latest)
    shuffled = dataclasses.replace(
        query, features=tuple(rng.sample(query.features, len(query.features)))
    )
    second = matcher_of(*latest).rank(shuffled, limit=None)
    assert [(m.case_id, m.score) for m in first] == [
        (m.case_id, m.score) for m in second
    ]


@UNSOLICITED
@given(random_cases, st.lists(random_cases, max_size=8))
def test_numpy_gives_the_same_answer(
    matcher_of, small_release, calibration, query, cases
):
    slow = dataclasses.replace(
        calibration,
        panel=dataclasses.replace(calibration.panel, kernels=NumpyKernels()),
    )
    with_numpy = Matcher(small_release, cases, slow).rank(query)
    compiled = matcher_of(*cases).rank(query)
    assert with_numpy == compiled


@UNSOLICITED
@given(
    random_cases,
    st.lists(st.tuples(st.sampled_from(["add", "remove"]), random_cases), max_size=15),
)
def test_changed_matcher_answers_like_one_that_is_made_anew(matcher_of, query, changes):
    changed, left = matcher_of(), {}
    for change, each in changes:
        if change == "add":
            changed.add(each)
            left[each.case_id] = each
        elif each.case_id in left:
            changed.remove(each.case_id)
            del left[each.case_id]
    assert changed.rank(query, limit=None) == matcher_of(*left.values()).rank(
        query, limit=None
    )


@UNSOLICITED
@given(random_cases, st.lists(random_cases, max_size=8), st.integers(0, 9))
def test_a_limit_cuts_the_ranking_and_changes_nothing_else(
    matcher_of, query, cases, limit
):
    matcher = matcher_of(*cases)
    assert matcher.rank(query, limit=limit) == matcher.rank(query, limit=None)[:limit]


def test_a_limit_below_zero_is_refused_and_not_taken_for_another(matcher_of):
    with pytest.raises(NegativeLimit, match="A limit of -1 matches means nothing"):
        matcher_of().rank(Case(case_id="Q"), limit=-1)


def test_many_threads_and_blocks_give_the_same_answer(matcher_of, monkeypatch):
    rng = random.Random(7)
    cases = [case(f"c{n}", rng.sample(TERMS, rng.randint(0, 6))) for n in range(300)]
    query = case("query", TERMS[3:9])
    alone = matcher_of(*cases, settings=MatchSettings(workers=1)).rank(query, limit=50)
    monkeypatch.setattr(search_module, "_BLOCK", 16)
    threads = matcher_of(*cases, settings=MatchSettings(workers=4)).rank(
        query, limit=50
    )
    assert alone == threads


def test_equal_totals_are_ordered_by_case_id(matcher_of):
    cases = [case(case_id, [SPASMS]) for case_id in ("d", "b", "e", "a", "c")]
    matcher = matcher_of(*cases[:3])
    matcher.add_all(cases[3:])
    assert ids(matcher.rank(case("query", [SPASMS]), limit=3)) == ["a", "b", "c"]
    assert ids(matcher.rank(case("query"), limit=3)) == ["a", "b", "c"]


def test_equal_totals_of_different_segments_are_ordered_by_case_id(
    matcher_of, monkeypatch
):
    monkeypatch.setattr(index_module, "_SMALL", 0)
    monkeypatch.setattr(index_module, "_GROWTH", 0)
    matcher = matcher_of()
    for case_id in ("d", "b", "e", "a", "c"):
        matcher.add(case(case_id, [SPASMS]))
    assert len(matcher.index.snapshot().parts) == 5
    assert ids(matcher.rank(case("query", [SPASMS]), limit=3)) == ["a", "b", "c"]
    assert ids(matcher.rank(case("query", [SPASMS]), limit=None)) == list("abcde")


def test_the_query_is_never_its_own_match(matcher_of):
    cases = [case("a", [SPASMS]), case("b", [SPASMS])]
    assert ids(matcher_of(*cases).rank(cases[0])) == ["b"]


def test_the_closest_case_comes_first(matcher_of):
    matcher = matcher_of(
        case("far", [CATARACT]),
        case("same", [SPARSE_SCALP_HAIR, SPASMS]),
        case("near", [SPARSE_EYEBROW, SPASMS]),
    )
    matches = matcher.rank(case("query", [SPARSE_SCALP_HAIR, SPASMS]))
    assert ids(matches) == ["same", "near", "far"]
    assert [match.rank for match in matches] == [1, 2, 3]


def test_an_empty_matcher_answers(matcher_of):
    assert matcher_of().rank(case("query", [SPASMS])) == []
    assert matcher_of().answer(case("query")).searched == 0


def test_ids_that_stand_for_nothing_are_named_and_left_out(matcher_of):
    matcher = matcher_of(case("a", ["HP:0000999", "hp:9999999", SPASMS]))
    query = case("query", ["HP:9999999", "no id", SPASMS, "HP:0000999"])
    answer = matcher.answer(query)
    assert answer.unresolved == ("HP:9999999", "no id", "HP:0000999")
    assert (
        answer.matches[0].closeness
        == matcher.rank(case("query", [SPASMS]))[0].closeness
    )


def test_replaced_terms_count_as_their_replacement(matcher_of):
    matcher = matcher_of(case("a", ["HP:0008007"]))
    by_old, by_new = (
        matcher.rank(case("query", [term]))[0].score
        for term in ("HP:0008007", "HP:0008070")
    )
    assert by_old == by_new


def test_implied_and_repeated_terms_change_nothing(matcher_of):
    matcher = matcher_of(case("a", [SPARSE_SCALP_HAIR, SPASMS]))
    plain = matcher.rank(case("query", [SPARSE_SCALP_HAIR]))
    wordy = matcher.rank(
        case(
            "query", ["HP:0001595", SPARSE_SCALP_HAIR, "HP:0008070", SPARSE_SCALP_HAIR]
        )
    )
    assert plain[0].score == wordy[0].score


def test_excluded_features_do_not_count(matcher_of):
    matcher = matcher_of(case("a", [SPASMS]))
    query = case("query", [CATARACT])
    denying = dataclasses.replace(
        query,
        features=(*query.features, PhenotypicFeature(term_id=SPASMS, excluded=True)),
    )
    assert matcher.rank(query)[0].score == matcher.rank(denying)[0].score


def test_onset_and_inheritance_among_the_features_count_as_such(matcher_of):
    matcher = matcher_of(
        case(
            "a",
            [SPASMS],
            onset=Onset(term_id="HP:0003577"),
            inheritance=("HP:0000007",),
        )
    )
    (match,) = matcher.rank(case("query", ["HP:0003577", "HP:0000007"]))
    by_kind = {part.kind: part for part in match.evidence}
    assert by_kind[EvidenceKind.ONSET].log_likelihood_ratio == pytest.approx(0.4 * 1.57)
    assert by_kind[EvidenceKind.INHERITANCE].missing == ""
    assert by_kind[EvidenceKind.PHENOTYPE].missing == "you"


@pytest.mark.parametrize(
    ("ours", "theirs", "missing"),
    [((), (SPASMS,), "you"), ((SPASMS,), (), "they"), ((), (), "both")],
)
def test_missing_phenotype_counts_nothing_and_is_named(
    matcher_of, ours, theirs, missing
):
    (match,) = matcher_of(case("a", theirs)).rank(case("query", ours))
    assert match.evidence[0].missing == missing
    assert match.score == 0.0
    assert match.efm is None


def test_evidence_that_is_switched_off_is_not_shown_and_does_not_count(matcher_of):
    matcher = matcher_of(case("a", [SPASMS], ["KMT2D"]))
    (match,) = matcher.rank(case("query", [CATARACT], ["KMT2D"]), evidence=frozenset())
    assert match.evidence == ()
    assert match.score == 0.0


def test_a_shared_gene_lifts_a_case_over_a_closer_phenotype(matcher_of):
    matcher = matcher_of(case("alike", TERMS), case("gene", TERMS[:-1], ["PHF14"]))
    query = case("query", TERMS, ["PHF14"])
    with_gene = matcher.rank(query)
    without = matcher.rank(query, evidence=PHENOTYPE)
    assert (ids(with_gene)[0], ids(without)[0]) == ("gene", "alike")


@pytest.mark.parametrize(
    ("terms", "genes", "band"),
    [
        (["HP:0006237"], [], Band.LOOK),
        (["HP:0006237", SPASMS], [], Band.LOOK),
        (["HP:0006237", SPASMS, "HP:0045075"], [], Band.CONTACT),
        (["HP:0006237"], ["PHF14"], Band.CONTACT),
    ],
)
def test_phenotype_of_fewer_than_three_terms_alone_is_no_contact(
    matcher_of, terms, genes, band
):
    (match,) = matcher_of(case("a", terms, genes)).rank(case("query", terms, genes))
    assert match.probability >= 0.25
    assert match.band is band


def test_fewer_than_three_terms_are_said_not_to_be_calibrated(matcher_of):
    matcher = matcher_of(case("a", TERMS[2:6]))
    few, enough = (
        matcher.answer(case("query", terms))
        for terms in ([SPASMS], [SPASMS, *TERMS[8:11]])
    )
    assert (few.calibrated, enough.calibrated) == (False, True)
    assert few.matches[0].evidence[0].details["calibrated"] is False


QUERY = case("q", [SPASMS], ["KMT2D"], family="F", submitter="anne", site="north")


@pytest.mark.parametrize(
    ("constraints", "left"),
    [
        (Constraints(), "abcdef"),
        (Constraints(must_share_gene=True), "b"),
        (Constraints(must_list="HGNC:15840"), "c"),
        (Constraints(must_list="HGNC:99999999"), ""),
        (Constraints(must_have="HP:0000478"), "c"),
        (Constraints(must_have=CATARACT), "c"),
        (Constraints(must_have="HP:0000486"), ""),
        (Constraints(must_have="HP:9999999"), ""),
        (Constraints(exclude_solved=True), "acdef"),
        (Constraints(exclude_own_family=True), "abdef"),
        (Constraints(exclude_own_submitter=True), "abcef"),
        (Constraints(site="north"), "de"),
        (Constraints(site="nowhere"), ""),
        (Constraints(test=True), "f"),
        (Constraints(test=False), "abcde"),
        (Constraints(new_since=4), "ef"),
        (Constraints(among=["f", "b", "nobody"]), "bf"),
        (Constraints(among=[]), ""),
        (Constraints(site="north", exclude_own_submitter=True), "e"),
    ],
)
def test_constraints_leave_out_cases_before_ranking(matcher_of, constraints, left):
    matcher = matcher_of()
    cases = [
        case("a", [SPASMS]),
        case("b", [SPASMS], ["KMT2D"], solved=True, submitter="ben"),
        case("c", [CATARACT], ["KMT2B"], family="F"),
        case("d", [SPASMS], submitter="anne", site="north"),
        case("e", [SPASMS], family="G", site="north"),
        case("f", test=True),
    ]
    for revision, each in enumerate(cases, start=1):
        matcher.add(each, revision=revision)
    matches = matcher.rank(QUERY, constraints=constraints)
    assert sorted(ids(matches)) == sorted(left)
    assert all(match.searched == 5 for match in matches)


def test_constraints_of_a_query_that_has_none_of_its_own(matcher_of):
    matcher = matcher_of(case("a", [SPASMS]))
    strict = Constraints(exclude_own_family=True, exclude_own_submitter=True)
    assert ids(matcher.rank(case("q", [SPASMS]), constraints=strict)) == ["a"]
    sharing = Constraints(must_share_gene=True)
    assert matcher.rank(case("q", [SPASMS]), constraints=sharing) == []


def test_test_cases_are_counted_apart(matcher_of):
    matcher = matcher_of(
        case("a"), case("b"), case("c", test=True), case("d", simulated=True)
    )
    assert matcher.answer(case("x")).searched == 3
    assert matcher.answer(case("a")).searched == 2
    assert matcher.answer(case("x", test=True)).searched == 1
    assert matcher.answer(case("x", simulated=True)).searched == 3


def test_a_world_without_others_counts_everybody(matcher_of):
    assert matcher_of(case("d", test=True)).answer(case("x")).searched == 1


def test_probability_falls_with_the_number_searched(matcher_of):
    terms = [SPASMS, "HP:0045075", CATARACT]
    few, many = (
        matcher_of(*(case(str(n), terms) for n in range(count))).rank(case("q", terms))[
            0
        ]
        for count in (1, 50)
    )
    assert few.score == many.score
    assert few.probability / (1 - few.probability) == pytest.approx(math.exp(few.score))
    assert many.probability / (1 - many.probability) == pytest.approx(
        math.exp(few.score) / 50
    )
    assert few.band is Band.CONTACT


def test_replacing_asks_for_a_case_that_is_there(matcher_of):
    matcher = matcher_of(case("a", [SPASMS]))
    matcher.replace(case("a", [CATARACT]))
    assert matcher.rank(case("q", [CATARACT]))[0].closeness > 0
    with pytest.raises(UnknownCase, match="'b'"):
        matcher.replace(case("b"))


def test_removing_asks_for_a_case_that_is_there(matcher_of):
    matcher = matcher_of(case("a"))
    matcher.remove("a")
    assert len(matcher) == 0 and "a" not in matcher
    with pytest.raises(UnknownCase, match="'a'"):
        matcher.remove("a")


def test_a_case_erased_during_the_search_is_not_shown(matcher_of):
    kept = {"b": case("b", [SPASMS])}
    matcher = matcher_of(case("a", [SPASMS]), kept["b"], fetch=kept.get)
    matches = matcher.rank(case("q", [SPASMS]))
    assert [(match.rank, match.case_id) for match in matches] == [(1, "b")]


def test_queries_run_while_cases_come_and_go(matcher_of):
    lasting = [case(f"lasting {n}", [SPASMS, CATARACT]) for n in range(40)]
    passing = [case(f"passing {n}", [SPASMS, CATARACT]) for n in range(40)]
    matcher = matcher_of(*lasting)

    def change():
        for each in passing:
            matcher.add(each)
            matcher.remove(each.case_id)

    with ThreadPoolExecutor(3) as executor:
        changing = executor.submit(change)
        while not changing.done():
            asked = [executor.submit(matcher.rank, QUERY, limit=None) for _ in range(2)]
            for answer in asked:
                found = ids(answer.result())
                assert [name for name in found if name.startswith("lasting")] == sorted(
                    each.case_id for each in lasting
                )
        changing.result()
    assert len(matcher) == len(lasting)


def test_a_match_names_all_that_is_needed_to_compute_it_again(matcher_of, calibration):
    (match,) = matcher_of(case("a", [SPASMS])).rank(case("q", [SPASMS]))
    assert match.provenance == {
        "hpo": "drawn",
        "release": "drawn",
        "calibration": calibration.calibration_id,
        "secondcase": match.version,
    }


def test_a_match_explains_itself(matcher_of):
    (match,) = matcher_of(case("a", [SPASMS])).rank(case("q", [SPASMS]))
    explanation = match.explanation()
    assert (explanation.query_id, explanation.candidate_id) == ("q", "a")
    assert explanation.probability == match.probability
    assert match.reasons[0] == match.evidence[0].sentence
