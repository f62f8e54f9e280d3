"""Which disease was meant: any OMIM, Orphanet or MONDO id or a name -> disease and equivalents."""

from __future__ import annotations

import enum
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import numpy as np

from ontologies.words.index import Name, NameIndex, build_name_index
from ontologies.packing import PackedDictionary, PackedTexts
from ontologies.remembering import remembered
from ontologies.words.folding import content

if TYPE_CHECKING:
    from ontologies.lookup import Found, NameSearch

# With a word before the number, as in "OMIM #610536", or six digits alone, as OMIM has them.
_ID = re.compile(r"(?:.*/)?(?:([A-Za-z]+)[\s:_#]*(\d+)|[#*+%]?(\d{6}))")
_TITLE_NUMBER = re.compile(r"[#*+%^]?\d{6} ")
_PREFIXES = {
    "MIM": "OMIM",
    "OMIM": "OMIM",
    "ENTRY": "OMIM",
    "ORPHA": "ORPHA",
    "ORPHANET": "ORPHA",
    "ORDO": "ORPHA",
    "MONDO": "MONDO",
}
_MONDO_DIGITS = 7
# So Orphanet names the entries that it keeps but no longer uses.
_RETIRED = "OBSOLETE"
# How good a name a synonym is beside the preferred name.
_SYNONYM = 0.99


class Relation(enum.StrEnum):
    """How the disease of another vocabulary relates to this one."""

    EXACT = "exact"
    NARROWER = "narrower"
    BROADER = "broader"


_INVERSE = {
    Relation.EXACT: Relation.EXACT,
    Relation.NARROWER: Relation.BROADER,
    Relation.BROADER: Relation.NARROWER,
}
# Orphanet states how its own entry relates to the target; the key is for the target.
_ORPHANET_RELATIONS = {
    "E": Relation.EXACT,
    "BTNT": Relation.NARROWER,
    "NTBT": Relation.BROADER,
}


class NamedDiseases(Protocol):
    """What of the disease annotations is needed here."""

    @property
    def disease_ids(self) -> Sequence[str]:
        """Ids such as OMIM:154700."""

    @property
    def disease_names(self) -> Sequence[str]:
        """Their names, in the same order."""


@dataclass(frozen=True, slots=True)
class DiseaseNames:
    """A disease with its preferred name and its synonyms."""

    disease_id: str
    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiseaseHit:
    """A disease that may be meant, with the name it was found by; see `TermHit`."""

    disease_id: str
    label: str
    matched: str
    score: float
    spans: tuple[tuple[int, int], ...]


class DiseaseTable:
    """The names of diseases and how the entries of different vocabularies correspond."""

    def __init__(
        self,
        ids: PackedDictionary,
        entries: PackedTexts,
        links: PackedDictionary,
        open_index: Callable[[], NameIndex],
    ) -> None:
        self._ids = ids
        self._entries = entries
        self._links = links
        self._open_index = open_index
        self._name = remembered(self._first_name)
        self._equivalents = remembered(self._exactly_linked)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[DiseaseNames]:
        """Every disease with its names, in the order of their ids."""
        for entry in self._entries:
            disease_id, name, *synonyms = entry.split("\t")
            yield DiseaseNames(disease_id, name, tuple(synonyms))

    def __contains__(self, disease_id: str) -> bool:
        return bool(self._ids[self.normalise(disease_id)])

    @staticmethod
    def normalise(entered: str) -> str:
        """The canonical form of an id: OMIM:610536, ORPHA:1234 or MONDO:0007947.

        A bare number is an OMIM number. What is no id of these comes back without the blanks
        around it, so that nothing entered is lost.
        """
        text = entered.strip()
        found = _ID.fullmatch(text)
        prefix = _PREFIXES.get((found[1] or "OMIM").upper()) if found else None
        if found is None or prefix is None:
            return text
        number = (found[2] or found[3]).lstrip("0")
        return (
            f"{prefix}:{number.zfill(_MONDO_DIGITS) if prefix == 'MONDO' else number}"
        )

    def names(self, disease_id: str) -> DiseaseNames:
        """The disease with all its names; they are empty where none is known."""
        canonical = self.normalise(disease_id)
        rows = self._ids[canonical]
        return self._at(rows[0]) if rows else DiseaseNames(canonical, "")

    def _at(self, row: int) -> DiseaseNames:
        disease_id, name, *synonyms = self._entries[row].split("\t")
        return DiseaseNames(disease_id, name, tuple(synonyms))

    def name(self, disease_id: str) -> str:
        """Its name, or else that of an exact equivalent; empty where neither has one."""
        return self._name(disease_id)

    def _first_name(self, disease_id: str) -> str:
        for candidate in (disease_id, *self.equivalents(disease_id)):
            if name := self.names(candidate).name:
                return name
        return ""

    def equivalents(self, disease_id: str) -> tuple[str, ...]:
        """Ids that mean exactly the same disease, in order, without the id itself.

        OMIM and MONDO correspond through Orphanet. Two ids of one vocabulary are never equated,
        for Orphanet may map one of its entries to several.
        """
        return self._equivalents(disease_id)

    def _exactly_linked(self, disease_id: str) -> tuple[str, ...]:
        canonical = self.normalise(disease_id)
        vocabulary = canonical.partition(":")[0] + ":"
        near = self._linked(canonical, Relation.EXACT)
        far = (other for n in near for other in self._linked(n, Relation.EXACT))
        return tuple(sorted({i for i in (*near, *far) if not i.startswith(vocabulary)}))

    def narrower(self, disease_id: str) -> tuple[str, ...]:
        """Ids of other vocabularies that mean a part of this disease, in order."""
        return self._linked(self.normalise(disease_id), Relation.NARROWER)

    def broader(self, disease_id: str) -> tuple[str, ...]:
        """Ids of other vocabularies that mean this disease and more, in order."""
        return self._linked(self.normalise(disease_id), Relation.BROADER)

    def _linked(self, disease_id: str, relation: Relation) -> tuple[str, ...]:
        rows = self._links[_link(disease_id, relation)]
        return tuple(self._at(row).disease_id for row in rows)

    def references(self) -> dict[str, frozenset[str]]:
        """Of every disease that has any, its entries in other vocabularies: `exact OMIM:154700`."""
        ids = [names.disease_id for names in self]
        found: defaultdict[str, set[str]] = defaultdict(set)
        for key, rows in self._links.items():
            relation, _, disease_id = key.partition("\t")
            found[disease_id].update(f"{relation} {ids[row]}" for row in rows)
        return {disease_id: frozenset(each) for disease_id, each in found.items()}

    def search(self, text: str, limit: int = 10) -> list[DiseaseHit]:
        """The diseases whose id or name `text` may be, best first; the last word may be begun."""
        if rows := self._ids[self.normalise(text)]:
            names = self._at(rows[0])
            return [DiseaseHit(names.disease_id, names.name, names.name, 1.0, ())]
        allowed = np.ones(len(self), dtype=np.bool_)
        return [
            self._hit(found)
            for found in self._search.search([content(text)], allowed, limit)
        ]

    def _hit(self, found: Found) -> DiseaseHit:
        names = self._at(found.entry)
        matched = self._search.index.texts[found.name]
        spans = self._search.spans(found)
        return DiseaseHit(
            names.disease_id, names.name, matched, round(found.score, 4), spans
        )

    @cached_property
    def _search(self) -> NameSearch:
        from ontologies.lookup import NameSearch  # most who open a table never search

        return NameSearch(self._open_index(), {})

    def save(self, folder: Path) -> None:
        """Write the table below `folder`."""
        self._open_index().save(folder)
        self._ids.save(folder, "ids")
        self._entries.save(folder, "entries")
        self._links.save(folder, "links")

    @classmethod
    def open(cls, folder: Path) -> DiseaseTable:
        """The table that `save` wrote."""
        return cls(
            PackedDictionary.open(folder, "ids"),
            PackedTexts.open(folder, "entries"),
            PackedDictionary.open(folder, "links"),
            partial(NameIndex.open, folder),
        )


def build_diseases(orphanet_path: Path, annotations: NamedDiseases) -> DiseaseTable:
    """The table of Orphanet's en_product1.xml and the diseases that HPO annotates.

    Orphanet's own names of its entries win over those in the annotations.
    """
    named = {
        disease_id: _from_title(disease_id, name)
        for disease_id, name in zip(annotations.disease_ids, annotations.disease_names)
    }
    links: set[tuple[str, Relation, str]] = set()
    for names, references in _orphanet_entries(orphanet_path):
        named[names.disease_id] = names
        for relation, target in references:
            named.setdefault(target, DiseaseNames(target, ""))
            links.add((names.disease_id, relation, target))
            links.add((target, _INVERSE[relation], names.disease_id))
    row = {disease_id: number for number, disease_id in enumerate(sorted(named))}
    index = build_name_index(_searchable(named[disease_id] for disease_id in row))
    return DiseaseTable(
        PackedDictionary.of(row.items()),
        PackedTexts.of("\t".join(_fields(named[disease_id])) for disease_id in row),
        PackedDictionary.of((_link(a, relation), row[b]) for a, relation, b in links),
        lambda: index,
    )


def _searchable(named: Iterable[DiseaseNames]) -> Iterator[Name]:
    for row, names in enumerate(named):
        if names.name and not names.name.startswith(_RETIRED):
            yield Name(row, names.name, 1.0)
            yield from (Name(row, synonym, _SYNONYM) for synonym in names.synonyms)


def _link(disease_id: str, relation: Relation) -> str:
    return f"{relation}\t{disease_id}"


def _fields(names: DiseaseNames) -> Iterable[str]:
    return names.disease_id, names.name, *names.synonyms


def _from_title(disease_id: str, title: str) -> DiseaseNames:
    """The names in an annotation's title, which may be OMIM's `#111400 NAME;;SYNONYM, INCLUDED`."""
    parts = [
        _one_line(part) for part in _TITLE_NUMBER.sub("", title, count=1).split(";")
    ]
    name, *synonyms = [part.removesuffix(", INCLUDED") for part in parts if part] or [
        ""
    ]
    return DiseaseNames(disease_id, name, tuple(synonyms))


def _orphanet_entries(
    path: Path,
) -> Iterator[tuple[DiseaseNames, list[tuple[Relation, str]]]]:
    events = defusedxml.ElementTree.iterparse(path, events=("end",))
    for _, element in events:
        if element.tag == "Disorder":
            names = DiseaseNames(
                f"ORPHA:{element.findtext('OrphaCode', '')}",
                _one_line(element.findtext("Name", "")),
                tuple(
                    _one_line(s.text or "")
                    for s in element.iterfind("SynonymList/Synonym")
                ),
            )
            yield names, list(_references(element))
            # Without this the whole 54 MB file would be held as objects.
            element.clear()


def _references(disorder: Element) -> Iterator[tuple[Relation, str]]:
    for reference in disorder.iterfind("ExternalReferenceList/ExternalReference"):
        source = reference.findtext("Source", "")
        stated = reference.findtext("DisorderMappingRelation/Name", "").partition(" ")[
            0
        ]
        relation = _ORPHANET_RELATIONS.get(stated)
        if source in ("OMIM", "MONDO") and relation is not None:
            number = reference.findtext("Reference", "")
            yield relation, DiseaseTable.normalise(f"{source}:{number}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
