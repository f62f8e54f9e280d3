"""What is to be said about a release as what would follow the active one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ontologies.arrays import Branch
from ontologies.curation.findings import Finding, Kind, Severity, listed
from ontologies.files.sources import Kind as Source
from ontologies.ontology import Ontology
from ontologies.release import Release

# Shrinking by more than the first is told; by more than the second it is no release but a part.
_MOST_SHRINKAGE = 0.01
_NOT_A_RELEASE = 0.5
# A branch of a handful of terms shrinks by much when one of them goes.
_BRANCH_TERMS = 20
_BRANCH_SHRINKAGE = 0.05

_SIZES: Mapping[str, Callable[[Release], int]] = MappingProxyType(
    {
        "terms": lambda release: len(release.ontology),
        "annotated diseases": lambda release: len(release.annotations.disease_ids),
        "rows of annotations": lambda release: len(release.annotations.arrays.row),
        "genes": lambda release: len(release.genes),
        "genes with a disease": lambda release: release.genes.annotated,
        "named diseases": lambda release: len(release.diseases),
    }
)


def against(release: Release, active: Release) -> Iterator[Finding]:
    """Every finding about the step from the active release to another."""
    if release.release_id == active.release_id:
        sentence = f"{release.release_id} is the active release itself."
        yield Finding(Kind.SAME_RELEASE, Severity.NOTE, sentence)
        return
    yield from _versions(release, active)
    yield from _sizes(release, active)
    yield from _branches(release.ontology, active.ontology)
    yield from _names(release.ontology, active.ontology)
    yield from _ids(release, active)


def _versions(release: Release, active: Release) -> Iterator[Finding]:
    digests = {each.kind: each.sha256 for each in active.manifest.ingredients}
    for each in release.manifest.ingredients:
        before = active.versions[each.kind]
        what = f"{each.file} is of {each.release}"
        if each.release < before:
            sentence = f"{what}, older than the active one of {before}."
            yield Finding(Kind.OLDER_VERSION, Severity.WARNING, sentence, (each.kind,))
        elif each.release == before and each.sha256 != digests[each.kind]:
            sentence = f"{what} as the active one is, but its content differs."
            yield Finding(Kind.SAME_VERSION, Severity.WARNING, sentence, (each.kind,))


def _sizes(release: Release, active: Release) -> Iterator[Finding]:
    for what, count in _SIZES.items():
        before, after = count(active), count(release)
        share = 1 - after / before if before else 0.0
        if share > _MOST_SHRINKAGE:
            grave = share > _NOT_A_RELEASE
            yield Finding(
                Kind.SHRUNK,
                Severity.ERROR if grave else Severity.WARNING,
                f"{before:,} {what} became {after:,}, which is {share:.1%} less"
                + (", as if a part of the file were missing." if grave else "."),
                (what,),
            )


def _branches(ontology: Ontology, active: Ontology) -> Iterator[Finding]:
    """Large groups of terms right below the phenotype that lost many."""
    if Branch.PHENOTYPE not in active:
        return
    for term_id in active.children(Branch.PHENOTYPE):
        before = len(active.descendants(term_id))
        after = len(ontology.descendants(term_id)) if term_id in ontology else 0
        if before >= _BRANCH_TERMS and 1 - after / before > _BRANCH_SHRINKAGE:
            yield Finding(
                Kind.SHRUNK_BRANCH,
                Severity.WARNING,
                f"{active.label(term_id)} ({term_id}) shrank from {before:,} terms to {after:,}, "
                f"by {1 - after / before:.0%}.",
                (term_id,),
            )


def _names(ontology: Ontology, active: Ontology) -> Iterator[Finding]:
    """Names that went from one id to another while both stayed: what cases mean by them moves."""
    owner = {active.label(term_id): term_id for term_id in active.term_ids}
    came_from: dict[str, str] = {}
    for term_id in ontology.term_ids:
        former = owner.get(ontology.label(term_id), term_id)
        if former != term_id and term_id in active and former in ontology:
            came_from[term_id] = former
    swapped = sorted(i for i, other in came_from.items() if came_from.get(other) == i)
    if swapped:
        yield Finding(
            Kind.SWAPPED_NAMES,
            Severity.ERROR,
            f"{len(swapped)} terms have swapped their names: {listed(swapped)}.",
            tuple(swapped),
        )
    if moved := sorted(came_from.keys() - set(swapped)):
        yield Finding(
            Kind.MOVED_NAME,
            Severity.WARNING,
            f"{len(moved)} terms have taken the name of another that goes on under a new one: "
            f"{listed(moved)}.",
            tuple(moved),
        )


def _ids(release: Release, active: Release) -> Iterator[Finding]:
    ontology, before = release.ontology, active.ontology
    known = {*ontology.term_ids, *ontology.retired_ids}
    gone = sorted({*before.term_ids, *before.retired_ids} - known)
    if gone:
        older = release.versions[Source.HPO] < active.versions[Source.HPO]
        yield Finding(
            Kind.VANISHED,
            Severity.WARNING if older else Severity.ERROR,
            f"{len(gone)} ids that the active release knows are not known to this one, so that "
            f"features of cases would be lost: {listed(gone)}.",
            tuple(gone),
        )
    if back := sorted(set(before.retired_ids) & set(ontology.term_ids)):
        sentence = f"{len(back)} retired ids are live terms again: {listed(back)}."
        yield Finding(Kind.RETURNED, Severity.NOTE, sentence, tuple(back))
