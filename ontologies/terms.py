"""What an ontology says of one term: its name, its other names, its meaning, its successors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of a term. `scope` is EXACT, NARROW, BROAD or RELATED.

    `kind` is the file's own word for it, such as layperson, abbreviation or uk_spelling.
    """

    text: str
    scope: str
    layperson: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term as the ontology file has it, live or obsolete."""

    term_id: str
    label: str
    definition: str = ""
    comment: str = ""
    synonyms: tuple[Synonym, ...] = ()
    alternative_ids: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()
