"""`secondcase ontology queue`: what came from outside and is no term, listed and decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from matcher.storage.database import Database
from ontologies import open_release
from web.abbreviations import SiteWords
from web.audit import Audit
from web.cli.cases.inputs import writable
from web.cli.cases.words import FORMATS
from web.config import load_settings
from web.db import open_database
from web.unrecognised.arriving import Kind
from web.unrecognised.deciding import Decision, Decisions, Place
from web.unrecognised.queue import Entry, Order, Queue, State, Wanted
from web.unrecognised.suggesting import Suggestion, suggestions
from web.unrecognised.upstream import REPORTED, Form, reportable, written

ACTOR = "command line"
# More than are ever kept.
MOST_LISTED = 1_000_000
# Words of one kind, so that no shell needs quotes.
DECISIONS = {
    "word": State.SYNONYM,
    "term": State.TERM,
    "report": State.UPSTREAM,
    "ignore": State.IGNORED,
    "erase": State.ERASED,
    "reopen": State.OPEN,
}
PLACES = {"synonym": Place.SYNONYM, "below": Place.BELOW}


@click.group()
def queue() -> None:
    """Decide what peers, imports and deposits said of patients and is no HPO term."""


@queue.command("list")
@click.option(
    "--state",
    type=click.Choice([str(each) for each in State]),
    default=str(State.OPEN),
    show_default=True,
    help="Of which state.",
)
@click.option(
    "--from",
    "kind",
    type=click.Choice([str(each) for each in Kind]),
    help="Only what came from this kind of source.",
)
@click.option("--find", default="", metavar="TEXT", help="Only what has TEXT in it.")
@click.option(
    "--order",
    type=click.Choice([str(each) for each in Order]),
    default=str(Order.OFTEN),
    show_default=True,
    help="What comes first.",
)
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, MOST_LISTED)
)
@click.option(
    "--skip", default=0, show_default=True, type=click.IntRange(0, MOST_LISTED)
)
@click.option("--format", "output", default="text", show_default=True, type=FORMATS)
def list_command(
    state: str,
    kind: str | None,
    find: str,
    order: str,
    limit: int,
    skip: int,
    output: str,
) -> None:
    """Show entries, each with its number, how many patients have it, and where it came from."""
    wanted = Wanted(
        state=State(state),
        kind=Kind(kind) if kind else None,
        find=find,
        order=Order(order),
    )
    with _database() as db:
        kept = Queue(db)
        found, total = kept.page(wanted, limit=limit, offset=skip), kept.count(wanted)
        waiting = kept.waiting()
    if output == "json":
        listed = [asdict(each) for each in found]
        click.echo(json.dumps({"total": total, "entries": listed}, ensure_ascii=False))
        return
    for each in found:
        click.echo(_line(each))
    click.echo(
        f"{len(found):,} of {total:,}; {waiting:,} more are not readable yet.", err=True
    )


@queue.command("show")
@click.argument("number", type=click.IntRange(1))
@click.option("--format", "output", default="text", show_default=True, type=FORMATS)
def show_command(number: int, output: str) -> None:
    """Show the entry NUMBER with the terms that may be meant, their likeness, and why."""
    release = open_release()
    with _database() as db:
        entry = Queue(db).get(number)
        lookup = SiteWords(release).lookup(db)
        found = suggestions(entry.code, entry.words, release, lookup)
    if output == "json":
        offered = [asdict(each) for each in found]
        click.echo(
            json.dumps({**asdict(entry), "suggestions": offered}, ensure_ascii=False)
        )
        return
    click.echo(_line(entry))
    if entry.decided_by:
        why = f": {entry.reason}" if entry.reason else ""
        term = f" {entry.term_id}" if entry.term_id else ""
        click.echo(f"{entry.state}{term}, {entry.decided_by}, {entry.decided_at}{why}")
    for each in found:
        click.echo(_suggested(each))


@queue.command("decide")
@click.argument("number", type=click.IntRange(1))
@click.argument("decision", type=click.Choice(list(DECISIONS)))
@click.option("--term", "term_id", default="", metavar="HPO_ID", help="The term.")
@click.option(
    "--place",
    type=click.Choice(list(PLACES)),
    default="synonym",
    show_default=True,
    help="In a report: a synonym of the term, or a new term below it.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why, for the audit.")
@click.option(
    "--expect",
    type=click.IntRange(0),
    metavar="VERSION",
    help="Do nothing if somebody has decided since the entry had this version.",
)
def decide_command(
    number: int,
    decision: str,
    term_id: str,
    place: str,
    reason: str,
    expect: int | None,
) -> None:
    """Decide the entry NUMBER.

    A word is listed among the local words of the site for the term, and the search finds it; a
    term is offered wherever the entry comes again; report puts it into the next report; erase
    overwrites its words. No case is changed by any of it. Reopen takes a decision back.
    """
    chosen = Decision(
        state=DECISIONS[decision],
        term_id=term_id,
        place=PLACES[place],
        reason=" ".join(reason.split()),
    )
    with _database() as db:
        decided = Decisions(db, open_release()).decide(
            number, chosen, actor=ACTOR, expected_version=expect
        )
    term = f" {decided.term_id}" if decided.term_id else ""
    click.echo(f"Entry {number}: {decided.state}{term}, version {decided.version}")


@queue.command("report")
@click.argument(
    "path",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=writable,
    metavar="FILE",
)
@click.option(
    "--entry",
    "numbers",
    multiple=True,
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Only this one; may be given again. By default all that are to be reported.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([str(each) for each in Form]),
    help="By default by the name of FILE: a table if it ends in .tsv.",
)
def report_command(path: Path, numbers: tuple[int, ...], form: str | None) -> None:
    """Write a report for the tracker of the HPO project to FILE; nothing is sent.

    Of each entry: what was written, where it may belong, and in ranges how many independent
    sources and patients have it. Nothing in it is about a person, a peer or a site.
    """
    by_name = Form.TSV if path.suffix.casefold() == ".tsv" else Form.MARKDOWN
    release = open_release()
    with _database() as db:
        entries = reportable(db, numbers)
        if not entries:
            raise click.ClickException(
                "No entry is to be reported; 'secondcase ontology queue decide NUMBER report' "
                "chooses one."
            )
        lookup = SiteWords(release).lookup(db)
        text = written(Form(form) if form else by_name, entries, release, lookup)
        path.write_text(text, "utf-8")
        Audit(db).record(ACTOR, REPORTED, entries=[each.number for each in entries])
    click.echo(f"{len(entries):,} entries are in {path}.")


def _line(entry: Entry) -> str:
    kinds = ", ".join(entry.kinds)
    days = f"{entry.first_day} to {entry.last_day}"
    return (
        f"{entry.number:6}  {entry.said}  ({entry.times}, {kinds}, {days}; "
        f"{entry.state}, version {entry.version})"
    )


def _suggested(each: Suggestion) -> str:
    likeness = "  -  " if each.score is None else f"{each.score:.3f}"
    return f"  {likeness}  {each.term_id}  {each.label}  ({each.why})"


@contextmanager
def _database() -> Iterator[Database]:
    db = open_database(load_settings().database)
    try:
        yield db
    finally:
        db.close()
