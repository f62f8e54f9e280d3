"""Two people changed the same case: what each changed, and a draft that keeps both."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from matcher.case import (
    Case,
    Disease,
    Exposure,
    GenomicFeature,
    PhenotypicFeature,
    Treatment,
)

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the form: its name, the element that shows it, and the fields it holds."""

    name: str
    anchor: str
    fields: tuple[str, ...]


PARTS = (
    Part("name at your site", "label", ("label",)),
    Part("sex", "sex", ("sex",)),
    Part("age", "age", ("age_years",)),
    Part("onset", "onset", ("onset",)),
    Part("inheritance", "inheritance", ("inheritance",)),
    Part("sharing", "sharing", ("sharing",)),
    Part("note", "note", ("note",)),
    Part("family", "relation-0", ("relatives",)),
    Part("whether she has died", "death_age", ("death",)),
    Part("whether it is solved", "disease_q", ("solved",)),
)
FEATURES = Part("features", "q", ("features",))
GENES = Part("genes", "gene_q", ("genomic_features",))
DISEASES = Part("diagnoses", "disease_q", ("diseases",))
UNCERTAIN = Part("uncertain findings", "q", ("uncertain",))
TREATMENTS = Part("treatments", "treatment-0", ("treatments",))
EXPOSURES = Part("exposures", "exposure-0", ("exposures",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A case with both people's changes.

    `theirs` and `yours` name the parts each changed. `undecided` are parts of one value that both
    changed differently: `case` has yours, and `stored` has theirs.
    """

    case: Case
    stored: Case
    theirs: tuple[Part, ...]
    yours: tuple[Part, ...]
    undecided: tuple[Part, ...]


def merge(before: Case, stored: Case, yours: Case) -> Merge:
    """Take every change from `before` to `stored` and every change from `before` to `yours`.

    Features, genes and other lists are merged line by line: a line that either person removed is
    gone, unless the other changed it. Lines of one name, such as two courses of a drug, are told
    apart by their order.
    """
    changed_by_them = tuple(part for part in PARTS if _differs(part, before, stored))
    changed_by_you = tuple(part for part in PARTS if _differs(part, before, yours))
    both = tuple(
        p for p in changed_by_you if p in changed_by_them and _differs(p, stored, yours)
    )
    mine = {
        field: getattr(yours, field) for part in changed_by_you for field in part.fields
    }
    merged = dataclasses.replace(
        stored,
        **mine,
        features=_lines(before.features, stored.features, yours.features, _term),
        genomic_features=_lines(
            before.genomic_features,
            stored.genomic_features,
            yours.genomic_features,
            _gene,
        ),
        uncertain=_lines(before.uncertain, stored.uncertain, yours.uncertain, _term),
        diseases=_lines(before.diseases, stored.diseases, yours.diseases, _disease),
        treatments=_lines(
            before.treatments, stored.treatments, yours.treatments, _treatment
        ),
        exposures=_lines(
            before.exposures, stored.exposures, yours.exposures, _exposure
        ),
    )
    lists = (FEATURES, UNCERTAIN, GENES, DISEASES, TREATMENTS, EXPOSURES)
    return Merge(
        case=merged,
        stored=stored,
        theirs=changed_by_them + tuple(p for p in lists if _differs(p, before, stored)),
        yours=changed_by_you + tuple(p for p in lists if _differs(p, before, yours)),
        undecided=both,
    )


def _differs(part: Part, one: Case, other: Case) -> bool:
    return any(getattr(one, field) != getattr(other, field) for field in part.fields)


def _term(feature: PhenotypicFeature) -> Hashable:
    return feature.term_id


def _gene(feature: GenomicFeature) -> Hashable:
    return (feature.gene, feature.variant)


def _disease(disease: Disease) -> Hashable:
    return disease.disease_id


def _treatment(treatment: Treatment) -> Hashable:
    return (treatment.agent_id, treatment.label)


def _exposure(exposure: Exposure) -> Hashable:
    return (exposure.exposure_id, exposure.label)


def _lines(
    before: Iterable[Line],
    stored: Iterable[Line],
    yours: Iterable[Line],
    key: Callable[[Line], Hashable],
) -> tuple[Line, ...]:
    old, theirs, mine = (_named(lines, key) for lines in (before, stored, yours))
    kept: dict[Hashable, Line] = {}
    for name in (*theirs, *mine):
        chosen = _line(old.get(name), theirs.get(name), mine.get(name))
        if chosen is not None:
            kept[name] = chosen
    return tuple(kept.values())


def _named(
    lines: Iterable[Line], key: Callable[[Line], Hashable]
) -> dict[Hashable, Line]:
    """The lines by their key and, of several with the same one, their number."""
    found: dict[Hashable, Line] = {}
    met: Counter[Hashable] = Counter()
    for line in lines:
        name = key(line)
        found[name, met[name]] = line
        met[name] += 1
    return found


def _line(old: Line | None, theirs: Line | None, mine: Line | None) -> Line | None:
    """Whoever changed the line wins; where both did, yours, unless you only removed it."""
    if mine == old:
        return theirs
    if theirs == old:
        return mine
    return mine if mine is not None else theirs
