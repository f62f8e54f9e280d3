"""Which findings of a case cannot hold together, and which say what another says already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.case import Case, PhenotypicFeature

if TYPE_CHECKING:
    from ontologies import Ontology


@dataclass(frozen=True, slots=True)
class Conflict:
    """An observed term and an excluded one that it is, or is a kind of; ids as entered."""

    observed: str
    excluded: str


@dataclass(frozen=True, slots=True)
class Implied:
    """An observed term that a narrower observed one implies; ids as entered."""

    term_id: str
    by: str


def conflicts(case: Case, ontology: Ontology) -> tuple[Conflict, ...]:
    """Every conflict, in the order of the observed terms.

    Findings with an onset on both sides may tell of different ages and are no conflict.
    """
    observed = _resolved((f for f in case.features if not f.excluded), ontology)
    excluded = _resolved((f for f in case.features if f.excluded), ontology)
    aged = {f.term_id for f in case.features if f.onset is not None}
    return tuple(
        Conflict(entered, denied)
        for entered, term_id in observed.items()
        for denied, denied_id in excluded.items()
        if denied_id in ontology.ancestors(term_id)
        and not (entered in aged and denied in aged)
    )


def implied(case: Case, ontology: Ontology) -> tuple[Implied, ...]:
    """Every observed term that adds nothing, each once, with the first that implies it."""
    observed = _resolved((f for f in case.features if not f.excluded), ontology)
    found: dict[str, Implied] = {}
    for entered, term_id in observed.items():
        for other, other_id in observed.items():
            if term_id != other_id and term_id in ontology.ancestors(other_id):
                found.setdefault(entered, Implied(entered, other))
    return tuple(found.values())


def _resolved(
    features: Iterable[PhenotypicFeature], ontology: Ontology
) -> dict[str, str]:
    """The live phenotype terms by the ids that were entered for them."""
    found = {}
    for feature in features:
        term_id = ontology.resolve(feature.term_id).term_id
        if term_id is not None and ontology.is_phenotype(term_id):
            found[feature.term_id] = term_id
    return found
