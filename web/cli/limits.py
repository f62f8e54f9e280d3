"""`secondcase limit`: which peers of the exchange are told less of a case than others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import click

from matcher.storage.store import CaseStore
from web.config import load_settings
from web.db import open_database
from web.mme.disclosing.limiting import AS_OTHERS, limit
from web.mme.disclosing.limits import Limit, Limits, Most

ACTOR = "command line"
# A choice is one word.
MOST = {
    str(Most.NOTHING): Most.NOTHING,
    str(Most.LEVEL_1): Most.LEVEL_1,
    AS_OTHERS.replace(" ", "-"): None,
}


@click.command("limit")
@click.argument("case_id")
@click.argument("peer", required=False)
@click.option("--most", type=click.Choice(list(MOST)), help="The most it is told.")
def limit_command(case_id: str, peer: str | None, most: str | None) -> None:
    """Let the peer PEER be told less of the stored case CASE_ID than others.

    It holds when the peer asks and when it is asked, at once, and has an entry in the audit.
    Without PEER, everything that was ever set for the case is printed.
    """
    if (peer is None) is not (most is None):
        raise click.UsageError("Give both PEER and --most, or neither to see the list.")
    with closing(open_database(load_settings().database)) as db:
        CaseStore(db).get(case_id)
        if peer is not None and most is not None:
            is_changed = limit(db, case_id, peer, MOST[most], ACTOR)
            said = "from now on" if is_changed else "as before"
            click.echo(f"{peer} is told of {case_id}: {most}, {said}.")
            return
        for line in _lines(Limits(db).of_case(case_id)):
            click.echo(line)


def _lines(limits: tuple[Limit, ...]) -> Iterator[str]:
    if not limits:
        yield "Every peer is told of it as far as it is shared."
    for each in limits:
        ended = f", until {each.ended_at} by {each.ended_by}" if each.ended_at else ""
        yield f"{each.node:24} {each.most:11} since {each.set_at} by {each.set_by}{ended}"
