"""What a peer asks for beside its patient: the `_query` of a request.

The keys are those of docs/federation.md. What is not understood is told and left aside: it never
fails a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from matcher import Constraints
from matcher.readers.fields import as_object, flag, plain_text
from matcher.readers.report import Report, Wrong
from ontologies import Release

SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which cases are wanted, how many at most, and from which score on.

    The score is compared as it is told, in bands: asked for in small steps, it must not tell
    more than the answer does.
    """

    most: int
    least_score: float = 0.0
    constraints: Constraints = Constraints()
    # Something was asked for that no case can have.
    nothing_fits: bool = False


def read_asked(
    value: object,
    warnings: list[str],
    release: Release,
    *,
    most: int,
    report: Report | None = None,
) -> Asked:
    """What the `_query` of a request asks for; at most `most` results, whatever it says.

    The report is told where something was not understood, and nothing of what stood there.
    """
    asked = Asked(most=most)
    report = report or Report(limit=0)
    said = as_object(value)
    if said is None:
        if value is not None:
            warnings.append("_query is not an object; it was left aside.")
            report.trouble("_query", Wrong.TYPE, "an object")
        return asked
    unknown = len(said.keys() - _READERS.keys())
    if unknown:
        warnings.append(
            f"{unknown} of the keys of _query are not known here; known are "
            f"{', '.join(_READERS)}."
        )
        report.trouble("_query", Wrong.UNKNOWN, f"known are {', '.join(_READERS)}")
    for name, read in _READERS.items():
        if said.get(name) is not None:
            asked = read(_Key(name, said[name], warnings, release, report), asked)
    return asked


@dataclass(frozen=True, slots=True)
class _Key:
    """One thing that was asked for, and where to tell what became of it."""

    name: str
    value: Any
    warnings: list[str]
    release: Release
    report: Report

    def misfit(self, wanted: str) -> None:
        self.warnings.append(
            f"{self.name} of _query must be {wanted}; it was left aside."
        )
        self.report.trouble(f"_query.{self.name}", Wrong.TYPE, wanted)

    def unknown(self, what: str) -> None:
        shown = str(self.value)[:SHOWN]
        self.warnings.append(
            f"{self.name} of _query names {shown!r}, {what}; no case can fulfil it."
        )
        self.report.trouble(f"_query.{self.name}", Wrong.UNKNOWN)


def _most(key: _Key, asked: Asked) -> Asked:
    number = key.value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        key.misfit("a whole number of at least 1")
        return asked
    if number > asked.most:
        key.warnings.append(f"At most {asked.most} results are given to a question.")
    return replace(asked, most=min(number, asked.most))


def _least_score(key: _Key, asked: Asked) -> Asked:
    number = key.value
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or not 0 <= number <= 1:
        key.misfit("a number from 0 to 1")
        return asked
    return replace(asked, least_score=float(number))


def _gene(key: _Key, asked: Asked) -> Asked:
    if isinstance(key.value, bool):
        constraints = replace(asked.constraints, must_share_gene=key.value)
        return replace(asked, constraints=constraints)
    name = plain_text(key.value)
    if not name:
        key.misfit("true, or the name of a gene")
        return asked
    gene = key.release.genes.resolve(name).gene
    if gene is None:
        key.unknown("which is no gene that is known here")
        return replace(asked, nothing_fits=True)
    constraints = replace(asked.constraints, must_list=gene.hgnc_id)
    return replace(asked, constraints=constraints)


def _term(key: _Key, asked: Asked) -> Asked:
    name = plain_text(key.value)
    if not name:
        key.misfit("the id of an HPO term")
        return asked
    if key.release.ontology.resolve(name).term_id is None:
        key.unknown("which is no HPO term that is known here")
        return replace(asked, nothing_fits=True)
    return replace(asked, constraints=replace(asked.constraints, must_have=name))


def _solved(key: _Key, asked: Asked) -> Asked:
    said = flag(key.value)
    if said is None:
        key.misfit("true or false")
        return asked
    return replace(asked, constraints=replace(asked.constraints, exclude_solved=said))


_READERS: Mapping[str, Callable[[_Key, Asked], Asked]] = {
    "maxResults": _most,
    "minScore": _least_score,
    "mustShareGene": _gene,
    "mustHaveTerm": _term,
    "excludeSolved": _solved,
}
# What the heartbeat says is understood here.
KEYS = tuple(_READERS)
