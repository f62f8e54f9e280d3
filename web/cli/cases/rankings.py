"""A ranking as a table for people, a line of JSON, or rows of CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from matcher.calibration import Band
from matcher.evidence import Evidence, EvidenceKind
from matcher.matches import Match, Ranking
from matcher.readers.fields import printable
from web.cli.cases.spreadsheet import csv_line, harmless

SIGNS = {"same": "=", "near": "~", "conflict": "!", "missing": "-"}
COLOURS: Mapping[Band, str] = MappingProxyType(
    {Band.CONTACT: "green", Band.LOOK: "yellow"}
)
COLUMNS = (
    "query_id",
    "rank",
    "case_id",
    "score",
    "probability",
    "efm",
    "band",
    *(f"lnlr_{kind}" for kind in EvidenceKind),
    "reasons",
)
TABLE_HEAD = f"{'rank':>5}  {'same disorder':24}  {'score':>8}  {'band':10}  case"
HEADERS: Mapping[str, str] = MappingProxyType({"csv": csv_line(COLUMNS) + "\n"})


def writers(styled: bool) -> Mapping[str, Callable[[Ranking], str]]:
    """How each format writes one ranking; a table may be `styled` for a terminal."""
    return {
        "table": partial(table_block, styled=styled),
        "json": json_line,
        "csv": csv_rows,
    }


def json_line(ranking: Ranking) -> str:
    """One object on a line."""
    told = {
        "query_id": ranking.query_id,
        "matches": [match_object(found) for found in ranking.matches],
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    # Escaped, what a terminal would obey is the same text.
    text = text if text.isprintable() else json.dumps(told, allow_nan=False)
    return f"{text}\n"


def match_object(found: Match) -> dict[str, Any]:
    """One match under the names that never change."""
    return {
        "rank": found.rank,
        "case_id": found.case_id,
        "score": found.score,
        "probability": found.probability,
        "efm": found.efm,
        "band": str(found.band),
        "evidence": [evidence_object(evidence) for evidence in found.evidence],
        "reasons": [reason.text for reason in found.explanation().reasons],
    }


def evidence_object(evidence: Evidence) -> dict[str, Any]:
    """One kind of evidence; `missing` says whose side lacks it, and then it counts for nothing."""
    return {
        "kind": str(evidence.kind),
        "log_likelihood_ratio": evidence.log_likelihood_ratio,
        "missing": evidence.missing or None,
    }


def csv_rows(ranking: Ranking) -> str:
    """A row a match, and no cell a formula."""
    return "".join(f"{csv_row(ranking, found)}\n" for found in ranking.matches)


def csv_row(ranking: Ranking, found: Match) -> str:
    """One match below `COLUMNS`."""
    ratios = {
        each.kind: "" if each.missing else each.log_likelihood_ratio
        for each in found.evidence
    }
    return csv_line(
        [
            harmless(ranking.query_id),
            found.rank,
            harmless(found.case_id),
            found.score,
            found.probability,
            "" if found.efm is None else found.efm,
            str(found.band),
            *(ratios.get(kind, "") for kind in EvidenceKind),
            harmless(" | ".join(r.text for r in found.explanation().reasons)),
        ]
    )


def table_block(ranking: Ranking, *, styled: bool = False) -> str:
    """Text for people: the query, a line a match, its reasons below, an empty line."""
    return "".join(f"{line}\n" for line in _table_lines(ranking, styled))


def _table_lines(ranking: Ranking, styled: bool) -> Iterator[str]:
    cases = f"{ranking.searched:,} case{'' if ranking.searched == 1 else 's'}"
    title = f"{printable(ranking.query_id)}: best of {cases}"
    yield click.style(title, bold=True) if styled else title
    if ranking.matches:
        yield click.style(TABLE_HEAD, underline=True) if styled else TABLE_HEAD
    else:
        yield "       no case fulfils the conditions"
    for found in ranking.matches:
        account = found.explanation()
        yield _match_line(found, account.ladder.result, styled)
        for reason in account.reasons:
            yield f"{'':7}{SIGNS[reason.sign]} {printable(reason.text)}"
    yield ""


def _match_line(found: Match, words: str, styled: bool) -> str:
    chance = f"{words:24}"
    band = f"{found.band:10}"
    if styled and found.band in COLOURS:
        chance, band = (
            click.style(text, fg=COLOURS[found.band]) for text in (chance, band)
        )
    case_id = printable(found.case_id)
    return f"{found.rank:5}  {chance}  {found.score:8.2f}  {band}  {case_id}"
