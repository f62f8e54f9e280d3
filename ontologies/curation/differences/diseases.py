"""Which diseases are named otherwise, and which ids of other vocabularies mean the same."""

from __future__ import annotations

from collections.abc import Iterator

from ontologies.curation.differences.changes import Change, Part, What, gone_and_come
from ontologies.diseases import DiseaseNames, DiseaseTable


def disease_changes(before: DiseaseTable, after: DiseaseTable) -> Iterator[Change]:
    """The changes by their kind, then by disease."""
    old = {each.disease_id: each for each in before}
    new = {each.disease_id: each for each in after}
    for disease in sorted(new.keys() - old.keys()):
        yield _change(What.ADDED, new[disease])
    for disease in sorted(old.keys() - new.keys()):
        yield _change(What.WITHDRAWN, old[disease])
    both = sorted(new.keys() & old.keys())
    for disease in both:
        former, name = old[disease].name, new[disease].name
        if former != name:
            yield _change(What.RENAMED, new[disease], (former,), (name,))
    for disease in both:
        lost, gained = gone_and_come(old[disease].synonyms, new[disease].synonyms)
        if lost or gained:
            what = What.NAMED if gained else What.UNNAMED
            yield _change(what, new[disease], lost, gained)
    referred, refers = before.references(), after.references()
    for disease in both:
        lost, gained = gone_and_come(referred.get(disease, ()), refers.get(disease, ()))
        if lost or gained:
            yield _change(What.REFERRED, new[disease], lost, gained)


def _change(
    what: What,
    names: DiseaseNames,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Change:
    return Change(Part.DISEASES, what, names.disease_id, names.name, before, after)
