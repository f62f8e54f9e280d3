"""A whole comparison: filtered, counted, and as lines of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ontologies.curation.differences.changes import Change, Part, Shift, What
from ontologies.release import Release

COLUMNS = ("part", "change", "id", "label", "before", "after")
_BETWEEN = " | "
_INFORMATION = "information content"


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes from one release to another. `shifts` has the largest first."""

    before: Release
    after: Release
    changes: tuple[Change, ...]
    shifts: tuple[Shift, ...]

    def of(
        self,
        part: Part | None = None,
        what: What | None = None,
        entries: Collection[str] | None = None,
    ) -> tuple[Change, ...]:
        """The changes of one part, of one kind, of certain ids; without any of these all."""
        return tuple(
            change
            for change in self.changes
            if (part is None or change.part is part)
            and (what is None or change.what is what)
            and (entries is None or change.entry in entries)
        )

    @property
    def counts(self) -> Mapping[tuple[Part, What], int]:
        """How many changes there are of each part and kind, in their order."""
        return Counter((change.part, change.what) for change in self.changes)

    def described(self, change: Change) -> tuple[str, str]:
        """What was before and what is after in words: ids with their labels."""
        return (
            _BETWEEN.join(map(self._named, change.before)),
            _BETWEEN.join(map(self._named, change.after)),
        )

    def _named(self, text: str) -> str:
        """A term id, which may stand behind NOT or before a share, with its label."""
        for word in text.split(" "):
            for ontology in (self.after.ontology, self.before.ontology):
                if word in ontology:
                    return text.replace(word, f"{word} {ontology.label(word)}")
        return text

    def rows(
        self, part: Part | None = None, what: What | None = None, shifts: int = 0
    ) -> Iterator[tuple[str, ...]]:
        """The changes in the columns of `COLUMNS`, then so many of the largest shifts."""
        for change in self.of(part, what):
            yield (
                str(change.part),
                str(change.what),
                change.entry,
                change.label,
                *self.described(change),
            )
        for shift in self.shifts[:shifts]:
            yield (
                str(Part.TERMS),
                _INFORMATION,
                shift.term_id,
                shift.label,
                f"{shift.before:.3f}",
                f"{shift.after:.3f}",
            )

    def to_plain(
        self, part: Part | None = None, what: What | None = None, shifts: int = 0
    ) -> dict[str, Any]:
        """The same as what JSON can hold."""
        return {
            "before": _edition(self.before),
            "after": _edition(self.after),
            "counts": [
                {"part": part, "change": what, "count": count}
                for (part, what), count in self.counts.items()
            ],
            "changes": [
                {
                    "part": each.part,
                    "change": each.what,
                    "id": each.entry,
                    "label": each.label,
                    "before": list(each.before),
                    "after": list(each.after),
                }
                for each in self.of(part, what)
            ],
            "information_content": [
                {
                    "id": shift.term_id,
                    "label": shift.label,
                    "before": round(shift.before, 6),
                    "after": round(shift.after, 6),
                }
                for shift in self.shifts[:shifts]
            ],
        }


def _edition(release: Release) -> dict[str, Any]:
    return {"release": release.release_id, "files": dict(release.versions)}
