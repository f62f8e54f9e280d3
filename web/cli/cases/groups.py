"""`secondcase groups`: which cases look alike, what they share, what sets them apart."""

from __future__ import annotations

import math
import os
from pathlib import Path

import click

from matcher.calibration import Band, BandRules
from matcher.cohort import EdgeRule, find_groups
from matcher.evidence import EvidenceKind
from matcher.readers import Report
from ontologies import open_release
from web.cli.cases.cohorts import WRITERS
from web.cli.cases.inputs import report_option, report_unresolved, tell_report, writable
from web.cli.progress import shown
from web.cli.cases.searching import evidence_option, known_cases, matcher_of


def _number(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """A number that can be compared; click takes nan for one within any range."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number from 0 to 1.")
    return value


@click.command()
@click.argument("path", metavar="PATH|store")
@click.option(
    "--format",
    "output",
    type=click.Choice(list(WRITERS)),
    default="table",
    show_default=True,
)
@evidence_option
@click.option(
    "--smallest",
    default=2,
    show_default=True,
    type=click.IntRange(2),
    help="Only groups of at least so many cases.",
)
@click.option(
    "--least-probability",
    "alone",
    default=EdgeRule().alone,
    show_default=True,
    type=click.FloatRange(0, 1),
    callback=_number,
    help="From which probability of the same disorder, found by either, two cases are tied.",
)
@click.option(
    "--least-band",
    type=click.Choice([str(Band.CONTACT), str(Band.LOOK)]),
    default=str(Band.CONTACT),
    show_default=True,
    help="Where the probability begins that is enough if each is the best match of the other.",
)
@click.option(
    "--resamples",
    default=10,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="How often the groups are found again to see how firm they are.",
)
@click.option(
    "--resume",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Keep the matches in FILE; the same call after an interruption goes on from there.",
)
@report_option
def groups(
    path: str,
    output: str,
    kinds: frozenset[EvidenceKind] | None,
    smallest: int,
    alone: float,
    least_band: str,
    resamples: int,
    resume: Path | None,
    report_path: Path | None,
) -> None:
    """Find groups of alike cases among those of PATH, or among the stored ones.

    All are matched with all; the confident matches make the groups. Each is told with its
    members, what they have in common, what sets them apart from all others, the genes they list,
    and how firm it is. The same cases always form the same groups.
    """
    report = Report()
    known = known_cases(path, report)
    release = open_release()
    report_unresolved(known.cases, release, report)
    tell_report(report, report_path)
    matcher = matcher_of(release, known)
    with shown() as tell:
        shortlists = matcher.rank_many(
            known.cases,
            evidence=kinds,
            progress=tell,
            resume=resume,
            processes=os.cpu_count() or 1,
        )
        cohort = find_groups(
            release,
            known.cases,
            shortlists,
            rule=EdgeRule(
                alone=alone, mutual=begin_of(least_band, matcher.calibration.bands)
            ),
            smallest=smallest,
            resamples=resamples,
            progress=tell,
        )
    for line in WRITERS[output](cohort, known.cases):
        click.echo(line)


def begin_of(band: str, rules: BandRules) -> float:
    """The probability from which a match is of this band."""
    return {Band.CONTACT: rules.contact, Band.LOOK: rules.look}[Band(band)]
