"""`secondcase ask`: what the peers of the exchange have to say about a case, as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import click

from matcher.readers.fields import printable
from ontologies import open_release
from web.cli.progress import console
from web.config import Settings, load_settings
from web.db import open_database
from web.mme.asking.asker import Asked, Asker, Patience
from web.mme.asking.reading.comparison import RemoteMatch
from web.mme.asking.wishes import wishes_of
from web.service import chosen_calibration

ACTOR = "command line"
REASONS_SHOWN = 3


@click.command()
@click.argument("case_id")
@click.option(
    "--node", "names", multiple=True, metavar="NAME", help="Only this peer; repeatable."
)
@click.option("--max-results", metavar="N", help="At most so many of each peer.")
@click.option("--min-score", metavar="S", help="Scored S or more by the peer, 0 to 1.")
@click.option("--share-gene", is_flag=True, help="With a candidate gene in common.")
@click.option("--gene", metavar="GENE", help="With this gene, by any name or id.")
@click.option("--term", metavar="HPO_ID", help="With this feature or a narrower one.")
@click.option("--exclude-solved", is_flag=True, help="Without a diagnosis.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
def ask(case_id: str, names: tuple[str, ...], output: str, **wished: Any) -> None:
    """Ask peers who resembles the stored case CASE_ID, and print answers as they come.

    Peers see what the case's sharing level grants, and the audit says to whom it was sent. Their
    patients are ranked by our own score, in nats; the peer's own stands beside it. JSON is one
    object a peer. What became of each peer is said at the end. What is asked for beside the case
    goes to the peers whose heartbeat says that they understand it; where one does not, its answer
    is narrowed here.
    """
    settings = load_settings()
    release = open_release()
    wishes = wishes_of({k: str(v) for k, v in wished.items() if v}, release)
    calibration = chosen_calibration(settings, release)
    with closing(open_database(settings.database)) as db:
        asker = Asker(
            db,
            release,
            calibration,
            patience(settings),
            consent_from_level=settings.consent_from_level,
            rare_below=settings.rare_below,
            singled_out_by=settings.singled_out_by,
            readable_from=settings.readable_from,
        )
        asked = asker.ask(case_id, by=ACTOR, names=names, wishes=wishes)
        for text in WRITERS[output](asked):
            click.echo(text)


def patience(settings: Settings) -> Patience:
    """How long peers may take and their answers are kept, by the settings."""
    return Patience(
        seconds=settings.peer_seconds, remembered_days=settings.peer_answers_days
    )


def table(asked: Iterable[Asked]) -> Iterator[str]:
    """The patients of each peer as it answers; at the end a line for each peer."""
    states = []
    for each in asked:
        states.append(state_line(each))
        for match in each.results:
            yield from _match_lines(each, match)
        for said in filter(None, (each.disclaimer, each.terms)):
            if each.results:
                yield f"{'':10}{each.node.name}: {printable(said)}"
    if not states:
        console().print(
            "No peer was asked: none is active with an address and a token; "
            "see 'secondcase node list'.",
            markup=False,
        )
    yield from states


def _match_lines(asked: Asked, match: RemoteMatch) -> Iterator[str]:
    remote = match.remote
    contact = remote.case.contact
    reach = f"{contact.name} {contact.href}".strip() if contact else "no contact"
    news = asked.news.get(remote.case.case_id, "")
    theirs = f"theirs {remote.peer_score or '-'}"
    place = f"{asked.node.name}: {remote.case.case_id}"
    yield printable(f"{match.score:8.2f}  {theirs:14} {news:8} {place}  ({reach})")
    for reason in _reasons(match)[:REASONS_SHOWN]:
        yield f"{'':10}{printable(reason)}"


def _reasons(match: RemoteMatch) -> list[str]:
    explanation = match.explanation()
    return [reason.text for reason in explanation.reasons] if explanation else []


def state_line(asked: Asked) -> str:
    """What became of one peer, in a line."""
    parts = [f"{asked.node.name:24} {asked.state:12} {len(asked.results):4} results"]
    if asked.elapsed:
        parts.append(f"in {asked.elapsed:.1f} s")
    for name, count in (*asked.dropped.items(), *asked.noted.items()):
        parts.append(f"{count:,} x {name}")
    if asked.gone:
        parts.append(f"{len(asked.gone):,} withdrawn")
    if asked.narrowed_here:
        parts.append(f"{', '.join(asked.narrowed_here)} not known there, held to here")
    if asked.message:
        parts.append(asked.message)
    return printable(", ".join(parts))


def json_lines(asked: Iterable[Asked]) -> Iterator[str]:
    """One object a peer, in ASCII so that nothing in it steers a terminal."""
    for each in asked:
        yield json.dumps(_told(each), allow_nan=False)


def _told(asked: Asked) -> dict[str, Any]:
    return {
        "node": asked.node.name,
        "state": str(asked.state),
        "message": asked.message,
        "elapsed_seconds": round(asked.elapsed, 3),
        "silent_since": asked.silent_since or None,
        "dropped": dict(asked.dropped),
        "noted": dict(asked.noted),
        "narrowed_here": list(asked.narrowed_here),
        "gone": list(asked.gone),
        "disclaimer": asked.disclaimer,
        "terms": asked.terms,
        "results": [_result(asked, match) for match in asked.results],
    }


def _result(asked: Asked, match: RemoteMatch) -> dict[str, Any]:
    case = match.remote.case
    contact = case.contact
    return {
        "id": case.case_id,
        "label": case.label,
        "score": match.score,
        "probability": match.probability,
        "peer_score": match.remote.peer_score,
        "news": str(asked.news.get(case.case_id, "")),
        "content_sha256": match.content_sha256,
        "observed": list(case.observed),
        "excluded": list(case.excluded),
        "genes": list(case.genes),
        "species": case.species,
        "test": case.test,
        "contact": contact
        and {
            "name": contact.name,
            "href": contact.href,
            "institution": contact.institution,
        },
        "reasons": _reasons(match),
    }


WRITERS = {"table": table, "json": json_lines}
