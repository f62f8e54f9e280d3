"""The terms of an OBO-JSON file (obographs), such as hp.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ontologies.errors import UnreadableOntology
from ontologies.files.described import (
    Described,
    Entry,
    described,
    release_of,
    term_id_of,
)

_SCOPES = {
    "hasExactSynonym": "EXACT",
    "hasNarrowSynonym": "NARROW",
    "hasBroadSynonym": "BROAD",
    "hasRelatedSynonym": "RELATED",
}
_IS_A = ("is_a", "http://www.w3.org/2000/01/rdf-schema#subClassOf")
_REPLACED = "IAO_0100001"
_CONSIDER = "consider"
_ALTERNATIVE = "hasAlternativeId"


def read_obo_graphs(path: Path) -> Described:
    """What the file says; UnreadableOntology where it is no OBO-JSON."""
    try:
        content = json.loads(path.read_bytes())
        (graph,) = content["graphs"]
        return _graph(graph)
    except RecursionError as error:
        raise UnreadableOntology(path, "its JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise UnreadableOntology(path, f"it is no JSON ({error})") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        words = str(error)[:200] or type(error).__name__
        reason = (
            f"it is not built as OBO-JSON, with one graph of nodes and edges ({words})"
        )
        raise UnreadableOntology(path, reason) from error


def _graph(graph: Mapping[str, Any]) -> Described:
    meta = graph.get("meta") or {}
    entries: dict[str, Entry] = {}
    repeated: list[Entry] = []
    for number, node in enumerate(graph["nodes"], start=1):
        if node.get("type", "CLASS") != "CLASS":
            continue
        entry = _entry(number, node)
        if entries.setdefault(entry.term_id, entry) is not entry:
            repeated.append(entry)
    for edge in graph["edges"]:
        if edge["pred"] in _IS_A and (child := entries.get(term_id_of(edge["sub"]))):
            child.parents.append(term_id_of(edge["obj"]))
    imports = [str(each) for each in (graph.get("imports") or ())]
    values = meta.get("basicPropertyValues") or ()
    imports += [str(v["val"]) for v in values if str(v["pred"]).endswith("#imports")]
    version = release_of(str(meta.get("version") or ""))
    return described(version, [*entries.values(), *repeated], imports)


def _entry(number: int, node: Mapping[str, Any]) -> Entry:
    meta = node.get("meta") or {}
    entry = Entry(
        number,
        term_id_of(_text(node["id"])),
        label=_text(node.get("lbl") or ""),
        definition=_text((meta.get("definition") or {}).get("val", "")),
        comment="\n".join(map(_text, meta.get("comments") or ())),
        synonyms=list(_synonyms(meta)),
        obsolete=meta.get("deprecated") is True,
    )
    for value in meta.get("basicPropertyValues") or ():
        told = term_id_of(_text(value["val"]))
        name = _text(value["pred"]).replace("#", "/").rpartition("/")[2]
        if name == _REPLACED:
            entry.replaced_by.append(told)
        elif name == _CONSIDER:
            entry.consider.append(told)
        elif name == _ALTERNATIVE:
            entry.alternatives.append(told)
    return entry


def _synonyms(meta: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for synonym in meta.get("synonyms") or ():
        kind = _text(synonym.get("synonymType") or "").rpartition("#")[2]
        yield _text(synonym["val"]), _SCOPES[synonym["pred"]], kind


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:100]!r} stands where text should")
    return value
