"""How two versions of a case differ: one row for each thing said, with both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from matcher.case import Case, Exposure, PhenotypicFeature, Treatment
from matcher.labels import lowered
from matcher.wording import age
from ontologies import Release
from web.pages.cases import profile
from web.pages.words import SHARED_WITH, sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One thing said of a case, in the earlier and in the later version; empty where not said."""

    name: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether the two versions say different things."""
        return self.before != self.after

    @property
    def kind(self) -> str:
        """`added`, `removed`, `changed` or `same`."""
        if not self.is_changed:
            return "same"
        return "changed" if self.before and self.after else self._one_sided

    @property
    def _one_sided(self) -> str:
        return "added" if self.after else "removed"


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one part of a case."""

    name: str
    rows: tuple[Row, ...]

    @property
    def changed(self) -> tuple[Row, ...]:
        """The rows that differ."""
        return tuple(row for row in self.rows if row.is_changed)


def compared(before: Case, after: Case, release: Release) -> list[Group]:
    """Everything that either version says, in the order of the form."""
    told = [_told(case, release) for case in (before, after)]
    return [
        Group(name, tuple(_rows(earlier, later)))
        for (name, earlier), later in zip(told[0].items(), told[1].values())
    ]


def changes(before: Case, after: Case, release: Release) -> list[str]:
    """The names of the parts that differ, as they stand in a sentence."""
    found = compared(before, after, release)
    return [group.name.lower() for group in found if group.changed]


def _rows(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys((*before, *after)):
        yield Row(name, before.get(name, ""), after.get(name, ""))


def _told(case: Case, release: Release) -> dict[str, dict[str, str]]:
    """What a case says in words, by part and thing."""
    return {
        "Features": dict(_features(case.features, release)),
        "Uncertain findings": {
            profile.term_label(f.term_id, release): "uncertain" for f in case.uncertain
        },
        "Genes and variants": _numbered(_genes(case, release)),
        "Diagnoses": _numbered(_diagnoses(case, release)),
        "Treatments": _numbered(map(_treatment, case.treatments)),
        "Exposures and lifestyle": _numbered(map(_exposure, case.exposures)),
        "Family": _numbered(profile.relatives(case, release)),
        "The person": _person(case, release),
        "Sharing": {"Shared with": SHARED_WITH[case.sharing]},
        "Note": {"Note": case.note} if case.note else {},
    }


def _numbered(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs by name; a name that comes again is told from the first by its number."""
    found: dict[str, str] = {}
    for name, said in pairs:
        key, number = name, 2
        while key in found:
            key, number = f"{name} ({number})", number + 1
        found[key] = said
    return found


def _features(
    features: Iterable[PhenotypicFeature], release: Release
) -> Iterator[tuple[str, str]]:
    for feature in features:
        name = profile.term_label(feature.term_id, release)
        said = "looked for and not found" if feature.excluded else "observed"
        yield name, ", ".join((said, *profile.qualifiers(feature, release)))


def _genes(case: Case, release: Release) -> Iterator[tuple[str, str]]:
    for row in profile.gene_rows(case.genomic_features, release):
        said = (row.variant or "gene only", row.zygosity, row.origin)
        yield row.label, ", ".join(
            part for part in (*said, row.classification, *row.tags) if part
        )


def _diagnoses(case: Case, release: Release) -> Iterator[tuple[str, str]]:
    for line in profile.disease_lines(case, release):
        yield line.label or line.id, f"{line.id}, {line.tags[0]}"


def _treatment(treatment: Treatment) -> tuple[str, str]:
    name = treatment.label or treatment.agent_id
    said = (treatment.response or "response not stated", treatment.reason)
    return name, ", ".join(part for part in said if part)


def _exposure(exposure: Exposure) -> tuple[str, str]:
    return exposure.label or exposure.exposure_id, exposure.note or "stated"


def _person(case: Case, release: Release) -> dict[str, str]:
    years = "" if case.age_years is None else age(case.age_years)
    said = {
        "Name at the site": case.label,
        "Sex": case.sex.value,
        "Age": years,
        "Died": profile.death_words(case.death),
        "Onset": profile.onset_words(case.onset, release),
        "Inheritance": profile.inheritance_words(case, release),
        "Diagnosis": "solved" if case.solved else "not made",
    }
    return {name: value for name, value in said.items() if value}


def summary(names: list[str]) -> str:
    """The parts that changed as the end of a line: `Features, sex`; empty for none."""
    return sentence(", ".join(lowered(name) for name in names))
