"""`secondcase terms` and `secondcase annotate`: from a clinician's words to HPO terms."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import click

from ontologies import NoteReader, Release, open_release
from ontologies.library import data_directory
from ontologies.lookup import TermHit, TermLookup
from web.abbreviations import listed_at
from web.config.settings import DATABASE

FORMATS = click.Choice(["text", "json"])


@click.command()
@click.argument("queries", nargs=-1, metavar="QUERY...")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the queries from a file: one a line, or a TSV with a 'query' column.",
)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1))
@click.option("--format", "output", default="text", show_default=True, type=FORMATS)
def terms(queries: tuple[str, ...], path: Path | None, limit: int, output: str) -> None:
    """Find the HPO terms that were meant, however they were typed."""
    asked = [*queries, *(read_queries(path) if path else ())]
    if not asked:
        raise click.UsageError(
            "Nothing to search for: name a QUERY, or a file with --file."
        )
    lookup = _lookup(open_release())
    for query in asked:
        hits = lookup.search(query, limit=limit)
        click.echo(as_json(query, hits) if output == "json" else as_text(query, hits))


def _lookup(release: Release) -> TermLookup:
    """The search with the abbreviations of the site, if it has a list of them."""
    meanings = listed_at(data_directory() / DATABASE)
    if not meanings:
        return release.lookup
    return TermLookup(release.ontology, release.annotations, meanings, release.names)


def read_queries(path: Path) -> list[str]:
    """Queries of a file in their order; a TSV is known by a header line with `query` in it."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    header = lines[0].split("\t") if lines else []
    if "query" in header:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["query"] for row in rows if row["query"]]
    return [line for line in lines if line.strip()]


def as_json(query: str, hits: Sequence[TermHit]) -> str:
    """One line: the query and its terms, best first."""
    found = [
        {
            "term_id": hit.term_id,
            "label": hit.label,
            "matched": hit.matched,
            "score": hit.score,
        }
        for hit in hits
    ]
    return json.dumps({"query": query, "terms": found}, ensure_ascii=False)


def as_text(query: str, hits: Sequence[TermHit]) -> str:
    """The query, and a line for each term with the synonym that matched."""
    lines = [query]
    for hit in hits:
        also = "" if hit.matched == hit.label else f"  (also called {hit.matched})"
        lines.append(f"  {hit.term_id}  {hit.label}{also}")
    return "\n".join(lines if hits else [query, "  nothing alike; try another word"])


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "output", default="text", show_default=True, type=FORMATS)
def annotate(path: Path, output: str) -> None:
    """Suggest the HPO terms of a clinical note, with the words that they came from.

    Spans count Unicode code points of the file's text, [start, end). Nothing is stored.
    """
    text = path.read_bytes().decode("utf-8")
    release = open_release()
    found = NoteReader(release.ontology, _lookup(release)).read(text)
    if output == "json":
        listed = [
            {
                "term_id": term.term_id,
                "label": term.label,
                "status": str(term.status),
                "spans": [list(span) for span in term.spans],
            }
            for term in found
        ]
        click.echo(json.dumps({"terms": listed}, ensure_ascii=False))
        return
    for term in found:
        words = " ... ".join(text[start:end] for start, end in term.spans)
        click.echo(f"{term.status:9}  {term.term_id}  {term.label}  ({words})")
