"""`secondcase match`: who resembles these cases, best first, with the reasons."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from matcher.case import Case
from matcher.engine.constraints import Constraints
from matcher.evidence import Evidence, EvidenceKind
from matcher.matches import Ranking
from matcher.matching import Matcher
from matcher.readers import Report
from matcher.readers.fields import printable
from matcher.storage.store import CaseStore
from ontologies import open_release
from web.cli.inputs import read_inputs, report_option, report_unresolved, tell_report
from web.cli.progress import console, shown
from web.config import load_settings
from web.db import open_database

STORE = "store"
SIGNS = {"same": "=", "near": "~", "conflict": "!", "missing": "-"}
BEGIN_FORMULAS = frozenset("=+-@")
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


def evidence_kinds(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> frozenset[EvidenceKind] | None:
    """Kinds of evidence named with commas between them."""
    if text is None:
        return None
    known = {str(kind): kind for kind in EvidenceKind}
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        raise click.BadParameter(
            f"{', '.join(wrong) or text!r}: choose from {', '.join(known)}."
        )
    return frozenset(known[name] for name in names)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="CASE...")
@click.option(
    "--against",
    required=True,
    metavar="PATH|store",
    help="Cases to search: a path like CASE, or the word 'store' for the stored ones.",
)
@click.option(
    "--top",
    default=20,
    show_default=True,
    type=click.IntRange(0),
    help="How many; 0 for all.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@click.option(
    "--evidence",
    "kinds",
    callback=evidence_kinds,
    metavar="KIND,...",
    help="Evidence that counts: phenotype, gene, variant, onset, inheritance (these by default) "
    "and diagnosis, which is never used unless named.",
)
@click.option(
    "--must-share-gene", is_flag=True, help="Only cases that share a candidate gene."
)
@click.option(
    "--must-have",
    metavar="TERM",
    help="Only cases with this HPO term or a narrower one.",
)
@click.option(
    "--exclude-solved", is_flag=True, help="Leave out cases with a diagnosis."
)
@click.option("--exclude-own-family", is_flag=True)
@click.option("--exclude-own-submitter", is_flag=True)
@click.option(
    "--release",
    "release_id",
    metavar="RELEASE",
    help="Match with this release on this disk instead of the active one, by its id.",
)
@report_option
def match(
    paths: tuple[str, ...],
    against: str,
    top: int,
    output: str,
    kinds: frozenset[EvidenceKind] | None,
    release_id: str | None,
    report_path: Path | None,
    **constraints: Any,
) -> None:
    """Rank known cases by how likely each is the same disorder as CASE.

    CASE is a file, folder, zip or JSON lines of Phenopackets v2 or MME patients. Every known case
    is scored; a case is never its own match. The score is in nats: the logarithm of how much
    likelier the findings are if both have the same disorder.
    """
    report = Report()
    queries = read_inputs(paths, report)
    candidates = queries if paths == (against,) else known_cases(against, report)
    release = open_release(release_id)
    report_unresolved(queries, release, report)
    if candidates is not queries:
        report_unresolved(candidates, release, report)
    tell_report(report, report_path)
    matcher = Matcher(release, candidates)
    rankings = answers(matcher, queries, top, kinds, Constraints(**constraints))
    for text in WRITERS[output](rankings):
        click.echo(text)


def known_cases(against: str, report: Report) -> list[Case]:
    """Cases of a path, or of the store."""
    if against != STORE:
        return read_inputs([against], report)
    with CaseStore(open_database(load_settings().database)) as store:
        cases = [stored.case for stored in store.cases()]
    if not cases:
        raise click.ClickException(
            "The store is empty; 'secondcase import PATH' puts cases into it."
        )
    return cases


def answers(
    matcher: Matcher,
    queries: list[Case],
    top: int,
    kinds: frozenset[EvidenceKind] | None,
    constraints: Constraints,
) -> Iterator[Ranking]:
    """Ranking of each query in their order, with progress and what could not be used."""
    with shown() as tell:
        for done, query in enumerate(queries):
            tell("Ranking", done, len(queries))
            ranking = matcher.answer(
                query, limit=top or None, evidence=kinds, constraints=constraints
            )
            if ranking.unresolved:
                left_out = printable(", ".join(ranking.unresolved))
                console().print(
                    f"{printable(query.case_id)}: not in the release, left out: {left_out}",
                    markup=False,
                )
            yield ranking


def json_lines(rankings: Iterable[Ranking]) -> Iterator[str]:
    """One object a query."""
    for ranking in rankings:
        matches = [
            {
                "rank": found.rank,
                "case_id": found.case_id,
                "score": found.score,
                "probability": found.probability,
                "efm": found.efm,
                "band": str(found.band),
                "evidence": [evidence_object(evidence) for evidence in found.evidence],
                "reasons": [reason.text for reason in found.explanation().reasons],
            }
            for found in ranking.matches
        ]
        told = {"query_id": ranking.query_id, "matches": matches}
        text = json.dumps(told, ensure_ascii=False, allow_nan=False)
        # Escaped, what a terminal would obey is the same text.
        yield text if text.isprintable() else json.dumps(told, allow_nan=False)


def evidence_object(evidence: Evidence) -> dict[str, Any]:
    """One kind of evidence; `missing` says whose side lacks it, and then it counts for nothing."""
    return {
        "kind": str(evidence.kind),
        "log_likelihood_ratio": evidence.log_likelihood_ratio,
        "missing": evidence.missing or None,
    }


def csv_rows(rankings: Iterable[Ranking]) -> Iterator[str]:
    """A header, then a row a match; every cell is quoted, and none is a formula."""
    yield csv_line(COLUMNS)
    for ranking in rankings:
        for found in ranking.matches:
            ratios = {
                e.kind: "" if e.missing else e.log_likelihood_ratio
                for e in found.evidence
            }
            yield csv_line(
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


def csv_line(values: Iterable[object]) -> str:
    """One line without its end."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="").writerow(values)
    return buffer.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before what would be.

    Spreadsheets look behind blanks, take full-width signs for plain ones, and in many countries
    begin a new cell behind a semicolon.
    """
    return ";".join(
        f"'{cell}" if _is_formula(cell) else cell for cell in printable(text).split(";")
    )


def _is_formula(cell: str) -> bool:
    start = cell.lstrip(' "\ufffd')[:1]
    return unicodedata.normalize("NFKC", start) in BEGIN_FORMULAS


def table(rankings: Iterable[Ranking]) -> Iterator[str]:
    """Text for people: a block a query, a line a match, its reasons below."""
    for ranking in rankings:
        yield f"{printable(ranking.query_id)}: best of {ranking.searched:,} cases"
        for found in ranking.matches:
            case_id = printable(found.case_id)
            yield f"{found.rank:5}  {found.score:8.2f}  {found.band:11} {case_id}"
            for reason in found.explanation().reasons:
                yield f"{'':24}{SIGNS[reason.sign]} {printable(reason.text)}"
        if not ranking.matches:
            yield "       no case fulfils the conditions"
        yield ""


WRITERS = {"table": table, "json": json_lines, "csv": csv_rows}
