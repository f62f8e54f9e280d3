"""An ontology file -> `Ontology`, read in a child process that can do no harm."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontologies.errors import InvalidOntology, OntologyError, UnreadableOntology
from ontologies.files.confinement import Limits, Stopped, confine, run_confined
from ontologies.files.described import Described, imported, release_of
from ontologies.files.formats import Form, plain_text, recognise
from ontologies.files.integrity import (
    Finding,
    FindingKind,
    Stanza,
    check,
    read_stanzas,
)
from ontologies.files.refusals import from_plain, to_plain
from ontologies.files.sources import Kind
from ontologies.ontology import Ontology, build_ontology
from ontologies.terms import Synonym, Term

_OUTCOME = "outcome.json"
_TERMS = "terms"


@dataclass(frozen=True, slots=True)
class LoadedOntology:
    """An ontology and what is odd about its file without making it unusable."""

    ontology: Ontology
    findings: tuple[Finding, ...]


def load_ontology(path: Path, limits: Limits = Limits()) -> LoadedOntology:
    """The ontology of an OBO, OBO-JSON or OWL file, gzipped or not, read in a child process.

    InvalidOntology has every fatal finding; UnreadableOntology or UnreadableFile says why the
    file is no ontology or what it took too much of.
    """
    with tempfile.TemporaryDirectory() as scratch:
        arguments = [str(path.resolve()), scratch, limits.to_json()]
        try:
            run_confined(__name__, run_child.__name__, arguments, limits)
        except Stopped as error:
            raise UnreadableOntology(path, str(error)) from error
        outcome = json.loads((Path(scratch) / _OUTCOME).read_text("utf-8"))
        if refusal := outcome.get("refusal"):
            raise from_plain(refusal)
        findings = (
            Finding(FindingKind(row[0]), *row[1:]) for row in outcome["findings"]
        )
        return LoadedOntology(Ontology.open(Path(scratch) / _TERMS), tuple(findings))


def run_child(arguments: list[str]) -> None:
    """Read the file in the first argument into the folder in the second; only in a child."""
    path, folder, limits = Path(arguments[0]), Path(arguments[1]), arguments[2]
    confine(Limits.from_json(limits), writable=folder, readable=[path])
    outcome: dict[str, Any]
    try:
        loaded = read_ontology(path, folder, Limits.from_json(limits))
    except OntologyError as error:
        outcome = {"refusal": to_plain(error)}
    else:
        loaded.ontology.save(folder / _TERMS)
        outcome = {"findings": [finding.to_row() for finding in loaded.findings]}
    (folder / _OUTCOME).write_text(json.dumps(outcome), "utf-8")


def read_ontology(path: Path, folder: Path, limits: Limits) -> LoadedOntology:
    """The ontology of a file, read in this process, which must be confined; see above."""
    found = recognise(path)
    if found.kind is not Kind.HPO:
        raise UnreadableOntology(path, f"it is {found.file}, which has no terms")
    text = plain_text(path, Kind.HPO, folder, limits)
    if found.form is Form.OBO:
        return _loaded(path, _read_obo(text, limits))
    # Needed for one file in many, as is what they import.
    if found.form is Form.OBO_JSON:
        from ontologies.files.obo_graphs import read_obo_graphs

        return _loaded(path, read_obo_graphs(text))
    from ontologies.files.owl import read_owl

    return _loaded(path, read_owl(text))


def _loaded(path: Path, content: Described) -> LoadedOntology:
    findings = (*content.findings, *check(content.stanzas, content.place))
    if fatal := [finding for finding in findings if finding.is_fatal]:
        raise InvalidOntology(path, fatal)
    parents = {
        s.term_id: sorted(set(s.parents)) for s in content.stanzas if not s.obsolete
    }
    ontology = build_ontology(content.version, content.terms, parents)
    return LoadedOntology(ontology, findings)


def _read_obo(path: Path, limits: Limits) -> Described:
    """What an OBO file says, once its stanzas are such that the parser may read it."""
    stanzas, imports = _stanzas(path, limits)
    findings = [*imports, *check(stanzas)]
    if fatal := [finding for finding in findings if finding.is_fatal]:
        raise InvalidOntology(path, fatal)
    version, rows = _parsed(path)
    checked = {s.term_id: (s.obsolete, sorted(set(s.parents))) for s in stanzas}
    if checked != {r["term_id"]: (r["obsolete"], r["parents"]) for r in rows}:
        # What was checked must be what is used.
        raise UnreadableOntology(path, "its stanzas can be read in two ways")
    by_id = {stanza.term_id: stanza for stanza in stanzas}
    terms = tuple(_term(row, by_id[row["term_id"]]) for row in rows)
    return Described(version, stanzas, terms, imports)


def _stanzas(
    path: Path, limits: Limits
) -> tuple[tuple[Stanza, ...], tuple[Finding, ...]]:
    """The stanzas and what is wrong with the header."""
    with path.open(encoding="utf-8") as lines:
        imports = imported(lines)
    with path.open(encoding="utf-8") as lines:
        within = itertools.islice(lines, limits.lines)
        stanzas = tuple(read_stanzas(within))
        if next(within, None) is None and next(lines, None) is not None:
            raise UnreadableOntology(path, f"it has more than {limits.lines} lines")
    return stanzas, imports


def _parsed(path: Path) -> tuple[str, list[dict[str, Any]]]:
    # Here and nowhere else: a process that serves people never reads an ontology file.
    from pronto.ontology import Ontology as OboFile

    try:
        ontology = OboFile(str(path), import_depth=0, encoding="utf-8", threads=1)
        version = release_of(str(ontology.metadata.data_version or ""))
        return version, [_row(term) for term in ontology.terms()]
    except MemoryError:
        raise
    except Exception as error:
        # The parser raises six kinds, some of them Rust's; each is about the file.
        words = " ".join(str(error).split())[:500]
        reason = f"its reader says: {type(error).__name__}: {words}"
        raise UnreadableOntology(path, reason) from error


def _row(term: Any) -> dict[str, Any]:
    parents = term.superclasses(distance=1, with_self=False)
    return {
        "term_id": term.id,
        "label": term.name or "",
        "definition": str(term.definition or ""),
        "comment": term.comment or "",
        "synonyms": sorted(_synonyms(term)),
        "alternative_ids": sorted(term.alternate_ids),
        "obsolete": bool(term.obsolete),
        "parents": sorted(parent.id for parent in parents),
    }


def _synonyms(term: Any) -> Iterator[tuple[str, str, str]]:
    for synonym in term.synonyms:
        yield synonym.description, synonym.scope, (
            synonym.type.id if synonym.type else ""
        )


def _term(row: dict[str, Any], stanza: Stanza) -> Term:
    return Term(
        term_id=row["term_id"],
        label=row["label"],
        definition=row["definition"],
        comment=row["comment"],
        synonyms=tuple(
            Synonym(text, scope, kind == "layperson", kind)
            for text, scope, kind in row["synonyms"]
        ),
        alternative_ids=tuple(row["alternative_ids"]),
        obsolete=row["obsolete"],
        # pronto looks these up and fails where one is not in the file.
        replaced_by=tuple(sorted(stanza.replaced_by)),
        consider=tuple(sorted(stanza.consider)),
    )
