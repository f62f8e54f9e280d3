"""What is to be said about a release before it is activated, all of it at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ontologies.arrays import Branch
from ontologies.curation.findings import Finding, Kind, Severity, listed
from ontologies.curation.progressions import against
from ontologies.curation.verbatim import annotated_ids
from ontologies.files.sources import Kind as Source
from ontologies.ontology import Ontology
from ontologies.release import Release
from ontologies.terms import ResolutionStatus

ROOT = "HP:0000001"
_TERM_ID = re.compile(r"HP:[0-9]{7}")
_DISEASE_PREFIXES = frozenset({"OMIM", "ORPHA", "DECIPHER", "MONDO"})
# Above this share of the rows the annotations are those of another ontology.
_MOST_LOST = 0.05


def validate(
    release: Release, active: Release | None = None, *, directory: Path | None = None
) -> tuple[Finding, ...]:
    """Every finding about a release, also as what would follow the active one; errors first.

    With the data directory its annotation file is looked into as well, which tells the
    annotated ids that the release knows by another name.
    """
    findings = [
        *_ontology(release.ontology),
        *_annotations(release),
        *_genes(release),
    ]
    if directory is not None:
        findings += _obsolete_annotated(release, directory)
    if active is not None:
        findings += against(release, active)
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _ontology(ontology: Ontology) -> Iterator[Finding]:
    yield from _roots(ontology)
    terms = [ontology.term(i) for i in (*ontology.term_ids, *ontology.obsolete_ids)]
    lost: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    for term in terms:
        gone = [
            heir
            for heir in (*term.replaced_by, *term.consider)
            if ontology.resolve(heir).status
            in (ResolutionStatus.UNKNOWN, ResolutionStatus.MALFORMED)
        ]
        if gone:
            lost[term.term_id] = gone
        owners |= {other: term.term_id for other in term.alternative_ids}
    if lost:
        yield Finding(
            Kind.LOST_SUCCESSOR,
            Severity.WARNING,
            f"{len(lost)} retired terms lead to ids that this release does not know: "
            f"{listed(sorted(lost))}.",
            tuple(sorted(lost)),
        )
    if live := sorted(other for other in owners if other in ontology):
        yield Finding(
            Kind.LIVE_ALTERNATIVE,
            Severity.WARNING,
            f"{len(live)} live terms are also other ids of another term: {listed(live)}.",
            tuple(live),
        )
    if foreign := sorted(other for other in owners if not _TERM_ID.fullmatch(other)):
        yield Finding(
            Kind.UNKNOWN_PREFIX,
            Severity.WARNING,
            f"{len(foreign)} other ids are none of HPO: {listed(foreign)}.",
            tuple(foreign),
        )
    labels = {term_id: ontology.label(term_id) for term_id in ontology.term_ids}
    yield from _same(labels, Kind.SAME_LABEL, "terms", "a name")


def _roots(ontology: Ontology) -> Iterator[Finding]:
    if ROOT not in ontology:
        sentence = f"{ROOT}, the root of HPO, is not a term of this release."
        yield Finding(Kind.MISSING_ROOT, Severity.ERROR, sentence, (ROOT,))
    roots = [i for i in ontology.term_ids if not ontology.parents(i)]
    if others := tuple(each for each in roots if each != ROOT):
        sentence = f"{listed(others)} stands at the top, where {ROOT} should."
        yield Finding(Kind.OTHER_ROOT, Severity.ERROR, sentence, others)
    for branch in Branch:
        if branch not in ontology:
            grave = branch is Branch.PHENOTYPE
            yield Finding(
                Kind.MISSING_BRANCH,
                Severity.ERROR if grave else Severity.WARNING,
                f"{branch}, the top of {branch.name.lower().replace('_', ' ')}, is no term of "
                "this release"
                + (", so that nothing could be compared." if grave else "."),
                (str(branch),),
            )


def _annotations(release: Release) -> Iterator[Finding]:
    annotations = release.annotations
    rows = len(annotations.arrays.row)
    if lost := list(annotations.lost):
        ids = sorted({line.rpartition(" has ")[2] for line in lost})
        share = len(lost) / (rows + len(lost))
        yield Finding(
            Kind.UNKNOWN_TERM,
            Severity.ERROR if share > _MOST_LOST else Severity.WARNING,
            f"{len(lost)} rows of the annotations, {share:.1%}, have ids that the ontology does "
            f"not know and are left out: {listed(ids)}.",
            tuple(ids),
        )
    foreign = sorted(
        each
        for each in annotations.disease_ids
        if each.partition(":")[0] not in _DISEASE_PREFIXES
    )
    if foreign:
        yield Finding(
            Kind.UNKNOWN_PREFIX,
            Severity.WARNING,
            f"{len(foreign)} annotated diseases have ids of an unknown kind: {listed(foreign)}.",
            tuple(foreign),
        )
    versions = release.versions
    ontology, rows_of = versions[Source.HPO], versions[Source.ANNOTATIONS]
    if rows_of > ontology:
        sentence = (
            f"The annotations are of {rows_of}, later than the ontology of {ontology}."
        )
        yield Finding(Kind.VERSION_AHEAD, Severity.WARNING, sentence)


def _obsolete_annotated(release: Release, directory: Path) -> Iterator[Finding]:
    ontology = release.ontology
    ids = sorted(
        term_id
        for term_id in annotated_ids(release, directory)
        if term_id not in ontology and ontology.resolve(term_id).is_resolved
    )
    if ids:
        yield Finding(
            Kind.OBSOLETE_TERM,
            Severity.WARNING,
            f"{len(ids)} annotated ids are obsolete in this release and count as what replaced "
            f"them: {listed(ids)}.",
            tuple(ids),
        )


def _genes(release: Release) -> Iterator[Finding]:
    symbols = {gene.hgnc_id: gene.symbol for gene in release.genes}
    yield from _same(symbols, Kind.SAME_SYMBOL, "genes", "a symbol")


def _same(
    names: Mapping[str, str], kind: Kind, things: str, shared: str
) -> Iterator[Finding]:
    """The ids that share a name with another, letter case aside."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for each, name in names.items():
        by_name[name.casefold()].append(each)
    ids = tuple(sorted(_all_of(ids for ids in by_name.values() if len(ids) > 1)))
    if ids:
        sentence = f"{len(ids)} {things} share {shared} with another: {listed(ids)}."
        yield Finding(kind, Severity.WARNING, sentence, ids)


def _all_of(groups: Iterable[list[str]]) -> Iterator[str]:
    for group in groups:
        yield from group
