"""`secondcase node`: the peers of the exchange, what passes between us, and how they fare."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from matcher.readers.fields import printable
from matcher.storage.database import Database
from ontologies import open_release
from web.config import load_settings
from web.db import open_database
from web.mme.asking.probing.prober import probed
from web.mme.answering.diagnoses import Diagnoses
from web.mme.disclosing.disclosures import Disclosures
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker, Health
from web.mme.nodes.quirks import Coordinates, GeneIds
from web.mme.nodes.register import Description, InboundToken
from web.mme.tending import Tending
from web.mme.disclosing.withdrawals import Withdrawals

Command = TypeVar("Command", bound=Callable[..., Any])

ACTOR = "command line"
SHOWN_ONCE = "The token is shown this once; give it to the peer by a safe way."
NO_TROUBLE = "Nothing was wrong with a request in the last 30 days."


@dataclass(frozen=True, slots=True)
class Book:
    """The peers of this installation, and how they fare."""

    db: Database
    nodes: Nodes
    breaker: Breaker
    tending: Tending


@contextmanager
def open_book() -> Iterator[Book]:
    """The peers of this installation."""
    db = open_database(load_settings().database)
    try:
        yield Book(db, Nodes(db), Breaker(db), Tending(db, ACTOR))
    finally:
        db.close()


@click.group()
def node() -> None:
    """Add peers of the Matchmaker Exchange, look after them, end their access."""


def described(command: Command) -> Command:
    """The options that say what a peer is like."""
    options = (
        click.option(
            "--url", help="Base of its service, or its full match address; https."
        ),
        click.option(
            "--token-file",
            type=click.File(encoding="ascii", errors="replace"),
            help="File with the token that it gave us; - for standard input.",
        ),
        click.option(
            "--ask-token", is_flag=True, help="Ask for that token here, unseen."
        ),
        click.option("--contact", help="Whom to reach there."),
        click.option("--disclaimer-file", type=click.File(encoding="utf-8")),
        click.option("--terms-file", type=click.File(encoding="utf-8")),
        click.option(
            "--budget",
            type=click.IntRange(0, 1_000_000),
            help="How many cases it may see for the first time in a day (50 at first).",
        ),
        click.option(
            "--ca-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Authorities that its certificate is held against, instead of the public ones.",
        ),
        click.option(
            "--allow-private/--refuse-private",
            default=None,
            help="It is inside our own network: private addresses, and http, are allowed.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _description(
    *,
    url: str | None,
    token_file: TextIO | None,
    ask_token: bool,
    contact: str | None,
    disclaimer_file: TextIO | None,
    terms_file: TextIO | None,
    budget: int | None,
    ca_file: Path | None,
    allow_private: bool | None,
) -> Description:
    return Description(
        address=url,
        contact=contact,
        disclaimer=disclaimer_file.read().strip() if disclaimer_file else None,
        terms=terms_file.read().strip() if terms_file else None,
        daily_budget=budget,
        ca_file=ca_file,
        allow_private=allow_private,
        outbound_token=_token(token_file, ask_token),
    )


def _token(file: TextIO | None, ask: bool) -> str | None:
    """The token that a peer gave; never from the command line, where others can see it."""
    if file and ask:
        raise click.UsageError("Give either --token-file or --ask-token.")
    if file:
        return file.read().strip()
    if ask:
        prompted: str = click.prompt("Token that the peer gave", hide_input=True)
        return prompted.strip()
    return None


@node.command()
@click.argument("name")
@described
def add(name: str, **options: Any) -> None:
    """Add the peer NAME and print the token that it must send in X-Auth-Token.

    With --url and a token of its own giving it is asked as well.
    """
    description = _description(**options)
    with open_book() as book:
        token = book.tending.add(name, description)
    click.echo(token)
    click.echo(SHOWN_ONCE, err=True)


@node.command("list")
def list_nodes() -> None:
    """Name the peers, what passes between us, and how they fare."""
    with open_book() as book:
        for each in book.nodes:
            health = book.breaker.health(each.node_id)
            state = f"revoked {each.revoked_at}" if each.revoked_at else "active"
            fares = f"  {_fares(health)}" if each.is_asked else ""
            is_spent = Disclosures(book.db).spent(each) >= each.daily_budget
            spent = "  its budget of new cases is spent" if is_spent else ""
            click.echo(f"{each.name:32} since {each.created_at}  {state}{fares}{spent}")


@node.command()
@click.argument("name")
@click.option(
    "--format", "output", type=click.Choice(["table", "json"]), default="table"
)
def show(name: str, output: str) -> None:
    """Say everything that is known of the peer NAME; its tokens are never shown."""
    with open_book() as book:
        known = book.nodes.get(name)
        known_of_it = _told(
            known, book.nodes.tokens(known), book.breaker.health(known.node_id)
        )
        known_of_it["new_cases_told_in_24_hours"] = Disclosures(book.db).spent(known)
        diagnoses = Diagnoses(book.db).of(known)
        known_of_it["requests_refused_lately"] = sum(
            each.is_refused for each in diagnoses
        )
    if output == "json":
        click.echo(json.dumps(known_of_it))
        return
    for key, value in known_of_it.items():
        click.echo(f"{key.replace('_', ' '):27} {printable(_as_text(value))}")


@node.command("set")
@click.argument("name")
@described
@click.option(
    "--version", type=click.Choice(["1.0", "1.1"]), help="What it is asked in."
)
@click.option(
    "--coordinates",
    type=click.Choice([str(each) for each in Coordinates]),
    help="Where it begins to count bases; 'stated' reads it off each variant.",
)
@click.option("--gene-ids", type=click.Choice([str(each) for each in GeneIds]))
@click.option(
    "--trailing-slash/--no-trailing-slash", default=None, help="Ask at /match/."
)
@click.option(
    "--plain-labels/--any-labels",
    default=None,
    help="Keep % and + out of what is sent, as matchbox needs it.",
)
@click.option(
    "--forget-token", is_flag=True, help="Keep its token no longer, so never ask it."
)
def set_node(
    name: str,
    version: str | None,
    coordinates: str | None,
    gene_ids: str | None,
    trailing_slash: bool | None,
    plain_labels: bool | None,
    forget_token: bool,
    **options: Any,
) -> None:
    """Change what is known of the peer NAME; what is not named stays."""
    description = _description(**options)
    said = {
        "minor": int(version[-1]) if version else None,
        "coordinates": Coordinates(coordinates) if coordinates else None,
        "gene_ids": GeneIds(gene_ids) if gene_ids else None,
        "trailing_slash": trailing_slash,
        "plain_labels": plain_labels,
    }
    quirks = {key: value for key, value in said.items() if value is not None}
    with open_book() as book:
        book.tending.change(name, description, quirks, forget_token=forget_token)
    click.echo(f"{name} is changed.")


@node.command()
@click.argument("name")
@click.option(
    "--format", "output", type=click.Choice(["table", "json"]), default="table"
)
@click.pass_context
def probe(context: click.Context, name: str, output: str) -> None:
    """Ask the peer NAME about a test patient in several ways, and report what it does.

    What its messages must be like is kept for later questions. No real case is sent. The exit
    status is 1 if it does not answer the test patient.
    """
    settings = load_settings()
    with open_book() as book:
        found = probed(
            book.db, name, open_release(), by=ACTOR, seconds=settings.peer_seconds
        )
    if output == "json":
        click.echo(json.dumps(found.to_json()))
    else:
        for text in found.lines():
            click.echo(printable(text))
    if not found.is_usable:
        context.exit(1)


@node.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Print a second token for the peer NAME, good beside the one that it has.

    Once it sends the new one, end the old one with 'node revoke NAME --old'. A peer that was
    revoked is let in again.
    """
    with open_book() as book:
        token = book.tending.rotate(name)
    click.echo(token)
    click.echo(SHOWN_ONCE, err=True)


@node.command()
@click.argument("name")
@click.option("--old", is_flag=True, help="Only tokens older than its newest.")
def revoke(name: str, old: bool) -> None:
    """Neither answer nor ask the peer NAME from now on."""
    with open_book() as book:
        if old:
            ended = book.tending.revoke_old(name)
            click.echo(
                f"{ended} older token{'' if ended == 1 else 's'} of {name} ended."
            )
            return
        book.tending.revoke(name)
    click.echo(f"The token of {name} is refused from now on.")


@node.command()
@click.argument("name")
def told(name: str) -> None:
    """Note that the peer NAME was told by hand of all withdrawn cases that it has seen."""
    with open_book() as book:
        count = Withdrawals(book.db).told_by_hand(name, ACTOR)
    click.echo(f"{count:,} withdrawn case{'' if count == 1 else 's'} noted as told.")


@node.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Forget the peer NAME with its tokens and all that it answered; the audit stays."""
    with open_book() as book:
        book.nodes.get(name)
        if not yes:
            click.confirm(f"Forget {name} and all that it answered?", abort=True)
        book.tending.remove(name)
    click.echo(f"{name} is forgotten.")


@node.command()
@click.argument("name", required=False)
@click.option(
    "--format", "output", type=click.Choice(["table", "json"]), default="table"
)
def diagnose(name: str | None, output: str) -> None:
    """Say what was wrong with the last requests of the peer NAME, line by line.

    Each line is a place in the message, the kind of trouble, and what would be right; never
    what stood there. Without NAME: how many requests came without a good token.
    """
    with open_book() as book:
        diagnoses = Diagnoses(book.db)
        if name is None:
            strangers = diagnoses.strangers()
            told = [asdict(each) for each in strangers]
            lines = [str(each) for each in strangers]
        else:
            found = diagnoses.of(book.nodes.get(name))
            told = [each.to_json() for each in found]
            lines = [line for each in found for line in each.lines()]
    if output == "json":
        click.echo(json.dumps(told))
        return
    for line in lines or [NO_TROUBLE]:
        click.echo(printable(line))


def _fares(health: Health) -> str:
    if health.failing_since:
        return f"silent since {health.failing_since}, {health.failures} failures"
    if health.succeeded_at:
        return f"answered {health.succeeded_at} in {health.latency_ms} ms"
    return "never asked"


def _told(
    known: Node, tokens: tuple[InboundToken, ...], health: Health
) -> dict[str, Any]:
    """Everything but the tokens themselves."""
    told = asdict(known)
    del told["node_id"]
    return {
        **told,
        "tokens": [asdict(token) for token in tokens],
        "health": asdict(health),
    }


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_as_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(_as_text, value))
    if value is None or value == "":
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
