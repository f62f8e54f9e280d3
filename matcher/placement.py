"""Which part of a case a term belongs to, whatever list it was entered in.

Peers and packets put modes of inheritance and onset terms among the features. Only a release
knows what a term is, so they are moved when a case is resolved, and never in what is stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from matcher.case import Case, Onset, PhenotypicFeature

if TYPE_CHECKING:
    from ontologies import Ontology

# Fixed by HPO as the tops of their branches
INHERITANCE = "HP:0000005"
ONSET = "HP:0003674"


def placed(case: Case, ontology: Ontology) -> Case:
    """The case with inheritance and onset terms moved from its features to where they belong.

    An excluded one is taken out: nothing was observed. An onset that the case states already
    stays. The same object comes back where there is nothing to move.
    """
    tops = [_top(feature, ontology) for feature in case.features]
    if not any(tops):
        return case
    pairs = list(zip(case.features, tops, strict=True))
    observed = [(f.term_id, top) for f, top in pairs if top and not f.excluded]
    modes = [term_id for term_id, top in observed if top == INHERITANCE]
    onset = next((term_id for term_id, top in observed if top == ONSET), None)
    return replace(
        case,
        features=tuple(feature for feature, top in pairs if top is None),
        inheritance=tuple(dict.fromkeys((*case.inheritance, *modes))),
        onset=case.onset or (Onset(term_id=onset) if onset else None),
    )


def _top(feature: PhenotypicFeature, ontology: Ontology) -> str | None:
    term_id = ontology.resolve(feature.term_id).term_id
    branch = ontology.branch(term_id) if term_id else None
    return branch.value if branch in (INHERITANCE, ONSET) else None
