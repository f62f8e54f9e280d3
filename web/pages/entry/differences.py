"""What another person changed in a case, said in lines for who was changing it too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.case import Case
from matcher.labels import lowered
from matcher.wording import age
from ontologies import Release
from web.pages.cases import profile
from web.pages.cases.versions import Row, compared
from web.pages.entry.merging import PARTS, Merge, Part
from web.pages.words import SHARED_WITH

LISTS = frozenset(
    {"Uncertain findings", "Diagnoses", "Treatments", "Exposures and lifestyle"}
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: an icon, its tone, and the sentence."""

    sign: str
    tone: str
    text: str


def differences(before: Case, merged: Merge, release: Release) -> list[Difference]:
    """Their changes, and the values that both changed, of which the form has yours."""
    return [
        *_features(before, merged.stored, release),
        *_genes(before, merged.stored, release),
        *_lists(before, merged.stored, release),
        *(_value(part, merged, release) for part in merged.theirs if part in PARTS),
    ]


def _features(before: Case, stored: Case, release: Release) -> Iterator[Difference]:
    old = {f.term_id: f for f in before.features}
    new = {f.term_id: f for f in stored.features}
    for term_id, feature in new.items():
        name = lowered(profile.term_label(term_id, release))
        said = f"{'no ' if feature.excluded else ''}{name}"
        if term_id not in old:
            yield Difference("yes", "ok", f"They added {said}.")
        elif feature != old[term_id]:
            yield Difference(
                "near", "warn", f"They changed {name}; it is now “{said}”."
            )
    for term_id in old.keys() - new.keys():
        name = lowered(profile.term_label(term_id, release))
        yield Difference("no", "muted", f"They removed {name}.")


def _genes(before: Case, stored: Case, release: Release) -> Iterator[Difference]:
    old, new = (set(profile.gene_names(case, release)) for case in (before, stored))
    yield from (
        Difference("yes", "ok", f"They added the gene {g}.") for g in sorted(new - old)
    )
    yield from (
        Difference("no", "muted", f"They removed {g}.") for g in sorted(old - new)
    )


def _lists(before: Case, stored: Case, release: Release) -> Iterator[Difference]:
    """Diagnoses, treatments and exposures, as the history of the case says them."""
    for group in compared(before, stored, release):
        if group.name in LISTS:
            yield from (_row(row) for row in group.changed)


def _row(row: Row) -> Difference:
    if row.kind == "added":
        return Difference("yes", "ok", f"They added {row.name}: {row.after}.")
    if row.kind == "removed":
        return Difference("no", "muted", f"They removed {row.name}.")
    return Difference(
        "near", "warn", f"They changed {row.name}; it is now “{row.after}”."
    )


def _value(part: Part, merged: Merge, release: Release) -> Difference:
    theirs = spoken(part, merged.stored, release)
    if part in merged.undecided:
        yours = spoken(part, merged.case, release)
        return Difference(
            "differ",
            "bad",
            f"You both changed {part.name}: theirs “{theirs}”, yours “{yours}”. "
            "Yours stands in the form; change it there if theirs is right.",
        )
    return Difference("near", "warn", f"They changed {part.name} to “{theirs}”.")


def spoken(part: Part, case: Case, release: Release) -> str:
    """The value of a part of a case in words."""
    said = {
        "label": case.label,
        "sex": case.sex.value,
        "age_years": age(case.age_years) if case.age_years is not None else "",
        "onset": profile.onset_words(case.onset, release),
        "inheritance": profile.inheritance_words(case, release),
        "sharing": SHARED_WITH[case.sharing],
        "note": case.note,
        "relatives": "; ".join(
            f"{name}: {said}" for name, said in profile.relatives(case, release)
        ),
        "death": profile.death_words(case.death),
        "solved": "solved" if case.solved else "not solved",
    }
    return said[part.fields[0]] or "not given"
