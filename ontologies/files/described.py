"""What an ontology file says, in whichever format it says it, before it is trusted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ontologies.files.integrity import Finding, FindingKind, Stanza
from ontologies.terms import Synonym, Term

_IRI = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9]*)_(\w+)")
_RELEASE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
OWN_PREFIX = "HP"


@dataclass(frozen=True, slots=True)
class Described:
    """The terms of a file with what the rules are about; `place` is what `line` counts."""

    version: str
    stanzas: tuple[Stanza, ...]
    terms: tuple[Term, ...]
    findings: tuple[Finding, ...] = ()
    place: str = "line"


@dataclass(slots=True)
class Entry:
    """A class of a JSON or OWL file while it is being read."""

    number: int
    term_id: str
    label: str = ""
    definition: str = ""
    comment: str = ""
    synonyms: list[tuple[str, str, str]] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)

    @property
    def is_merged(self) -> bool:
        """Whether it only says that its id went to another: OBO has no stanza for such."""
        return self.obsolete and not self.label and len(self.replaced_by) == 1

    def stanza(self) -> Stanza:
        """What the rules are about."""
        return Stanza(
            self.number,
            term_id=self.term_id,
            name=self.label,
            obsolete=self.obsolete,
            parents=self.parents,
            alternatives=self.alternatives,
            replaced_by=self.replaced_by,
            consider=self.consider,
            synonyms=len(self.synonyms),
        )

    def term(self) -> Term:
        """What the ontology keeps."""
        return Term(
            term_id=self.term_id,
            label=self.label,
            definition=self.definition,
            comment=self.comment,
            synonyms=tuple(
                Synonym(text, scope, kind == "layperson", kind)
                for text, scope, kind in sorted(self.synonyms)
            ),
            alternative_ids=tuple(sorted(self.alternatives)),
            obsolete=self.obsolete,
            replaced_by=tuple(sorted(self.replaced_by)),
            consider=tuple(sorted(self.consider)),
        )


def term_id_of(iri: str) -> str:
    """HP:0001250 of an IRI such as http://purl.obolibrary.org/obo/HP_0001250, else as it is."""
    found = _IRI.fullmatch(iri)
    return f"{found[1]}:{found[2]}" if found else iri


def release_of(text: str) -> str:
    """The date in hp/releases/2026-06-06 and in the address of such a version; else empty."""
    found = _RELEASE.findall(text)
    return found[-1] if found else ""


def described(
    version: str, entries: Iterable[Entry], imports: Iterable[str]
) -> Described:
    """The HPO terms among the entries; those of other ontologies are counted and left out."""
    merged: dict[str, list[str]] = {}
    own: list[Entry] = []
    others: Counter[str] = Counter()
    for entry in entries:
        prefix = entry.term_id.partition(":")[0]
        if prefix != OWN_PREFIX:
            others[prefix] += 1
        elif entry.is_merged:
            merged.setdefault(entry.replaced_by[0], []).append(entry.term_id)
        else:
            own.append(entry)
    for entry in own:
        known = {*entry.alternatives, *merged.get(entry.term_id, ())}
        entry.alternatives = sorted(known)
        entry.parents = [p for p in entry.parents if p.startswith(f"{OWN_PREFIX}:")]
    return Described(
        version,
        tuple(entry.stanza() for entry in own),
        tuple(entry.term() for entry in own),
        (*_imports(imports), *_foreign(others)),
        place="entry",
    )


def _imports(imports: Iterable[str]) -> Iterator[Finding]:
    for target in imports:
        message = f"{target[:200]!r} is to be imported, which is never done;"
        message += " a release has all of its terms in one file"
        yield Finding(FindingKind.IMPORT, "", message)


def _foreign(others: Counter[str]) -> Iterator[Finding]:
    for prefix, count in sorted(others.items()):
        message = (
            f"{count} entries of {prefix[:100]!r} are left out, for they are not of HPO"
        )
        yield Finding(FindingKind.UNKNOWN_PREFIX, "", message)


def imported(lines: Iterable[str]) -> tuple[Finding, ...]:
    """The findings about the `import:` lines of an OBO header."""
    targets = []
    for line in lines:
        if line.startswith("["):
            break
        if line.startswith("import:"):
            targets.append(line.removeprefix("import:").strip())
    return tuple(_imports(targets))
