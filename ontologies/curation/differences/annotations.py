"""Which diseases come and go with a release, and which of their signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ontologies.annotations import DiseaseAnnotations
from ontologies.curation.differences.changes import Change, Part, What
from ontologies.ontology import Ontology
from ontologies.release import Release

# A statement: the term, whether it is denied, how often it is seen (-1: not stated), its row's
# aspect. Two papers may state the same, so statements are counted.
_Statement = tuple[str, bool, float, int]
_NOT_STATED = -1.0


def annotation_changes(before: Release, after: Release) -> Iterator[Change]:
    """The changes by their kind, then by disease.

    Terms of the release before are taken as what they are in the one after, so that a row whose
    term was merged is no change.
    """
    old, new = before.annotations, after.annotations
    names_before = dict(zip(old.disease_ids, old.disease_names))
    names = dict(zip(new.disease_ids, new.disease_names))
    for disease in sorted(names.keys() - names_before.keys()):
        yield Change(Part.ANNOTATIONS, What.ADDED, disease, names[disease])
    for disease in sorted(names_before.keys() - names.keys()):
        yield Change(Part.ANNOTATIONS, What.WITHDRAWN, disease, names_before[disease])
    both = sorted(names.keys() & names_before.keys())
    for disease in both:
        former, name = names_before[disease], names[disease]
        if former != name:
            yield Change(
                Part.ANNOTATIONS, What.RENAMED, disease, name, (former,), (name,)
            )
    first = _statements(old, before.ontology, after.ontology)
    second = _statements(new, after.ontology, after.ontology)
    for disease in both:
        lost, gained = (
            first[disease] - second[disease],
            second[disease] - first[disease],
        )
        if lost or gained:
            yield Change(
                Part.ANNOTATIONS,
                What.REANNOTATED,
                disease,
                names[disease],
                tuple(_said(lost)),
                tuple(_said(gained)),
            )


def _statements(
    annotations: DiseaseAnnotations, ontology: Ontology, as_in: Ontology
) -> dict[str, Counter[_Statement]]:
    """The statements about each disease."""
    arrays = annotations.arrays
    names = [as_in.resolve(i).term_id or i for i in ontology.term_ids]
    rows = zip(
        arrays.row.tolist(),
        arrays.negated.tolist(),
        # Not a number is not even equal to itself.
        [f if f == f else _NOT_STATED for f in arrays.frequency.tolist()],
        arrays.aspect.tolist(),
    )
    statements = [(names[row], *others) for row, *others in rows]
    edges = arrays.disease_offsets.tolist()
    return {
        disease: Counter(statements[start:end])
        for disease, start, end in zip(annotations.disease_ids, edges, edges[1:])
    }


def _said(statements: Counter[_Statement]) -> Iterator[str]:
    """Statements as text, such as `NOT HP:0001250` and `HP:0001250 (40%)`, in order."""
    for term_id, negated, frequency, _ in sorted(statements.elements()):
        share = f" ({frequency:.0%})" if frequency > 0 else ""
        yield f"{'NOT ' if negated else ''}{term_id}{share}"
