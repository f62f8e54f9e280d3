"""`secondcase ontology impact`: what a release would change, before it is activated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from matcher.impact.terms import TermChange
from matcher.readers.fields import printable
from matcher.storage.database import Database
from matcher.wording import number
from ontologies.library import data_directory, identify
from web.cli.progress import shown
from web.cli.ontology.switching import ACTOR, calibration_option
from web.config import load_settings
from web.db import open_database
from web.switching.finding_out import changed_terms, run, start
from web.switching.impacts import SAMPLE, Impact, Impacts
from web.switching.kept_lists import ListShifts

SHOWN_TERMS = 40
SHOWN_CASES = 20


@click.command("impact")
@click.argument("release_id", required=False, metavar="[RELEASE]")
@calibration_option
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=SAMPLE,
    show_default=True,
    help="How many cases are ranked by both releases: first those with kept lists, then others "
    "drawn by chance, always the same.",
)
@click.option(
    "--background",
    is_flag=True,
    help="Leave it to a process of its own, and print the number of the run.",
)
@click.option("--show", is_flag=True, help="Print the last run instead of a new one.")
@click.option("--cancel", is_flag=True, help="Let the run that is under way end.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option("--run", "number_of_run", type=int, hidden=True)
@click.option("--directory", type=click.Path(path_type=Path), hidden=True)
def impact(
    release_id: str | None,
    calibration: str | None,
    sample: int,
    background: bool,
    show: bool,
    cancel: bool,
    output: str,
    number_of_run: int | None,
    directory: Path | None,
) -> None:
    """Say what RELEASE would change for the stored cases; nothing is activated.

    Which cases name a term that it reads otherwise, what their features would resolve to, which
    would become ambiguous, how the ten best matches change, and how the scores drift. It also
    prepares the release. What is found is kept, and shown again by --show.
    """
    settings = load_settings(directory=directory)
    with closing(open_database(settings.database)) as db:
        impacts = Impacts(db)
        if number_of_run is not None:
            run(db, settings, number_of_run)
            return
        if release_id is None:
            raise click.UsageError(
                "Name a release, as 'secondcase ontology status' does."
            )
        release_id = identify(release_id, data_directory())
        if show or cancel:
            found = impacts.latest(release_id)
        else:
            found = impacts.begin(
                release_id, actor=ACTOR, sample=sample, calibration=calibration or ""
            )
        if cancel:
            impacts.cancel(found.impact_id)
            click.echo(f"run {found.impact_id} was told to end")
            return
        if background:
            start(found, settings)
            click.echo(f"run {found.impact_id} has begun")
            return
        if not show:
            with shown() as tell:
                found = run(db, settings, found.impact_id, tell)
        click.echo(WRITERS[output](db, found))


def as_json(db: Database, found: Impact) -> str:
    """Everything that is known of a run, one JSON document."""
    impacts = Impacts(db)
    cases = [
        {**case, "matches": impacts.pairs(found.impact_id, case["case_id"])}
        for case in impacts.cases(found.impact_id, limit=-1)
    ]
    terms = [
        {**change.to_json(), "cases": count}
        for change, count in changed_terms(db, found)
    ]
    said = {
        "run": found.impact_id,
        "state": found.state(),
        "task": found.task,
        "done": found.done,
        "total": found.total,
        "why": found.why,
        "release": found.release_id,
        "before": found.before,
        "result": found.result,
        "terms": terms,
        "case_changes": cases,
        "list_changes": ListShifts(db).of(found.impact_id, limit=-1),
    }
    return json.dumps(said, indent=1, ensure_ascii=False)


def as_text(db: Database, found: Impact) -> str:
    """The same for a person, as far as a person reads."""
    return "\n".join(_lines(db, found))


def _lines(db: Database, found: Impact) -> Iterator[str]:
    yield (
        f"run {found.impact_id}: release {found.release_id} instead of {found.before}, "
        f"{found.state()}"
    )
    if found.result is None:
        yield f"{found.task}: {number(found.done)} of {number(found.total)}. {found.why}"
        return
    yield from _summary(found.result)
    changes = changed_terms(db, found)
    if changes:
        yield "Terms that are read otherwise, those of most cases first:"
    for change, count in changes[:SHOWN_TERMS]:
        yield f"  {_said(change)}; {number(count)} cases"
    if len(changes) > SHOWN_TERMS:
        yield f"  and {number(len(changes) - SHOWN_TERMS)} more, in --format json"
    yield from _cases(Impacts(db), found.impact_id)
    yield from _lists(ListShifts(db).of(found.impact_id, SHOWN_CASES))


def _summary(result: dict[str, Any]) -> Iterator[str]:
    ranked, matches = result["ranked"], result["matches"]
    yield (
        f"{number(result['cases_with_changed_terms'])} of {number(result['cases'])} cases name "
        f"a changed term; {number(result['cases_that_resolve_otherwise'])} of them would be "
        "read by another term, or by none."
    )
    if ranked["is_all"]:
        yield f"All {number(ranked['cases'])} cases were ranked by both."
    else:
        yield (
            f"{number(ranked['cases'])} of {number(result['cases'])} cases were ranked by both: "
            f"{number(ranked['cases'] - ranked['drawn'])} with kept lists, "
            f"{number(ranked['drawn'])} drawn by chance. The rest is not known."
        )
    yield from _matches("their", matches)
    # Runs of before 2026-12 know of cases alone.
    if lists := result.get("kept_lists"):
        yield from _shown(lists)


def _matches(whose: str, matches: dict[str, Any]) -> Iterator[str]:
    """How the ten best, and the numbers of the same pairs, change."""
    overlap = matches["top_overlap"]
    if overlap is not None:
        yield (
            f"Of {whose} ten best matches {overlap:.1%} stay among the ten best; "
            f"{number(matches['gained'])} come, {number(matches['lost'])} go; the best match "
            f"stays for {number(matches['same_best'])}."
        )
    if matches["mean_score_shift"] is not None:
        yield (
            f"Scores of the same pairs move by {matches['mean_score_shift']:.2f} nats on "
            f"average, at most {matches['largest_score_shift']:.2f}; probabilities by "
            f"{matches['mean_probability_shift']:.3f}."
        )
    for change, count in matches["bands"].items():
        yield f"  {change}: {number(count)} pairs"


def _shown(lists: dict[str, Any]) -> Iterator[str]:
    """The same of the lists that people were shown."""
    if not lists["lists"]:
        yield "No list of matches that somebody was shown could be set beside another."
        return
    today = lists["lists"] - lists["today"]["same_lists"]
    yield (
        f"{number(lists['lists'])} lists were set beside what the same people would be shown; "
        f"{number(today)} of them are not as they were shown today already."
    )
    if lists["not_compared"]:
        yield f"  {number(lists['not_compared'])} lists have nobody to be shown to any more."
    yield from _matches("the lists'", lists["then"])


def _lists(changes: list[dict[str, Any]]) -> Iterator[str]:
    if changes:
        yield "Lists that were shown and change most:"
    for each in changes:
        yield (
            f"  {printable(each['case_id'])}, list {each['ranking']} of {each['kept_at'][:10]}: "
            f"{each['kept']} stay, {each['gained']} come, {each['lost']} go; the largest move "
            f"is {each['largest_move']} ranks"
        )


def _said(change: TermChange) -> str:
    named = f"{change.term_id} {change.label}".strip()
    if change.change in ("ambiguous", "lost"):
        candidates = ", ".join(change.after.candidates)
        return f"{named}: {change.change}" + (
            f", one of {candidates}" if candidates else ""
        )
    if change.change in ("replaced", "found"):
        return f"{named}: {change.change} by {change.after.term_id} {change.new_label}"
    return f"{named}: {change.change}" + (
        f" to {change.new_label}" if change.change == "renamed" else ""
    )


def _cases(impacts: Impacts, impact_id: int) -> Iterator[str]:
    cases = impacts.cases(impact_id, SHOWN_CASES)
    if cases:
        yield "Cases whose best matches change most:"
    for case in cases:
        yield (
            f"  {printable(case['case_id'])}: {case['kept']} stay, {case['gained']} come, "
            f"{case['lost']} go; the largest move is {case['largest_move']} ranks"
        )


WRITERS = {"text": as_text, "json": as_json}
