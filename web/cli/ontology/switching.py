"""`secondcase ontology prepare`, `activate`, `rollback`, `discard`, and what is to be decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from matcher.readers.fields import printable
from matcher.wording import number
from ontologies import open_release
from ontologies.library import data_directory, identify
from ontologies.pointer import Edition, pointed
from web.cli.progress import console, shown
from web.config import load_settings
from web.db import open_database
from web.service import DEFAULT
from web.switching.activating import Curator, Switched
from web.switching.discarding import discard
from web.switching.preparing import prepare
from web.switching.unsettled import Unsettled, UnsettledFeatures

ACTOR = "command line"

calibration_option = click.option(
    "--calibration",
    metavar="ID",
    help="Use this calibration, which 'secondcase calibrate' made with the release; by default "
    "that of the settings if it was made with it, then the one it was active with last, then the "
    "default one.",
)
reason_option = click.option(
    "--reason",
    "reasons",
    multiple=True,
    metavar="TEXT",
    help="Why, for the audit; may be given again. Warnings want one.",
)
expect_option = click.option(
    "--expect",
    metavar="RELEASE",
    help="Do nothing unless this release is still the active one.",
)


@contextmanager
def _curator() -> Iterator[Curator]:
    settings = load_settings()
    db = open_database(settings.database)
    try:
        yield Curator(db, settings, ACTOR)
    finally:
        db.close()


@click.command("prepare")
@click.argument("release_id", metavar="RELEASE")
@calibration_option
def prepare_release(release_id: str, calibration: str | None) -> None:
    """Make all ready that RELEASE needs to be activated in no time, and activate nothing.

    Its calibration is made, and the index of all cases; the service goes on meanwhile.
    """
    release_id = identify(release_id, data_directory())
    with _curator() as curator, shown() as tell:
        ready = prepare(
            curator.db,
            curator.settings,
            release_id,
            calibration=calibration,
            progress=tell,
        )
        cases = len(ready.matcher.current())
    click.echo(
        f"release {release_id} is ready: calibration {ready.calibration.calibration_id} "
        f"({ready.name}), {number(cases)} cases"
    )


@click.command()
@click.argument("release_id", metavar="RELEASE")
@calibration_option
@reason_option
@expect_option
def activate(
    release_id: str,
    calibration: str | None,
    reasons: tuple[str, ...],
    expect: str | None,
) -> None:
    """Make RELEASE and its calibration the active ones, once all is ready for them.

    Running processes follow within two seconds; what they are answering at that moment they
    answer by the release before. 'secondcase ontology rollback' undoes it.
    """
    release_id = identify(release_id, data_directory())
    expected = _expected(expect)
    with _curator() as curator, shown() as tell:
        switched = curator.activate(
            release_id,
            expected=expected,
            calibration=calibration,
            reasons=reasons,
            progress=tell,
        )
    _tell(switched)


@click.command()
@reason_option
@expect_option
def rollback(reasons: tuple[str, ...], expect: str | None) -> None:
    """Go back to the release and calibration that were active before the last activation.

    Nothing is parsed again. No stored case was changed by the activation, and none is by this.
    """
    expected = _expected(expect)
    with _curator() as curator, shown() as tell:
        switched = curator.roll_back(expected=expected, reasons=reasons, progress=tell)
    _tell(switched)


@click.command("discard")
@click.argument("release_id", metavar="RELEASE")
def discard_release(release_id: str) -> None:
    """Remove RELEASE, which was never active, with the files that only it was made of.

    One that is or was active stays, and so does one that kept lists of matches name. It can be
    fetched or staged again. A calibration that was made with it stays.
    """
    release_id = identify(release_id, data_directory())
    with _curator() as curator:
        discard(curator.db, curator.settings, release_id, actor=ACTOR)
    click.echo(f"release {release_id} is discarded")


@click.command()
def unsettled() -> None:
    """Name the features of stored cases that stand for no single term of the active release.

    They count for nothing until the case's clinician or a curator decides; nothing is lost. Of a
    term that only another release knows, its version is named.
    """
    with _curator() as curator:
        for each in UnsettledFeatures(curator.db, open_release()).of_everybody():
            click.echo(_line(each))


@click.command()
@click.argument("case_id", metavar="CASE")
@click.argument("term_id", metavar="TERM")
@click.argument("chosen", required=False, metavar="[CHOSEN]")
@click.option("--leave", is_flag=True, help="Let the feature stay as it was entered.")
def settle(case_id: str, term_id: str, chosen: str | None, leave: bool) -> None:
    """Let CHOSEN stand for TERM in CASE, as its next version; the versions before stay."""
    if leave == (chosen is not None):
        raise click.UsageError(
            "Give either CHOSEN, a term to stand for it, or --leave."
        )
    with _curator() as curator:
        queue = UnsettledFeatures(curator.db, open_release())
        if chosen is None:
            queue.leave(case_id, term_id, actor=ACTOR)
            click.echo(f"{case_id}: {term_id} stays as it was entered")
        else:
            saved = queue.settle(case_id, term_id, chosen, actor=ACTOR)
            click.echo(
                f"{case_id}: {chosen} instead of {term_id}, version {saved.version}"
            )


def _line(each: Unsettled) -> str:
    named = "no " if each.excluded else ""
    offered = ", ".join(f"{term_id} {label}" for term_id, label in each.candidates)
    known = f"; known to HPO {', '.join(each.known_to)}" if each.known_to else ""
    said = f"one of {offered}" if offered else f"nothing is offered{known}"
    return printable(
        f"{each.case_id} version {each.version}: {named}{each.term_id} {each.label} is "
        f"{each.status}; {said}"
    )


def _expected(release_id: str | None) -> Edition | None:
    """What is active now, which is to be so still when it is replaced."""
    active = pointed(data_directory()).active
    if release_id is None or (active and active.release_id.startswith(release_id)):
        return active
    return Edition(release_id)


def _tell(switched: Switched) -> None:
    after, before = switched.after, switched.before
    click.echo(
        f"active release {after.release_id}, calibration {after.calibration or DEFAULT}"
    )
    if before is not None:
        console().print(
            f"It was {before.release_id}, calibration {before.calibration or DEFAULT}.",
            markup=False,
        )
