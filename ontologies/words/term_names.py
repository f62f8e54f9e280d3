"""By which names each term of an ontology is found, and how often it is meant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ontologies.annotations import DiseaseAnnotations
from ontologies.words.index import Name, NameIndex, build_name_index
from ontologies.ontology import Ontology
from ontologies.words.folding import Spellings, content

# How good a name a synonym is beside the label, by its scope.
_SCOPES = {"EXACT": 0.99}
_OTHER_SCOPE = 0.95
_DERIVED = 0.98
# "Increased circulating lactate concentration" is said as "increased lactate".
_MEDIUM = frozenset({"circulating", "blood", "serum", "plasma", "count"})
_UNSAID = _MEDIUM | {"concentration", "level", "activity"}


def index_terms(ontology: Ontology) -> NameIndex:
    """The index of all labels and synonyms of live terms; an entry is the row of a term."""
    return build_name_index(_names(ontology))


def _names(ontology: Ontology) -> Iterator[Name]:
    spellings = Spellings()
    for row, term_id in enumerate(ontology.term_ids):
        term = ontology.term(term_id)
        yield from _spoken(row, term.label, 1.0, spellings)
        for synonym in term.synonyms:
            weight = _SCOPES.get(synonym.scope, _OTHER_SCOPE)
            yield from _spoken(row, synonym.text, weight, spellings)


def _spoken(row: int, text: str, weight: float, spellings: Spellings) -> Iterator[Name]:
    spelling = tuple(content(text, spellings))
    yield Name(row, text, weight, spelling)
    if not _MEDIUM.isdisjoint(spelling):
        said = tuple(word for word in spelling if word not in _UNSAID)
        if len(said) >= 2:
            yield Name(row, text, weight * _DERIVED, said)


def term_prior(
    ontology: Ontology, annotations: DiseaseAnnotations, *, most: float
) -> NDArray[np.float32]:
    """Up to `most` for each row, by the logarithm of the diseases annotated with the term."""
    arrays = annotations.arrays
    seen = arrays.observed_phenotype
    n = len(ontology)
    pairs = np.unique(
        arrays.disease_index[seen].astype(np.int64) * n + arrays.row[seen]
    )
    weight = np.log1p(np.bincount(pairs % n, minlength=n))
    prior: NDArray[np.float32] = (most * weight / max(weight.max(), 1.0)).astype(
        np.float32
    )
    return prior
