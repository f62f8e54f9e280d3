"""How much a term tells: the rarer among diseases, the more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ontologies.annotations import DiseaseAnnotations
from ontologies.ontology import Ontology
from ontologies.packing import open_array, save_arrays

_NAME = "information_content"


class InformationContent:
    """The information content of every live term, in nats, by row of the ontology."""

    def __init__(
        self, ontology: Ontology, values: NDArray[np.float64], diseases: int
    ) -> None:
        self.values = values
        self.diseases = diseases
        self._ontology = ontology

    def __getitem__(self, term_id: str) -> float:
        """That of one live term; UnknownTerm for anything else."""
        return float(self.values[self._ontology.row(term_id)])

    def rarity(self, term_id: str) -> float:
        """In one of how many diseases the term, or one below it, is found."""
        return float(np.exp(self[term_id]))

    def save(self, folder: Path) -> None:
        """Write the values below `folder`."""
        diseases = np.array(self.diseases, dtype=np.int64)
        save_arrays(folder, _NAME, values=self.values, diseases=diseases)

    @classmethod
    def open(cls, folder: Path, ontology: Ontology) -> InformationContent:
        """The values that `save` wrote, memory-mapped; with the same ontology."""
        diseases = open_array(folder, _NAME, "diseases").item()
        return cls(ontology, open_array(folder, _NAME, "values"), diseases)


def build_information_content(
    ontology: Ontology, annotations: DiseaseAnnotations
) -> InformationContent:
    """IC(a) = max(0, -ln(max(1, diseases annotated at or below a) / diseases)).

    The diseases are those of OMIM with at least one observed phenotypic row; NOT and 0/n rows
    do not count. So a term of no disease has the value of one disease's, and where there is
    no disease at all every term has 0. Resnik (1995), https://arxiv.org/abs/cmp-lg/9511007.
    """
    diseases = annotations.counted_diseases
    shares = np.maximum(1, annotations.counts) / max(1, diseases)
    return InformationContent(
        ontology, np.maximum(0.0, -np.log(shares)) + 0.0, diseases
    )
