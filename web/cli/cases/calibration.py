"""`secondcase calibrate`: what scores are held against, for a site that wants its own."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.calibration import (
    PANEL_CASES,
    PANEL_SEED,
    Calibration,
    Tail,
    calibrate,
)
from matcher.panel import Progress
from matcher.readers import Report
from matcher.simulation import simulate_cases
from ontologies import Release, open_release
from ontologies.library import data_directory
from ontologies.progress import Progress as Told
from web.cli.cases.inputs import read_inputs, report_option, tell_report
from web.cli.progress import console, shown

# Of fewer the top fiftieth, by which expected false matches are reckoned, is a handful.
FEWEST_CASES = 200


@click.command("calibrate")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@report_option
def calibrate_command(paths: tuple[str, ...], report_path: Path | None) -> None:
    """Build a calibration: the panel of cases that every score is held against.

    Without PATH the panel is simulated from the release, the same at every site; that one is
    made without being asked for, too. PATH is a file, folder, zip or JSON lines of unrelated
    real cases: scores then compare no more with those of other sites, and the bundle holds the
    terms of these cases, without their ids, until its folder is deleted.
    """
    release = open_release()
    made = _of_cases(release, paths, report_path) if paths else _simulated(release)
    folder = data_directory() / "calibrations" / made.calibration_id
    made.save(folder)
    if paths:
        folder.chmod(0o700)
    click.echo(made.calibration_id)
    console().print(
        f"{len(made.panel):,} cases, release {made.release_id}, in {folder}\n"
        f'To use it, set calibration = "{made.calibration_id}" in settings.toml or '
        f"SECONDCASE_CALIBRATION={made.calibration_id}; without either the default is used.",
        markup=False,
    )


def _simulated(release: Release) -> Calibration:
    with shown() as tell:
        cases = simulate_cases(release, PANEL_CASES, seed=PANEL_SEED)
        return calibrate(release, cases, progress=_calibrating(tell))


def _of_cases(
    release: Release, paths: tuple[str, ...], report_path: Path | None
) -> Calibration:
    report = Report()
    cases = [case for case in read_inputs(paths, report) if case.observed]
    tell_report(report, report_path)
    if len(cases) < FEWEST_CASES:
        raise click.ClickException(
            f"Only {len(cases)} of the cases have an observed term; a panel needs at least "
            f"{FEWEST_CASES} that have nothing to do with each other."
        )
    with shown() as tell:
        # Real cases come close to each other by chance as often as real cases do.
        return calibrate(release, cases, tail=Tail(), progress=_calibrating(tell))


def _calibrating(tell: Told) -> Progress:
    return lambda done, total: tell("Calibrating", done, total)
