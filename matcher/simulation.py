"""Which cases could there be: cases drawn from what is known of each disease.

The field's usual way (Koehler 2009, doi:10.1016/j.ajhg.2009.09.003): the signs of a disease are
drawn by their frequency, some are described less precisely than they could be, and some have
nothing to do with the disease. Nobody stands behind a simulated case.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from matcher.case import (
    Case,
    Contact,
    Disease,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sex,
    Sharing,
)
from ontologies.arrays import Branch
from ontologies.files.hpoa import Aspect

if TYPE_CHECKING:
    from ontologies import Release

Option = TypeVar("Option")

PHENOTYPE_ROOT = "HP:0000118"
# Only males have these, only females have that: X-linked recessive and Y-linked inheritance,
# abnormality of the male and of the female genitalia.
OF_MALES = frozenset({"HP:0001419", "HP:0001450", "HP:0010461"})
OF_FEMALES = frozenset({"HP:0010460"})

FEWEST_TERMS = 3
# A negative binomial beyond the three, fitted by maximum likelihood to the number of observed
# terms of 6,307 published cases that have at least three (phenopacket-store, June 2026).
EXTRA_TERMS_SHAPE = 1.40
EXTRA_TERMS_MEAN = 7.02
# The median of the 95,689 frequencies stated for OMIM diseases in phenotype.hpoa of June 2026.
UNSTATED_FREQUENCY = 2 / 3
# 538 of the 7,095 published cases do not say the sex.
SEX_NOT_SAID = 0.076
# How often the causal gene is among the candidates, as in the gene lists of docs/scoring.md.
CAUSAL_GENE_LISTED = 0.7
# The fewest signs of a disease in a demonstration, so that its cases can be recognised.
CLEAR_PICTURE = 10
# Bounds the search for unrelated terms where an ontology hardly has any.
TRIES_PER_TERM = 50


def simulate_cases(
    release: Release,
    count: int,
    *,
    seed: int,
    noise: float = 0.2,
    imprecision: float = 0.2,
    candidate_genes: int = 0,
) -> Iterator[Case]:
    """The first `count` cases of a seed, each with its diagnosis.

    `noise` and `imprecision` are the shares of terms that have nothing to do with the disease,
    and that are an ancestor of what the person has. `candidate_genes` genes are listed where the
    causal gene is known; it is among them with a chance of 0.7. The cases depend on the release
    and on these values only, and case number i on no other case.
    """
    simulator = CaseSimulator(
        release=release,
        seed=seed,
        noise=noise,
        imprecision=imprecision,
        candidate_genes=candidate_genes,
    )
    return (simulator.case(number) for number in range(count))


def demonstration_cases(
    release: Release,
    *,
    sites: Sequence[str] = ("North", "Harbour", "Island"),
    per_site: int = 12,
    seed: int = 1,
) -> list[Case]:
    """Made-up cases of several sites that find each other, by site and then by number.

    Half of the cases of each site have a disease that every site has seen once, so that each has
    a partner elsewhere. One case in three is solved; half of the others list candidate genes.
    Everything that could be taken for real says that it is simulated.
    """
    simulator = CaseSimulator(release=release, seed=seed, candidate_genes=3)
    genes_of = release.genes.genes_of
    clear = {
        disease_id: 1.0
        for disease_id, signs in simulator.signs.items()
        if len(signs) >= CLEAR_PICTURE and genes_of(disease_id)
    }
    # Case numbers start at one: the stream of number zero decides who has which disease.
    draw = Draw(seed, 0)
    recurring = per_site // 2
    own = per_site - recurring
    diseases = draw.some(clear, recurring + own * len(sites))
    cases = []
    for place, site in enumerate(sites):
        start = recurring + own * place
        here = diseases[:recurring] + diseases[start : start + own]
        order = draw.some(dict.fromkeys(range(len(here)), 1.0), len(here))
        for position, index in enumerate(order, start=1):
            case = simulator.case(place * per_site + position, here[index])
            is_solved = (index + place) % 3 == 0
            shown = (
                replace(case, genomic_features=simulator.listed(genes_of(here[index])))
                if is_solved
                else _undiagnosed(case, has_genes=index % 2 == 1)
            )
            cases.append(_at_site(shown, site, position))
    return cases


def _undiagnosed(case: Case, *, has_genes: bool) -> Case:
    genes = case.genomic_features if has_genes else ()
    return replace(case, diseases=(), solved=False, genomic_features=genes)


def _at_site(case: Case, site: str, number: int) -> Case:
    domain = f"{site.lower()}.example"
    return replace(
        case,
        case_id=f"{site.upper()}-{number:02}",
        label=f"{site} {number} (simulated)",
        site=site,
        submitter=f"clinician@{domain}",
        contact=Contact(
            name=f"Clinical genetics, {site} (simulated)",
            href=f"mailto:genetics@{domain}",
            institution=f"{site} Hospital (simulated)",
        ),
        sharing=Sharing.NETWORK,
    )


def number_of_terms(quantile: float) -> int:
    """How many terms a case has, at a quantile in [0, 1) of real cases."""
    more = EXTRA_TERMS_MEAN / (EXTRA_TERMS_SHAPE + EXTRA_TERMS_MEAN)
    probability = (1 - more) ** EXTRA_TERMS_SHAPE
    below = probability
    extra = 0
    while below <= quantile and probability > 1e-12:
        probability *= more * (EXTRA_TERMS_SHAPE + extra) / (extra + 1)
        below += probability
        extra += 1
    return FEWEST_TERMS + extra


class Draw:
    """Random choices that come out the same on every platform.

    Each number of a seed has its own stream, so that no case depends on the cases before it. Only
    uniform doubles are taken from it, as numpy may change what it makes of them otherwise.
    """

    def __init__(self, seed: int, number: int) -> None:
        sequence = np.random.SeedSequence(seed, spawn_key=(number,))
        self._generator = np.random.Generator(np.random.PCG64(sequence))

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return float(self._generator.random())

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def one(self, options: Sequence[Option]) -> Option:
        """One of the options, each as likely as the others."""
        return options[int(self.uniform() * len(options))]

    def some(self, weights: Mapping[Option, float], count: int) -> list[Option]:
        """Up to `count` different options, drawn one by one in proportion to their weights.

        The smallest of exponential waiting times (Efraimidis 2006, doi:10.1016/j.ipl.2005.11.003).
        """
        waits = {
            option: -math.log1p(-self.uniform()) / weight
            for option, weight in weights.items()
        }
        return sorted(waits, key=waits.__getitem__)[:count]


@dataclass(frozen=True, kw_only=True)
class CaseSimulator:
    """Draws cases of one release and seed. Raises ValueError for a share outside [0, 1]."""

    release: Release
    seed: int
    noise: float = 0.2
    imprecision: float = 0.2
    candidate_genes: int = 0

    def __post_init__(self) -> None:
        for name, share in (("noise", self.noise), ("imprecision", self.imprecision)):
            if not 0 <= share <= 1:
                raise ValueError(f"The share of {name} is {share}, but lies in [0, 1].")

    @cached_property
    def signs(self) -> Mapping[str, Mapping[str, float]]:
        """The frequency of each sign of each OMIM disease that has at least three signs.

        Only OMIM, whose diseases information content counts; ORPHA describes most of them again.
        """
        omim = sorted(
            disease_id
            for disease_id in self.release.annotations.disease_ids
            if disease_id.startswith("OMIM:")
        )
        signs = {disease_id: self._signs_of(disease_id) for disease_id in omim}
        return {
            disease_id: frequencies
            for disease_id, frequencies in signs.items()
            if len(frequencies) >= FEWEST_TERMS
        }

    @cached_property
    def disease_ids(self) -> tuple[str, ...]:
        """The diseases that cases are drawn from."""
        if not self.signs:
            raise ValueError(
                f"No disease of release {self.release.release_id} has {FEWEST_TERMS} signs, "
                "so there is nothing to simulate."
            )
        return tuple(self.signs)

    @cached_property
    def genes(self) -> tuple[str, ...]:
        """HGNC ids of every gene that is known to cause a disease."""
        genes_of = self.release.genes.genes_of
        return tuple(
            sorted({gene for disease in self.disease_ids for gene in genes_of(disease)})
        )

    @cached_property
    def onsets(self) -> Mapping[str, Sequence[str]]:
        """When each disease begins: an onset term for each report, in the order of the file."""
        annotations, ontology = self.release.annotations, self.release.ontology
        arrays = annotations.arrays
        is_course = arrays.aspect == tuple(Aspect).index(Aspect.COURSE)
        onsets: dict[str, list[str]] = {}
        for entry in np.flatnonzero(is_course & ~arrays.negated).tolist():
            term = ontology.term_ids[arrays.row[entry]]
            if ontology.branch(term) is Branch.ONSET:
                disease_id = annotations.disease_ids[arrays.disease_index[entry]]
                onsets.setdefault(disease_id, []).append(term)
        return onsets

    def case(self, number: int, disease_id: str | None = None) -> Case:
        """Case number `number` of this seed, of a given disease or of any."""
        draw = Draw(self.seed, number)
        any_disease_id = draw.one(self.disease_ids)
        disease_id = disease_id or any_disease_id
        terms = self._terms(draw, disease_id)
        inheritance = self.release.annotations.inheritance(disease_id)
        label = self.release.ontology.label
        return Case(
            case_id=f"SIMULATED-{self.seed}-{number}",
            label=f"Simulated case {number}",
            features=tuple(
                PhenotypicFeature(term_id=term, label=label(term)) for term in terms
            ),
            sex=_sex(draw, inheritance + self._implied(terms)),
            onset=self._onset(draw, disease_id),
            inheritance=inheritance,
            genomic_features=self._candidates(draw, disease_id),
            diseases=(
                Disease(
                    disease_id=disease_id, label=self.release.diseases.name(disease_id)
                ),
            ),
            solved=True,
            simulated=True,
        )

    def listed(self, hgnc_ids: Iterable[str]) -> tuple[GenomicFeature, ...]:
        """These genes as a case lists them, in the order of their ids."""
        return tuple(
            GenomicFeature(gene=hgnc_id, gene_label=self.release.genes[hgnc_id].symbol)
            for hgnc_id in sorted(hgnc_ids)
        )

    def _signs_of(self, disease_id: str) -> Mapping[str, float]:
        stated: dict[str, list[float]] = {}
        for annotation in self.release.annotations.observed(disease_id):
            if self.release.ontology.is_phenotype(annotation.term_id):
                frequencies = stated.setdefault(annotation.term_id, [])
                if annotation.frequency:
                    frequencies.append(annotation.frequency)
        return {
            term: math.fsum(values) / len(values) if values else UNSTATED_FREQUENCY
            for term, values in sorted(stated.items())
        }

    def _terms(self, draw: Draw, disease_id: str) -> tuple[str, ...]:
        length = number_of_terms(draw.uniform())
        unrelated = sum(draw.chance(self.noise) for _ in range(length))
        signs = self.signs[disease_id]
        drawn = draw.some(signs, length - unrelated)
        terms = dict.fromkeys(self._vaguer(draw, term) for term in drawn)
        wanted = max(len(terms) + unrelated, FEWEST_TERMS)
        for _ in range(TRIES_PER_TERM * wanted):
            if len(terms) >= wanted:
                break
            term = draw.one(tuple(self.signs[draw.one(self.disease_ids)]))
            if not self._is_related(term, [*signs, *terms]):
                terms[term] = None
        return tuple(terms)

    def _vaguer(self, draw: Draw, term: str) -> str:
        """The term, or with the chance of imprecision one of its ancestors below the root."""
        ontology = self.release.ontology
        ancestors = sorted(
            ancestor
            for ancestor in ontology.ancestors(term) - {term, PHENOTYPE_ROOT}
            if ontology.is_phenotype(ancestor)
        )
        is_vague = draw.chance(self.imprecision)
        return draw.one(ancestors) if is_vague and ancestors else term

    def _is_related(self, term: str, others: Sequence[str]) -> bool:
        """Whether one of the others is the term, implies it or is implied by it."""
        ancestors = self.release.ontology.ancestors
        return not ancestors(term).isdisjoint(others) or any(
            term in ancestors(other) for other in others
        )

    def _implied(self, terms: Iterable[str]) -> tuple[str, ...]:
        ancestors = self.release.ontology.ancestors
        return tuple(frozenset().union(*(ancestors(term) for term in terms)))

    def _onset(self, draw: Draw, disease_id: str) -> Onset | None:
        known = self.onsets.get(disease_id)
        drawn = draw.uniform()
        return Onset(term_id=known[int(drawn * len(known))]) if known else None

    def _candidates(self, draw: Draw, disease_id: str) -> tuple[GenomicFeature, ...]:
        causal = sorted(self.release.genes.genes_of(disease_id))
        if not self.candidate_genes or not causal:
            return ()
        listed = {draw.one(causal)} if draw.chance(CAUSAL_GENE_LISTED) else set[str]()
        others = [gene for gene in self.genes if gene not in causal]
        while len(listed) < min(self.candidate_genes, len(others)):
            listed.add(draw.one(others))
        return self.listed(listed)


def _sex(draw: Draw, facts: Collection[str]) -> Sex:
    """The sex that signs and inheritance leave open, or else either."""
    sex = Sex.MALE if draw.chance(0.5) else Sex.FEMALE
    if draw.chance(SEX_NOT_SAID):
        return Sex.UNKNOWN
    if not OF_MALES.isdisjoint(facts):
        return Sex.MALE
    return sex if OF_FEMALES.isdisjoint(facts) else Sex.FEMALE
