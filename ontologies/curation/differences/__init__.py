"""What one release changes beside another: terms, what they tell, annotations, genes, diseases."""

from __future__ import annotations

from ontologies.curation.differences.annotations import annotation_changes
from ontologies.curation.differences.changes import Change, Part, Shift, What
from ontologies.curation.differences.diseases import disease_changes
from ontologies.curation.differences.genes import gene_changes
from ontologies.curation.differences.information import information_shifts
from ontologies.curation.differences.report import Difference
from ontologies.curation.differences.terms import term_changes
from ontologies.files.sources import Kind
from ontologies.release import Release

__all__ = ["Change", "Difference", "Part", "Shift", "What", "compare"]


def compare(before: Release, after: Release) -> Difference:
    """Everything that changes with the step from one release to the other, in a fixed order."""
    changes = list(term_changes(before.ontology, after.ontology))
    if _differ(before, after, Kind.HPO, Kind.ANNOTATIONS):
        changes += annotation_changes(before, after)
    if _differ(before, after, Kind.GENES, Kind.DISEASE_GENES):
        changes += gene_changes(before.genes, after.genes)
    if _differ(before, after, Kind.ANNOTATIONS, Kind.DISEASES):
        changes += disease_changes(before.diseases, after.diseases)
    shifts = information_shifts(before, after)
    return Difference(before, after, tuple(changes), shifts)


def _differ(before: Release, after: Release, *kinds: Kind) -> bool:
    """Whether what is made from these files can differ at all."""
    digests = [
        {each.sha256 for each in release.manifest.ingredients if each.kind in kinds}
        for release in (before, after)
    ]
    return digests[0] != digests[1]
