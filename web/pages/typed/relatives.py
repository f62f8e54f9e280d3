"""A relative as a clinician writes her: the relation, the state, and findings by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from matcher.case import PhenotypicFeature, Relation, Relative
from web.db import connection
from web.service import service

LONGEST = 500
RELATIONS = (("", "relation?"), *((each.value, each.value) for each in Relation))
STATES = (
    ("", "not known"),
    ("affected", "affected"),
    ("unaffected", "not affected"),
)
_AFFECTED = {"": None, "affected": True, "unaffected": False}
_SEPARATOR = re.compile(r"\s*[;\n]\s*")
_NO = re.compile(r"no\s+", re.IGNORECASE)
_GUESSES = 3


class NotARelative(ValueError):
    """What cannot be read of a relative; the sentence says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRelative:
    """One relative of the form, as she was typed. `known` is what the case has of her already."""

    relation: str = ""
    state: str = ""
    findings: str = ""
    known: Relative | None = None

    @classmethod
    def of(cls, relative: Relative) -> TypedRelative:
        """A stored relative as the form first shows her."""
        states = {affected: state for state, affected in _AFFECTED.items()}
        return cls(
            relation=relative.relation.value,
            state=states[relative.affected],
            findings=written(relative.features),
            known=relative,
        )

    def relative(self) -> Relative:
        """The relative; findings that were not typed anew stay as they were kept.

        Raises `NotARelative`.
        """
        if self.relation not in set(Relation):
            raise NotARelative(
                f"“{self.relation[:60]}” is no relation that is offered. Choose one."
                if self.relation
                else "It says something of a relative, but not of which. Choose the relation."
            )
        if self.state not in _AFFECTED:
            raise NotARelative(
                f"“{self.state[:60]}” is no state. Choose one that is offered."
            )
        known = self.known or Relative(relation=Relation.RELATIVE)
        if self.known is None or self.findings != written(known.features):
            known = replace(known, features=findings_named(self.findings))
        return replace(
            known,
            relation=Relation(self.relation),
            affected=_AFFECTED[self.state],
        )


def written(features: Iterable[PhenotypicFeature]) -> str:
    """The findings in one line that `findings_named` reads."""
    ontology = service().release.ontology
    said = []
    for feature in features:
        term_id = ontology.resolve(feature.term_id).term_id
        name = ontology.label(term_id) if term_id else feature.term_id
        said.append(f"no {name}" if feature.excluded else name)
    return "; ".join(said)


def findings_named(entered: str) -> tuple[PhenotypicFeature, ...]:
    """The terms named, separated by semicolons; "no" before one says that she has it not.

    Raises `NotARelative` for the first that is no name or id of a term.
    """
    parts = filter(None, _SEPARATOR.split(entered.strip()))
    return tuple(dict.fromkeys(map(_finding, parts)))


def _finding(part: str) -> PhenotypicFeature:
    said = _NO.match(part)
    name = part[said.end() :] if said else part
    ontology = service().release.ontology
    term_id = ontology.resolve(name).term_id
    if term_id is None:
        hits = service().words.lookup(connection()).search(name, limit=_GUESSES)
        term_id = next(
            (
                hit.term_id
                for hit in hits
                if name.casefold() in (hit.label.casefold(), hit.matched.casefold())
            ),
            None,
        )
        if term_id is None:
            near = next((hit.label for hit in hits if hit.is_close), "")
            meant = f" Is “{near}” meant?" if near else ""
            raise NotARelative(
                f"“{name[:60]}” is no name or id of an HPO term.{meant} Separate several with "
                "semicolons."
            )
    return PhenotypicFeature(
        term_id=term_id, label=ontology.label(term_id), excluded=said is not None
    )
