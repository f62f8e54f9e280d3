"""`secondcase kept`: lists of matches as they were shown, replayed and compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from matcher.errors import MatcherError
from matcher.kept.comparison import Comparer, Comparison, Outcome, PairChange
from matcher.kept.errors import KeptError
from matcher.kept.reasons import Reason
from matcher.kept.replay import Replay, Replayed, Replayer
from matcher.readers.fields import printable
from matcher.storage.errors import DamagedRanking
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptRanking, RankedCandidate
from ontologies.errors import OntologyError
from web.cli.progress import console, shown
from web.config import Settings, load_settings
from web.db import open_database

# What SQLite can number.
NUMBER = click.IntRange(1, 2**63 - 1)

SIGNS = {Outcome.NEW: "+", Outcome.GONE: "-", Outcome.CHANGED: "~"}


@contextmanager
def open_kept() -> Iterator[tuple[KeptRankings, Settings]]:
    """The kept rankings of this installation."""
    settings = load_settings()
    with closing(open_database(settings.database)) as db:
        yield KeptRankings(db), settings


@click.group()
def kept() -> None:
    """Show, replay and compare the lists of matches that people were shown.

    A list is kept when its page is opened, unless the last one said the same.
    """


@kept.command("list")
@click.argument("case_id", required=False, metavar="[CASE]")
def list_kept(case_id: str | None) -> None:
    """Name the kept lists, oldest first; with CASE, its id, those of that case.

    A list whose bytes changed is named with what is wrong; then the exit status is 1.
    """
    damaged = 0
    with open_kept() as (rankings, _):
        for number in rankings.numbers(case_id):
            try:
                click.echo(line_of(rankings.get(number)))
            except DamagedRanking as error:
                damaged += 1
                click.echo(f"{number:6}  {error}")
    if damaged:
        raise click.ClickException(
            f"{damaged:,} of these lists cannot be trusted any more."
        )


@kept.command()
@click.argument("number", type=NUMBER)
def show(number: int) -> None:
    """Print list NUMBER as it was shown, and what its scores follow from."""
    with open_kept() as (rankings, _):
        ranking = rankings.get(number)
    click.echo(line_of(ranking))
    basis = ranking.basis
    click.echo(
        f"release {basis.release_id}, calibration {basis.calibration_id}, "
        f"Secondcase {basis.version}, {basis.arithmetic} arithmetic"
    )
    for match in ranking.matches:
        click.echo(match_line(match, f"version {match.version}"))


@kept.command()
@click.argument("numbers", nargs=-1, type=NUMBER, metavar="[NUMBER...]")
@click.option("--case", "case_id", metavar="ID", help="Only this candidate of them.")
def replay(numbers: tuple[int, ...], case_id: str | None) -> None:
    """Compute lists again with the release, calibration and cases of then; by default all.

    Every number must be the same to the last bit; if one is not, or something needed is gone,
    the exit status is 1.
    """
    with open_kept() as (rankings, settings):
        replayer = Replayer(rankings, settings.directory)
        wrong = 0
        with shown() as tell:
            chosen = numbers or rankings.numbers()
            for done, number in enumerate(chosen):
                tell("Replaying", done, len(chosen))
                wrong += not _replayed(replayer, number, case_id)
    if wrong:
        raise click.ClickException(
            f"{wrong:,} of {len(chosen):,} lists did not come out the same."
        )


def _replayed(replayer: Replayer, number: int, case_id: str | None) -> bool:
    """Whether a list came out the same; said either way."""
    try:
        found = (
            replayer.ranking(number)
            if case_id is None
            else replayer.match(number, case_id)
        )
    except (MatcherError, OntologyError) as error:
        console().print(f"{number}: {printable(str(error))}", markup=False)
        return False
    for line in replay_lines(found):
        click.echo(line)
    return found.is_same


def replay_lines(found: Replay) -> Iterator[str]:
    """A line for the list, its remarks, and a line for each match that differs."""
    same = sum(each.is_same for each in found.matches)
    yield (
        f"{found.ranking.number}: {same} of {len(found.matches)} matches of "
        f"{printable(found.ranking.query_id)} are the same"
    )
    for remark in found.remarks:
        yield f"    {remark}"
    for each in found.matches:
        if not each.is_same:
            yield _differing(each)


def _differing(each: Replayed) -> str:
    was, now = each.kept.score, each.match.score
    return f"    {printable(each.kept.case_id)}: {was!r} then, {now!r} now"


@kept.command()
@click.argument("earlier", type=NUMBER)
@click.argument("later", type=NUMBER)
def compare(earlier: int, later: int) -> None:
    """Say which matches are new, gone or changed from list EARLIER to LATER, and why.

    The nats behind a reason are what it alone moved the score by.
    """
    with open_kept() as (rankings, settings):
        found = _compared(rankings, settings, earlier, later)
    for line in comparison_lines(found):
        click.echo(line)


def _compared(
    rankings: KeptRankings, settings: Settings, earlier: int, later: int
) -> Comparison:
    """With nats, or without where a release or calibration that they need is gone."""
    replayer = Replayer(rankings, settings.directory)
    try:
        return Comparer(rankings, replayer=replayer).compare(earlier, later)
    except (KeptError, OntologyError) as error:
        console().print(f"Told without nats: {error}", markup=False)
        return Comparer(rankings).compare(earlier, later)


def comparison_lines(found: Comparison) -> Iterator[str]:
    """What changed for all, then a block a candidate."""
    yield line_of(found.earlier)
    yield line_of(found.later)
    for reason in found.reasons:
        yield f"  {printable(reason.sentence)}"
    for outcome in SIGNS:
        for pair in found.of(outcome):
            yield from pair_lines(pair)
    yield f"{found.same} the same"


def pair_lines(pair: PairChange) -> Iterator[str]:
    """A candidate with its two scores, and its reasons below."""
    scores = [
        "-" if each is None else f"{each.score:.2f}"
        for each in (pair.before, pair.after)
    ]
    yield f"{SIGNS[pair.outcome]} {printable(pair.case_id)}  {' to '.join(scores)}"
    for reason in pair.reasons:
        yield f"    {printable(_told(reason))}"


def _told(reason: Reason) -> str:
    nats = "" if reason.nats is None else f" [{reason.nats:+.2f} nats]"
    return f"{reason.sentence}{nats}"


@kept.command()
@click.argument("query_id", metavar="CASE")
@click.argument("candidate_id", metavar="OTHER")
def history(query_id: str, candidate_id: str) -> None:
    """Say when and why OTHER appeared on the lists of CASE, changed, or vanished from them."""
    with open_kept() as (rankings, _):
        changes = Comparer(rankings).history(query_id, candidate_id)
    for change in changes:
        click.echo(f"{change.later.kept_at[:19]}  list {change.later.number}")
        for line in pair_lines(change):
            click.echo(line)
    if not changes:
        click.echo("Nothing changed between these two from list to list.")


def line_of(ranking: KeptRanking) -> str:
    """A list in one line: its number, when, of which case, by whom, how many."""
    return (
        f"{ranking.number:6}  {ranking.kept_at[:19]}  {printable(ranking.query_id)} "
        f"version {ranking.query_version}, {printable(ranking.actor)} "
        f"({printable(ranking.place)}): {len(ranking.matches)} of {ranking.searched:,} cases"
    )


def match_line(match: RankedCandidate, about: str) -> str:
    """A match in one line."""
    return (
        f"{match.rank:6}  {match.score:8.2f}  {match.probability:6.3f}  {match.band:11} "
        f"{printable(match.case_id)} {about}"
    )
