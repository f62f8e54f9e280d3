"""The gene and disease lookups of a release, remembered: many cases name the same few."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ontologies import Ontology, Release
    from ontologies.genes import GeneResolution

_REMEMBERED = 1 << 13


class RememberedRelease:
    """As much of a release as evidence is prepared with; it forgets what was asked long ago."""

    def __init__(self, release: Release) -> None:
        self._release = release

    @property
    def ontology(self) -> Ontology:
        """The ontology itself."""
        return self._release.ontology

    @cached_property
    def genes(self) -> RememberedGenes:
        """The genes, remembered."""
        return RememberedGenes(self._release)

    @cached_property
    def diseases(self) -> RememberedDiseases:
        """The diseases, remembered."""
        return RememberedDiseases(self._release)


class RememberedGenes:
    """The genes of a release, remembered."""

    def __init__(self, release: Release) -> None:
        self._resolve = lru_cache(_REMEMBERED)(release.genes.resolve)

    def resolve(self, entered: str) -> GeneResolution:
        """See `GeneTable`."""
        return self._resolve(entered)


class RememberedDiseases:
    """The diseases of a release, remembered."""

    def __init__(self, release: Release) -> None:
        self._normalise = lru_cache(_REMEMBERED)(release.diseases.normalise)
        self._equivalents = lru_cache(_REMEMBERED)(release.diseases.equivalents)
        self._name = lru_cache(_REMEMBERED)(release.diseases.name)

    def normalise(self, disease_id: str) -> str:
        """See `DiseaseTable`."""
        return self._normalise(disease_id)

    def equivalents(self, disease_id: str) -> tuple[str, ...]:
        """See `DiseaseTable`."""
        return self._equivalents(disease_id)

    def name(self, disease_id: str) -> str:
        """See `DiseaseTable`."""
        return self._name(disease_id)
