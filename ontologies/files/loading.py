"""An ontology file -> `Ontology`, read in a child process that can do no harm."""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ontologies.errors import InvalidOntology, UnreadableOntology
from ontologies.files.integrity import Finding, Stanza, check, read_stanzas
from ontologies.ontology import Ontology, build_ontology
from ontologies.terms import Synonym, Term

_OBO_START = (b"format-version:", b"[Term]")
_CHILD = "import sys; from ontologies.files.loading import run_child; run_child(sys.argv[1:])"
_DENIED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may take. HPO takes about 2 s, 200 MB, 11 MB and 210,000 lines."""

    seconds: int = 120
    memory_bytes: int = 2 << 30
    file_bytes: int = 100 << 20
    lines: int = 2_000_000


@dataclass(frozen=True, slots=True)
class LoadedOntology:
    """An ontology and what is odd about its file without making it unusable."""

    ontology: Ontology
    findings: tuple[Finding, ...]


def load_ontology(path: Path, limits: Limits = Limits()) -> LoadedOntology:
    """The ontology of an OBO file.

    InvalidOntology has every fatal finding; UnreadableOntology says why the file is no OBO
    file or what it took too much of.
    """
    stanzas = _stanzas(path, limits)
    findings = check(stanzas)
    if fatal := [finding for finding in findings if finding.is_fatal]:
        raise InvalidOntology(path, fatal)
    version, rows = _parse(path, limits)
    checked = {s.term_id: (s.obsolete, sorted(set(s.parents))) for s in stanzas}
    if checked != {r["term_id"]: (r["obsolete"], r["parents"]) for r in rows}:
        # What was checked must be what is used.
        raise UnreadableOntology(path, "its stanzas can be read in two ways")
    parents = {s.term_id: checked[s.term_id][1] for s in stanzas if not s.obsolete}
    described = {stanza.term_id: stanza for stanza in stanzas}
    terms = [_term(row, described[row["term_id"]]) for row in rows]
    return LoadedOntology(build_ontology(version, terms, parents), findings)


def _stanzas(path: Path, limits: Limits) -> tuple[Stanza, ...]:
    size = path.stat().st_size
    if size > limits.file_bytes:
        reason = f"it has {size} bytes, more than {limits.file_bytes}"
        raise UnreadableOntology(path, reason)
    with path.open("rb") as stream:
        start = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(_OBO_START):
        reason = "it does not begin as an unpacked OBO file, with 'format-version:'"
        raise UnreadableOntology(path, reason)
    try:
        with path.open(encoding="utf-8") as lines:
            within = itertools.islice(lines, limits.lines)
            stanzas = tuple(read_stanzas(within))
            if next(within, None) is None and next(lines, None) is not None:
                reason = f"it has more than {limits.lines} lines"
                raise UnreadableOntology(path, reason)
            return stanzas
    except UnicodeDecodeError as error:
        raise UnreadableOntology(path, f"it is not UTF-8 ({error})") from error


def _parse(path: Path, limits: Limits) -> tuple[str, list[dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "terms.jsonl"
        _run_parser(path, output, limits)
        with output.open(encoding="utf-8") as lines:
            version, *rows = map(json.loads, lines)
    return version, rows


def _run_parser(path: Path, output: Path, limits: Limits) -> None:
    arguments = [str(path.resolve()), str(output), json.dumps(asdict(limits))]
    # One arena and one thread: every further one reserves memory that the limit counts.
    quiet = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    root = str(Path(__file__).resolve().parents[2])
    complaint = output.with_suffix(".stderr")
    with complaint.open("wb") as stderr:
        try:
            completed = subprocess.run(
                [sys.executable, "-c", _CHILD, *arguments],
                env={**os.environ, **quiet, "PYTHONPATH": root},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                timeout=limits.seconds,
            )
        except subprocess.TimeoutExpired as error:
            reason = f"it takes more than {limits.seconds} s to read"
            raise UnreadableOntology(path, reason) from error
    if completed.returncode:
        raise UnreadableOntology(path, _reason(completed.returncode, complaint, limits))


def _reason(code: int, complaint: Path, limits: Limits) -> str:
    lines = complaint.read_text("utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    if "MemoryError" in last or "memory allocation" in last:
        return f"it takes more than {limits.memory_bytes >> 20} MB of memory to read"
    if code < 0:
        return f"its reader was stopped by signal {-code}, over {limits.seconds} s or memory"
    return f"its reader says: {last[:500]}"


def run_child(arguments: list[str]) -> None:
    """Read the file in the first argument, write the second; runs in the child process only."""
    path, output, limits = arguments
    # Here and nowhere else: a process that serves people never reads an ontology file.
    from pronto.ontology import Ontology as OboFile

    with open(output, "w", encoding="utf-8") as lines:
        confine(Limits(**json.loads(limits)))
        ontology = OboFile(path, import_depth=0, encoding="utf-8", threads=1)
        lines.write(json.dumps(_version(ontology)) + "\n")
        for term in ontology.terms():
            lines.write(json.dumps(_row(term), ensure_ascii=False) + "\n")


def confine(limits: Limits) -> None:
    """Take network, new processes, and more than the limits from this process, for good."""
    for which, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 4 * limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event.startswith(_DENIED):
            raise PermissionError(f"{event} is denied to the reader of ontologies")

    # An audit hook cannot be taken off again.
    sys.addaudithook(refuse)


def _version(ontology: Any) -> str:
    """The release date out of a data-version such as hp/releases/2026-06-06."""
    return str(ontology.metadata.data_version or "").rpartition("/")[2]


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
