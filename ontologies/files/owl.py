"""The terms of an OWL file in RDF/XML, such as hp.owl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from ontologies.errors import UnreadableOntology
from ontologies.files.described import (
    Described,
    Entry,
    described,
    release_of,
    term_id_of,
)

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RDFS = "{http://www.w3.org/2000/01/rdf-schema#}"
_OWL = "{http://www.w3.org/2002/07/owl#}"
_OBO = "{http://purl.obolibrary.org/obo/}"
_IN_OWL = "{http://www.geneontology.org/formats/oboInOwl#}"
_ABOUT = f"{_RDF}about"
_RESOURCE = f"{_RDF}resource"
_SCOPES = {
    "hasExactSynonym": "EXACT",
    "hasNarrowSynonym": "NARROW",
    "hasBroadSynonym": "BROAD",
    "hasRelatedSynonym": "RELATED",
}
_MOST_LEVELS = 100

# The class, the property and the text that an axiom is about.
_Annotated = tuple[str, str, str]


def read_owl(path: Path) -> Described:
    """What the file says; UnreadableOntology where it is no OWL in RDF/XML."""
    reading = _Reading(path)
    try:
        for element in _statements(path):
            reading.note(element)
    except ParseError as error:
        raise UnreadableOntology(path, f"it is no XML ({error})") from error
    except DefusedXmlException as error:
        reason = (
            f"it declares entities, as no ontology needs to ({type(error).__name__})"
        )
        raise UnreadableOntology(path, reason) from error
    return reading.result()


def _statements(path: Path) -> Iterator[Element]:
    """The elements directly below the root, one at a time."""
    events = defusedxml.ElementTree.iterparse(path, events=("start", "end"))
    above: list[Element] = []
    for event, element in events:
        if event == "start":
            above.append(element)
            if len(above) == 1 and element.tag != f"{_RDF}RDF":
                raise UnreadableOntology(path, "its root is not rdf:RDF")
            if len(above) > _MOST_LEVELS:
                raise UnreadableOntology(path, "its elements are nested too deeply")
            continue
        above.pop()
        if len(above) == 1:
            yield element
            # Without this the whole file would be held as objects.
            above[0].clear()


class _Reading:
    """What was read so far; the kinds of synonyms come in axioms behind their class."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = ""
        self._imports: list[str] = []
        self._entries: list[Entry] = []
        self._kinds: dict[_Annotated, str] = {}

    def note(self, element: Element) -> None:
        """Take in one statement of the file."""
        if element.tag == f"{_OWL}Ontology":
            for told in element:
                if told.tag == f"{_OWL}versionIRI":
                    self._version = release_of(told.get(_RESOURCE, ""))
                elif told.tag == f"{_OWL}imports":
                    self._imports.append(told.get(_RESOURCE, ""))
        elif element.tag == f"{_OWL}Class" and (iri := element.get(_ABOUT)):
            self._entries.append(_entry(len(self._entries) + 1, iri, element))
        elif element.tag == f"{_OWL}Axiom":
            self._note_axiom(element)

    def _note_axiom(self, axiom: Element) -> None:
        kind = _resource(axiom, f"{_IN_OWL}hasSynonymType").rpartition("#")[2]
        if kind:
            about = term_id_of(_resource(axiom, f"{_OWL}annotatedSource"))
            scope = _resource(axiom, f"{_OWL}annotatedProperty").rpartition("#")[2]
            text = axiom.findtext(f"{_OWL}annotatedTarget", "")
            self._kinds[about, _SCOPES.get(scope, ""), text] = kind

    def result(self) -> Described:
        """All of it."""
        for entry in self._entries:
            entry.synonyms = [
                (text, scope, self._kinds.get((entry.term_id, scope, text), ""))
                for text, scope, _ in entry.synonyms
            ]
        return described(self._version, self._entries, self._imports)


def _entry(number: int, iri: str, element: Element) -> Entry:
    entry = Entry(number, term_id_of(iri))
    for told in element:
        _note(entry, told)
    return entry


def _note(entry: Entry, told: Element) -> None:
    """Take in what one element says of its class; a class restricted by others is no parent."""
    text = told.text or ""
    if told.tag == f"{_RDFS}label":
        entry.label = text
    elif told.tag == f"{_RDFS}comment":
        entry.comment = text
    elif told.tag == f"{_RDFS}subClassOf" and told.get(_RESOURCE):
        entry.parents.append(_target(told))
    elif told.tag == f"{_OBO}IAO_0000115":
        entry.definition = text
    elif told.tag == f"{_OBO}IAO_0100001":
        entry.replaced_by.append(_target(told))
    elif told.tag == f"{_OWL}deprecated":
        entry.obsolete = text.strip() in ("true", "1")
    elif told.tag == f"{_IN_OWL}hasAlternativeId":
        entry.alternatives.append(_target(told))
    elif told.tag == f"{_IN_OWL}consider":
        entry.consider.append(_target(told))
    elif scope := _SCOPES.get(told.tag.removeprefix(_IN_OWL)):
        entry.synonyms.append((text, scope, ""))


def _target(told: Element) -> str:
    """The term an element leads to, by a reference or in words."""
    return term_id_of(told.get(_RESOURCE) or (told.text or "").strip())


def _resource(axiom: Element, tag: str) -> str:
    found = axiom.find(tag)
    return "" if found is None else found.get(_RESOURCE, "")
