"""Cases drawn from the annotations of three small diseases."""

import hashlib
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from matcher import Matcher
from matcher.calibration import Band
from matcher.case import Onset, Sex, Sharing
from matcher.simulation import (
    CaseSimulator,
    Draw,
    demonstration_cases,
    number_of_terms,
    simulate_cases,
)
from ontologies.arrays import Branch
from ontologies.files.hpoa import Aspect

ROOT = "HP:0000118"
X_LINKED_RECESSIVE = "HP:0001419"
MALE, FEMALE = "HP:0010461", "HP:0010460"
CONGENITAL, SLOW = "HP:0003577", "HP:0003677"


def parents_of_the_small_ontology():
    """Twelve systems below the root, each with a sign that has three kinds."""
    parents = {"HP:0000001": (), ROOT: ("HP:0000001",)}
    for system in range(12):
        parents[f"HP:10000{system:02}"] = (ROOT,)
        parents[f"HP:20000{system:02}"] = (f"HP:10000{system:02}",)
        for kind in range(3):
            parents[f"HP:3000{system:02}{kind}"] = (f"HP:20000{system:02}",)
    return parents


def kinds(systems, kind=0):
    return [f"HP:3000{system:02}{kind}" for system in systems]


@dataclass
class SmallOntology:
    """As much of `ontologies.Ontology` as a simulation asks for."""

    parents: dict = field(default_factory=parents_of_the_small_ontology)

    def ancestors(self, term_id):
        above = (self.ancestors(parent) for parent in self.parents[term_id])
        return frozenset({term_id}.union(*above))

    def is_phenotype(self, term_id):
        return term_id in self.parents and ROOT in self.ancestors(term_id)

    def label(self, term_id):
        return f"label of {term_id}"

    @property
    def term_ids(self):
        return [*self.parents, CONGENITAL, SLOW]

    def branch(self, term_id):
        return {CONGENITAL: Branch.ONSET, SLOW: Branch.CLINICAL_COURSE}[term_id]


@dataclass
class SmallAnnotations:
    """As much of `ontologies.DiseaseAnnotations` as a simulation asks for."""

    signs: dict
    modes: dict = field(default_factory=dict)
    # (disease, term, excluded)
    courses: tuple = ()

    @property
    def disease_ids(self):
        return list(self.signs)

    @property
    def arrays(self):
        diseases = [self.disease_ids.index(disease) for disease, _, _ in self.courses]
        term_ids = SmallOntology().term_ids
        course = list(Aspect).index(Aspect.COURSE)
        return SimpleNamespace(
            aspect=np.array([course for _ in self.courses]),
            negated=np.array([negated for _, _, negated in self.courses], dtype=bool),
            row=np.array([term_ids.index(term) for _, term, _ in self.courses]),
            disease_index=np.array(diseases),
        )

    def observed(self, disease_id):
        return tuple(
            SimpleNamespace(term_id=term_id, frequency=frequency)
            for term_id, frequency in self.signs[disease_id]
        )

    def inheritance(self, disease_id):
        return self.modes.get(disease_id, ())


class SmallGenes(dict):
    """As much of `ontologies.GeneTable` as a simulation asks for."""

    def genes_of(self, disease_id):
        return tuple(g for g, gene in self.items() if gene.causes == disease_id)


def small_release(signs, modes=None):
    diseases = list(signs)
    return SimpleNamespace(
        release_id="0" * 16,
        ontology=SmallOntology(),
        annotations=SmallAnnotations(signs, modes or {}),
        genes=SmallGenes(
            {
                f"HGNC:{number}": SimpleNamespace(
                    symbol=f"GENE{number}", causes=disease
                )
                for number, disease in enumerate(diseases, start=1)
            }
        ),
        diseases=SimpleNamespace(name=lambda disease_id: f"name of {disease_id}"),
    )


@pytest.fixture
def small():
    return small_release(
        {
            "OMIM:1": [(term, 1.0) for term in kinds(range(0, 4))],
            "OMIM:2": [(term, None) for term in kinds(range(4, 8))],
            "OMIM:3": [(term, 0.5) for term in kinds(range(8, 12))],
            "OMIM:4": [(term, 1.0) for term in kinds(range(2))],
            "ORPHA:5": [(term, 1.0) for term in kinds(range(12), kind=1)],
        }
    )


@pytest.fixture
def varied_release():
    """Thirty diseases with eleven signs each and one gene each."""
    return small_release(
        {
            f"OMIM:{100 + number}": [
                (term, 0.5)
                for term in kinds(
                    [s for s in range(12) if s != number % 12], number % 3
                )
            ]
            for number in range(30)
        }
    )


def test_same_seed_gives_same_cases(small):
    first = list(simulate_cases(small, 20, seed=3))
    assert first == list(simulate_cases(small, 20, seed=3))
    assert first != list(simulate_cases(small, 20, seed=4))


def test_case_does_not_depend_on_the_cases_before_it(small):
    in_order = list(simulate_cases(small, 8, seed=3))
    assert CaseSimulator(release=small, seed=3).case(7) == in_order[7]


def test_case_does_not_depend_on_the_order_of_the_annotations(small):
    reordered = small_release(
        {
            disease_id: signs[::-1]
            for disease_id, signs in reversed(small.annotations.signs.items())
        }
    )
    profiles = [case.observed for case in simulate_cases(small, 10, seed=3)]
    again = [case.observed for case in simulate_cases(reordered, 10, seed=3)]
    assert profiles == again


def test_real_release_gives_the_cases_that_calibration_was_fitted_with(release):
    cases = simulate_cases(release, 200, seed=1)
    text = " ".join(",".join(case.observed) for case in cases)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "c2a1ed07052a4f23"


def test_draws_are_the_ones_that_shipped_calibrations_were_made_with():
    draw = Draw(2024, 5)
    assert [round(draw.uniform(), 12) for _ in range(3)] == [
        0.02352545152,
        0.794492975678,
        0.673226456446,
    ]


def test_case_says_that_it_is_simulated_and_what_it_has(small):
    (case,) = simulate_cases(small, 1, seed=3)
    assert case.simulated and case.solved
    assert case.case_id == "SIMULATED-3-0"
    assert case.diseases[0].label == f"name of {case.diseases[0].disease_id}"
    assert case.features[0].label == f"label of {case.features[0].term_id}"


def test_only_diseases_with_three_signs_are_drawn_and_only_from_omim(small):
    cases = simulate_cases(small, 100, seed=1)
    drawn = {case.diseases[0].disease_id for case in cases}
    assert drawn == {"OMIM:1", "OMIM:2", "OMIM:3"}


def test_exact_case_has_only_signs_of_its_disease(small):
    simulator = CaseSimulator(release=small, seed=1, noise=0, imprecision=0)
    cases = [simulator.case(number, "OMIM:1") for number in range(30)]
    seen = {term for case in cases for term in case.observed}
    assert seen == set(kinds(range(0, 4)))
    assert all(len(case.observed) >= 3 for case in cases)


def test_frequent_sign_is_drawn_more_often():
    terms = kinds(range(12))
    signs = [(terms[0], 1.0), (terms[1], 0.05), *((t, 0.5) for t in terms[2:])]
    release = small_release({"OMIM:1": signs})
    cases = list(simulate_cases(release, 300, seed=1, noise=0, imprecision=0))
    frequent, middling, rare = (
        sum(term in case.observed for case in cases)
        for term in (terms[0], terms[2], terms[1])
    )
    assert frequent > middling > rare


def test_frequency_not_stated_counts_as_the_median_one(small):
    simulator = CaseSimulator(release=small, seed=1)
    assert set(simulator.signs["OMIM:2"].values()) == {2 / 3}


def test_frequencies_of_several_reports_of_one_sign_are_averaged():
    first, second, third = kinds(range(3))
    signs = [(first, 0.2), (first, 0.4), (first, None), (second, 1.0), (third, 1.0)]
    simulator = CaseSimulator(release=small_release({"OMIM:1": signs}), seed=1)
    assert simulator.signs["OMIM:1"][first] == pytest.approx(0.3)


def test_annotation_outside_the_phenotype_branch_is_no_sign(small):
    small.annotations.signs["OMIM:4"].append(("HP:0000001", 1.0))
    assert "OMIM:4" not in CaseSimulator(release=small, seed=1).signs


def test_imprecise_case_has_ancestors_but_never_the_root(small):
    simulator = CaseSimulator(release=small, seed=1, noise=0, imprecision=1)
    seen = {t for n in range(30) for t in simulator.case(n, "OMIM:1").observed}
    assert seen == {f"HP:{level}0000{s:02}" for level in (1, 2) for s in range(4)}


def test_term_right_below_the_root_cannot_be_made_vaguer():
    systems = [f"HP:10000{system:02}" for system in range(3)]
    release = small_release({"OMIM:1": [(term, 1.0) for term in systems]})
    simulator = CaseSimulator(release=release, seed=1, noise=0, imprecision=1)
    assert set(simulator.case(0).observed) == set(systems)


def test_noise_is_unrelated_to_the_disease(small):
    simulator = CaseSimulator(release=small, seed=1, noise=1, imprecision=0)
    seen = {t for n in range(30) for t in simulator.case(n, "OMIM:1").observed}
    assert seen == set(kinds(range(4, 12)))


def test_noise_stops_where_nothing_unrelated_exists():
    release = small_release({"OMIM:1": [(term, 1.0) for term in kinds(range(3))]})
    (case,) = simulate_cases(release, 1, seed=1, noise=1)
    assert case.observed == ()


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_share_outside_its_range_is_refused(small, share):
    with pytest.raises(ValueError, match=r"share of noise is .* lies in \[0, 1\]"):
        simulate_cases(small, 1, seed=1, noise=share)


def test_release_without_a_disease_to_draw_is_refused():
    simulator = CaseSimulator(release=small_release({"OMIM:1": []}), seed=1)
    with pytest.raises(ValueError, match="nothing to simulate"):
        simulator.case(0)


def test_lengths_are_those_of_published_cases():
    grid = [number_of_terms((n + 0.5) / 1000) for n in range(1000)]
    assert sum(grid) / len(grid) == pytest.approx(10.0, abs=0.1)
    assert [grid[n] for n in (50, 250, 500, 750, 900)] == [3, 5, 8, 13, 19]
    assert number_of_terms(1 - 1e-16) < 200


def test_x_linked_recessive_disease_is_drawn_in_males():
    signs = {"OMIM:1": [(term, 1.0) for term in kinds(range(3))]}
    release = small_release(signs, {"OMIM:1": (X_LINKED_RECESSIVE,)})
    cases = list(simulate_cases(release, 60, seed=1))
    assert {case.sex for case in cases} == {Sex.MALE, Sex.UNKNOWN}
    assert {case.inheritance for case in cases} == {(X_LINKED_RECESSIVE,)}


@pytest.mark.parametrize("sign, sex", [(MALE, Sex.MALE), (FEMALE, Sex.FEMALE)])
def test_sign_that_only_one_sex_can_have_decides_the_sex(sign, sex):
    signs = [(sign, 1.0), *((term, 1.0) for term in kinds(range(3)))]
    release = small_release({"OMIM:1": signs})
    release.ontology.parents[sign] = (ROOT,)
    cases = list(simulate_cases(release, 60, seed=1, noise=0, imprecision=0))
    assert {c.sex for c in cases if sign in c.observed} == {sex, Sex.UNKNOWN}


def test_onset_is_one_that_was_reported_for_the_disease(small):
    small.annotations.courses = (
        ("OMIM:1", CONGENITAL, False),
        ("OMIM:1", SLOW, False),
        ("OMIM:2", CONGENITAL, True),
    )
    simulator = CaseSimulator(release=small, seed=1)
    assert simulator.case(0, "OMIM:1").onset == Onset(term_id=CONGENITAL)
    assert simulator.case(0, "OMIM:2").onset is None


def test_other_diseases_are_drawn_in_both_sexes(small):
    assert {case.sex for case in simulate_cases(small, 60, seed=1)} == {
        Sex.FEMALE,
        Sex.MALE,
        Sex.UNKNOWN,
    }


def test_no_genes_are_listed_unless_asked(small):
    assert not any(c.genomic_features for c in simulate_cases(small, 10, seed=1))


def test_candidate_genes_hold_the_causal_one_seven_times_in_ten(varied_release):
    cases = list(simulate_cases(varied_release, 400, seed=1, candidate_genes=3))
    genes_of = varied_release.genes.genes_of
    hits = sum(genes_of(c.diseases[0].disease_id)[0] in c.genes for c in cases)
    assert {len(case.genes) for case in cases} == {3}
    assert hits / len(cases) == pytest.approx(0.7, abs=0.06)


def test_demonstration_disease_recurs_at_every_site(varied_release):
    cases = demonstration_cases(varied_release, per_site=4, seed=2)
    solved = [case for case in cases if case.solved]
    assert len(cases) == 12
    assert [case.site for case in cases] == ["North"] * 4 + ["Harbour"] * 4 + [
        "Island"
    ] * 4
    assert len(solved) == 4
    assert all(case.diseases and len(case.genes) == 1 for case in solved)


def test_demonstration_cases_find_each_other_across_sites(release):
    cases = demonstration_cases(release)
    matcher = Matcher(release, cases)
    best = {case.case_id: matcher.rank(case, limit=1)[0] for case in cases}
    to_contact = [
        case
        for case in cases
        if best[case.case_id].band is Band.CONTACT
        and not best[case.case_id].case_id.startswith(case.site.upper())
    ]
    assert len(to_contact) >= 9


def test_demonstration_case_is_marked_and_shared(varied_release):
    cases = demonstration_cases(varied_release, per_site=4, seed=2)
    assert len({case.case_id for case in cases}) == 12
    assert all(case.simulated and "simulated" in case.label for case in cases)
    assert {case.sharing for case in cases} == {Sharing.NETWORK}
    assert cases[0].submitter == "clinician@north.example"
    assert cases[0].contact.href == "mailto:genetics@north.example"


def test_undiagnosed_demonstration_case_hides_its_disease(varied_release):
    cases = demonstration_cases(varied_release, per_site=4, seed=2)
    undiagnosed = [case for case in cases if not case.solved]
    assert not any(case.diseases for case in undiagnosed)
    assert {len(case.genes) for case in undiagnosed} == {0, 3}


def test_demonstration_cases_are_the_same_every_time(varied_release):
    assert demonstration_cases(varied_release) == demonstration_cases(varied_release)
