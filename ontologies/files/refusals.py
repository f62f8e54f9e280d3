"""A refusal on its way from the child that read a file to whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ontologies.errors import (
    InvalidAnnotations,
    InvalidFile,
    InvalidOntology,
    OntologyError,
    UnreadableFile,
    UnreadableOntology,
)
from ontologies.files.hpoa import FormatError
from ontologies.files.integrity import Finding, FindingKind

# So that a file of nothing but errors does not fill the memory of who asked.
_MOST_FINDINGS = 10_000
_WITH_FINDINGS: Mapping[str, type[InvalidFile]] = MappingProxyType(
    {each.__name__: each for each in (InvalidOntology, InvalidAnnotations)}
)


def to_plain(error: OntologyError) -> dict[str, Any]:
    """An error of a file as what JSON can hold; TypeError for an error of anything else."""
    name = type(error).__name__
    match error:
        case InvalidFile():
            findings = [_plain(each) for each in error.findings[:_MOST_FINDINGS]]
            return {"error": name, "path": str(error.path), "findings": findings}
        case UnreadableOntology():
            return {"error": name, "path": str(error.path), "reason": error.reason}
        case UnreadableFile():
            return {
                "error": name,
                "path": str(error.path),
                "reason": error.reason,
                "expected": error.expected,
            }
        case _:
            raise TypeError(f"{name} is no error of a file")


def from_plain(content: Mapping[str, Any]) -> OntologyError:
    """The error that `to_plain` was given."""
    path = Path(content["path"])
    if kind := _WITH_FINDINGS.get(content["error"]):
        return kind(path, [_finding(row) for row in content["findings"]])
    if content["error"] == UnreadableOntology.__name__:
        return UnreadableOntology(path, content["reason"])
    return UnreadableFile(path, content["reason"], content["expected"])


def _plain(finding: object) -> list[Any]:
    match finding:
        case Finding():
            return list(finding.to_row())
        case FormatError():
            return [finding.line, finding.message]
        case _:
            raise TypeError(f"{finding!r} is no finding about a file")


def _finding(row: list[Any]) -> Finding | FormatError:
    if len(row) == 2:
        return FormatError(*row)
    return Finding(FindingKind(row[0]), *row[1:])
