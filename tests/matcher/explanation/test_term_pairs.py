"""Which features find each other in the release drawn in conftest.py."""

import math
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.case import Case, PhenotypicFeature
from matcher.explanation.term_pairs import compare_terms, usable_features

SPARSE_HAIR, SPARSE_SCALP_HAIR, SPARSE_EYEBROW = (
    "HP:0008070",
    "HP:0002209",
    "HP:0045075",
)
DELAY, MODERATE_DELAY, MILD_DELAY = "HP:0001263", "HP:0011343", "HP:0011342"
SPASMS, MICROCEPHALY, SECONDARY_MICROCEPHALY = "HP:0012469", "HP:0000252", "HP:0005484"
STRABISMUS, CATARACT, JOINTS = "HP:0000486", "HP:0000518", "HP:0006237"
TERMS = (
    SPARSE_SCALP_HAIR,
    SPARSE_EYEBROW,
    MILD_DELAY,
    SPASMS,
    SECONDARY_MICROCEPHALY,
    CATARACT,
)


def case(*observed, excluded=()):
    features = [PhenotypicFeature(term_id=t) for t in observed]
    features += [PhenotypicFeature(term_id=t, excluded=True) for t in excluded]
    return Case(case_id="x", features=tuple(features))


@pytest.fixture
def compared(drawn_release):
    def compared(query, candidate):
        return compare_terms(drawn_release, query, candidate)

    return compared


def ids(pairs):
    return [(p.yours.term_id, p.theirs.term_id, p.ancestor.term_id) for p in pairs]


def names(terms):
    return [term.term_id for term in terms]


def test_terms_are_paired_through_their_most_informative_common_ancestor(compared):
    (pair,) = compared(case(SPARSE_SCALP_HAIR), case(SPARSE_EYEBROW)).pairs
    assert ids([pair]) == [(SPARSE_SCALP_HAIR, SPARSE_EYEBROW, SPARSE_HAIR)]
    assert pair.one_in == pytest.approx(28)
    assert pair.relation == pair.ancestor.label == "Sparse hair"


def test_of_equally_informative_ancestors_the_most_special_is_named(compared):
    # All and Phenotypic abnormality both tell nothing.
    (pair,) = compared(case("HP:0000118"), case("HP:0000118")).too_usual
    assert pair.ancestor.term_id == "HP:0000118"


def test_two_body_systems_have_nothing_in_common(compared):
    found = compared(case("HP:0000707"), case("HP:0000478"))
    assert (found.pairs, found.too_usual) == ((), ())


@pytest.mark.parametrize(
    ("yours", "theirs", "relation"),
    [
        (SPARSE_HAIR, SPARSE_HAIR, "same term"),
        (SPARSE_HAIR, SPARSE_EYEBROW, "yours is the broader"),
        (SPARSE_EYEBROW, SPARSE_HAIR, "theirs is the broader"),
    ],
)
def test_pair_says_how_its_terms_stand_to_each_other(compared, yours, theirs, relation):
    (pair,) = compared(case(yours), case(theirs)).pairs
    assert (pair.relation, pair.is_identical) == (relation, yours == theirs)


def test_pairs_stand_rarest_first_and_mutual_ones_once(compared):
    found = compared(
        case(SPASMS, SPARSE_HAIR, JOINTS), case(SPARSE_HAIR, JOINTS, SPASMS)
    )
    assert names(p.yours for p in found.pairs) == [JOINTS, SPASMS, SPARSE_HAIR]
    assert {p.best_for for p in found.pairs} == {"both"}


def test_each_side_has_its_own_best_partner(compared):
    found = compared(case(SPARSE_SCALP_HAIR, SPARSE_EYEBROW), case(SPARSE_SCALP_HAIR))
    told = [(p.yours.term_id, p.theirs.term_id, p.best_for) for p in found.pairs]
    assert told == [
        (SPARSE_SCALP_HAIR, SPARSE_SCALP_HAIR, "both"),
        (SPARSE_EYEBROW, SPARSE_SCALP_HAIR, "you"),
    ]
    found = compared(case(SPARSE_SCALP_HAIR), case(SPARSE_SCALP_HAIR, SPARSE_EYEBROW))
    assert [p.best_for for p in found.pairs] == ["both", "they"]


def test_identical_term_is_a_better_partner_than_one_below_it(compared):
    query = case(MICROCEPHALY)
    found = compared(query, case(SECONDARY_MICROCEPHALY))
    assert names(p.theirs for p in found.pairs) == [SECONDARY_MICROCEPHALY]
    # Both share IC(Sparse hair) with yours; only the identical one has the bonus.
    found = compared(case(SPARSE_HAIR), case(SPARSE_EYEBROW, SPARSE_SCALP_HAIR))
    assert found.pairs[0].theirs.term_id == SPARSE_SCALP_HAIR


def test_implied_features_are_dropped(compared):
    found = compared(case(SPARSE_HAIR, SPARSE_EYEBROW), case(SPARSE_EYEBROW))
    assert ids(found.pairs) == [(SPARSE_EYEBROW, SPARSE_EYEBROW, SPARSE_EYEBROW)]
    assert found.unmatched_yours == ()


def test_what_more_than_one_disease_in_seven_has_is_too_usual(compared):
    found = compared(case(MODERATE_DELAY), case(DELAY))
    assert found.pairs == ()
    assert ids(found.too_usual) == [(MODERATE_DELAY, DELAY, DELAY)]
    assert (found.unmatched_yours, found.unmatched_theirs) == ((), ())


def test_exactly_one_disease_in_seven_is_not_too_usual(compared, monkeypatch):
    monkeypatch.setattr("matcher.explanation.term_pairs.TOO_USUAL", 28.0)
    assert compared(case(SPARSE_HAIR), case(SPARSE_HAIR)).too_usual == ()
    monkeypatch.setattr("matcher.explanation.term_pairs.TOO_USUAL", 28.1)
    assert compared(case(SPARSE_HAIR), case(SPARSE_HAIR)).pairs == ()


def test_siblings_below_something_usual_are_in_common_but_too_usual(compared):
    found = compared(case(MODERATE_DELAY), case(MILD_DELAY))
    assert ids(found.too_usual) == [(MODERATE_DELAY, MILD_DELAY, DELAY)]


def test_siblings_are_near_however_little_their_parent_tells(compared):
    found = compared(case(STRABISMUS), case(CATARACT))
    assert ids(found.too_usual) == [(STRABISMUS, CATARACT, "HP:0000478")]


def test_relatives_below_something_usual_are_in_common_but_too_usual(release):
    nystagmus, smooth_pursuit = "HP:0000639", "HP:0007772"
    found = compare_terms(release, case(nystagmus), case(smooth_pursuit))
    assert found.pairs == ()
    assert ids(found.too_usual)[0][:2] == (nystagmus, smooth_pursuit)


def test_what_one_disease_in_two_has_makes_no_relatives(release):
    macrocephaly, carpal_bones = "HP:0000256", "HP:0004233"
    found = compare_terms(release, case(macrocephaly), case(carpal_bones))
    assert (found.pairs, found.too_usual) == ((), ())


def test_features_that_only_share_a_body_system_found_nothing(compared):
    found = compared(case(SPASMS, CATARACT), case(SECONDARY_MICROCEPHALY, JOINTS))
    assert (found.pairs, found.too_usual) == ((), ())
    assert names(found.unmatched_yours) == [SPASMS, CATARACT]
    assert names(found.unmatched_theirs) == [JOINTS, SECONDARY_MICROCEPHALY]


def test_observed_here_and_excluded_there_is_a_conflict(compared):
    found = compared(case(SPASMS, excluded=[MICROCEPHALY]), case(SPASMS, MICROCEPHALY))
    (conflict,) = found.conflicts
    assert (conflict.yours.term_id, conflict.theirs.term_id) == (
        MICROCEPHALY,
        MICROCEPHALY,
    )
    assert (conflict.excluded_by, conflict.one_in) == ("you", pytest.approx(8))
    assert found.unmatched_theirs == ()


def test_who_excludes_a_term_excludes_those_below_it(compared):
    found = compared(case(SECONDARY_MICROCEPHALY), case(excluded=[MICROCEPHALY]))
    (conflict,) = found.conflicts
    assert (conflict.yours.term_id, conflict.excluded_by) == (
        SECONDARY_MICROCEPHALY,
        "they",
    )
    assert conflict.theirs.term_id == MICROCEPHALY


def test_feature_in_conflict_is_not_told_again_as_unmatched(compared):
    query = case(JOINTS, excluded=[MICROCEPHALY])
    candidate = case(JOINTS, SECONDARY_MICROCEPHALY)
    assert compared(query, candidate).unmatched_theirs == ()
    assert compared(candidate, query).unmatched_yours == ()


def test_who_excludes_a_term_does_not_exclude_those_above_it(compared):
    found = compared(case(MICROCEPHALY), case(excluded=[SECONDARY_MICROCEPHALY]))
    assert found.conflicts == ()
    assert names(found.unmatched_yours) == [MICROCEPHALY]


def test_conflict_names_the_most_special_excluded_term_once(compared):
    excluded = ["HP:0000707", MICROCEPHALY]
    (conflict,) = compared(
        case(excluded=excluded), case(SECONDARY_MICROCEPHALY)
    ).conflicts
    assert conflict.yours.term_id == MICROCEPHALY


def test_conflicts_stand_rarest_first(compared):
    query = case(SPARSE_HAIR, excluded=[MICROCEPHALY, CATARACT])
    candidate = case(SECONDARY_MICROCEPHALY, CATARACT, excluded=[SPARSE_HAIR])
    told = [round(c.one_in) for c in compared(query, candidate).conflicts]
    assert told == [90, 28, 15]


def test_excluded_feature_never_makes_a_pair(compared):
    found = compared(case(excluded=[SPARSE_HAIR]), case(excluded=[SPARSE_HAIR]))
    assert (found.pairs, found.too_usual, found.conflicts) == ((), (), ())


def test_coverage_is_what_theirs_repeat_of_the_information_in_yours(compared):
    found = compared(
        case(SPARSE_SCALP_HAIR, SPASMS), case(SPARSE_EYEBROW, SPASMS, CATARACT)
    )
    # Sparse scalp hair meets Sparse eyebrow at Sparse hair; the identical term counts 1.4 times.
    shared = math.log(28) + 1.4 * math.log(80)
    assert found.coverage_of_yours == pytest.approx(
        shared / (1.4 * (math.log(40) + math.log(80)))
    )
    assert found.coverage_of_theirs == pytest.approx(
        (shared + math.log(1)) / (1.4 * (math.log(60) + math.log(80) + math.log(15)))
    )


def test_coverage_of_a_case_by_itself_is_whole(compared):
    assert compared(case("HP:0000478"), case("HP:0000478")).coverage_of_yours == 1.0
    found = compared(case(SPASMS, JOINTS), case(JOINTS, SPASMS))
    assert (found.coverage_of_yours, found.coverage_of_theirs) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("query", "candidate"),
    [(case(), case(SPASMS)), (case("HP:0000118"), case("HP:0000118"))],
)
def test_coverage_without_information_is_unknown(compared, query, candidate):
    assert compared(query, candidate).coverage_of_yours is None


def test_without_any_feature_theirs_are_unmatched(compared):
    found = compared(case(), case(SPASMS))
    assert names(found.unmatched_theirs) == [SPASMS]
    assert found.coverage_of_theirs is None


def test_ids_are_read_as_their_live_terms(compared):
    found = compared(case("hp_0008007"), case(SPARSE_HAIR))
    assert ids(found.pairs) == [(SPARSE_HAIR, SPARSE_HAIR, SPARSE_HAIR)]


@pytest.mark.parametrize(
    ("term_id", "label", "reason"),
    [
        ("HP:9999999", "as entered", "unknown id"),
        ("HP:0000999", "as entered", "obsolete id"),
        ("nonsense", "as entered", "malformed id"),
        (
            "HP:0000006",
            "Autosomal dominant inheritance",
            "not a phenotypic abnormality",
        ),
    ],
)
def test_feature_that_takes_no_part_is_named_with_the_reason(
    drawn_release, compared, term_id, label, reason
):
    odd = PhenotypicFeature(term_id=term_id, label="as entered")
    query = Case(case_id="x", features=(odd, PhenotypicFeature(term_id=SPASMS)))
    (unused,) = usable_features(query, drawn_release).unused
    assert (unused.entered, unused.label, unused.reason) == (term_id, label, reason)
    found = compared(query, query)
    assert found.unused_yours == found.unused_theirs == (unused,)
    assert len(found.pairs) == 1


def test_order_of_the_features_changes_nothing(compared):
    candidate = case(SPARSE_HAIR, MILD_DELAY, CATARACT)
    orders = permutations([SPARSE_EYEBROW, MODERATE_DELAY, STRABISMUS])
    assert len({compared(case(*order), candidate) for order in orders}) == 1


profiles = st.lists(st.sampled_from(TERMS), max_size=6)


@given(profiles, profiles)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_feature_stands_in_exactly_one_kind_of_place(compared, yours, theirs):
    found = compared(case(*yours), case(*theirs))
    paired = {p.yours.term_id for p in (*found.pairs, *found.too_usual)}
    alone = set(names(found.unmatched_yours))
    assert paired | alone == set(yours)
    assert not paired & alone


@given(profiles, profiles)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_other_side_sees_the_same_in_the_mirror(compared, yours, theirs):
    ours, mirrored = compared(case(*yours), case(*theirs)), compared(
        case(*theirs), case(*yours)
    )
    assert set(ids(ours.pairs)) == {(q, c, a) for c, q, a in ids(mirrored.pairs)}
    assert ours.coverage_of_yours == mirrored.coverage_of_theirs
