"""`secondcase import`, `export` and `erase`: cases into the store, out of it, and gone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from matcher.case import Case, Sharing
from matcher.readers import Report, mme, phenopackets
from matcher.readers.fields import as_object
from matcher.readers.guesses import Guesser, with_guesses
from matcher.readers.strict_json import parse_json
from matcher.storage.store import CaseStore
from ontologies import open_release
from web.abbreviations import SiteWords
from web.accounts import Accounts, Passwords
from web.cli.cases.inputs import (
    read_inputs,
    report_option,
    report_unresolved,
    tell_report,
)
from web.cli.progress import console
from web.config import load_settings
from web.db import open_database
from web.erasure import erase
from web.unrecognised.arriving import Arrivals, Arrived
from web.unrecognised.arriving import Kind as Source
from web.unrecognised.deciding import stand_for
from web.wellbeing import without_consent

ACTOR = "command line"
MOST_SEARCHES = 100_000


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--site", help="Site the cases belong to; by default this one's own name."
)
@click.option(
    "--submitter", help="Who answers for them: the name of an account of that site."
)
@click.option(
    "--sharing",
    type=click.Choice([str(level) for level in Sharing]),
    default=str(Sharing.SITE),
    show_default=True,
    help="Who may see them.",
)
@click.option("--update", is_flag=True, help="Save a new version of cases that differ.")
@click.option(
    "--map",
    "map_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the columns of a table hold: a JSON object from headers to that.",
)
@click.option(
    "--accept-guesses",
    is_flag=True,
    help="Take the columns and terms that were guessed from names, without looking at them.",
)
@report_option
def import_cases(
    paths: tuple[str, ...],
    site: str | None,
    submitter: str | None,
    sharing: str,
    update: bool,
    map_path: Path | None,
    accept_guesses: bool,
    report_path: Path | None,
) -> None:
    """Store the cases of Phenopackets v2, MME patients, FHIR bundles or tables: all, or none.

    PATH is a file, folder, zip or JSON lines; a table is a file that ends in .csv, .tsv or
    .tab. A case that is stored already, and unchanged, is left alone; one that differs is
    refused without --update. What is written in words and is no name of a term is guessed, and
    left out without --accept-guesses.
    """
    settings = load_settings()
    report = Report()
    owner = site or settings.site_name
    release = open_release()
    db = open_database(settings.database)
    with CaseStore(db) as store:
        guesser = Guesser(
            release,
            MOST_SEARCHES,
            lookup=SiteWords(release).lookup(db),
            stand_for=stand_for(db),
        )
        cases = [
            replace(case, site=owner, submitter=submitter, sharing=Sharing(sharing))
            for case in imported(paths, report, guesser, map_path, accept_guesses)
        ]
        report_unresolved(cases, release, report)
        if submitter is not None:
            require_member(Accounts(db, Passwords()), submitter, owner)
        new, changed, same = sorted_out(cases, store)
        if changed and not update:
            raise click.ClickException(differing(changed))
        store.put_many([*new, *changed], actor=ACTOR)
        arrivals = Arrivals(db, release, settings.readable_from)
        arrivals.note(Source.IMPORT, owner, arrived([*new, *changed], report))
        hidden = without_consent(db, cases, settings)
    if hidden:
        click.echo(
            f"{hidden:,} of them have no consent on record for {sharing}, so no peer finds them.",
            err=True,
        )
    tell_report(report, report_path)
    click.echo(f"{len(new):,} new, {len(changed):,} updated, {same:,} unchanged.")


def imported(
    paths: tuple[str, ...],
    report: Report,
    guesser: Guesser,
    map_path: Path | None,
    accept_guesses: bool,
) -> list[Case]:
    """The cases of all paths; guesses are left out, or are taken where they are accepted."""
    columns = _mapping(map_path) if map_path else None
    cases = read_inputs(
        paths, report, guesser=guesser, columns=columns, accept_columns=accept_guesses
    )
    if accept_guesses:
        return [with_guesses(case, guesser.guesses) for case in cases]
    if guesser.guesses:
        click.echo(
            f"Guessed and left out: {len(guesser.guesses):,}. Read them with --report FILE, and "
            "take them with --accept-guesses.",
            err=True,
        )
    return cases


def arrived(cases: Iterable[Case], report: Report) -> Iterator[Arrived]:
    """The cases that were saved, with their features in words alone."""
    words: dict[str, list[str]] = defaultdict(list)
    for each in report.uncoded:
        words[each.case_id].append(each.words)
    yield from (Arrived(case, words[case.case_id]) for case in cases)


def _mapping(path: Path) -> dict[str, str]:
    found = as_object(parse_json(path.read_bytes()))
    if found is None or not all(isinstance(role, str) for role in found.values()):
        raise click.ClickException(
            f"{path} is no mapping of columns; it is one JSON object such as "
            '{"Patient": "case id", "HPO": "observed features"}.'
        )
    return {name: str(role) for name, role in found.items()}


def require_member(accounts: Accounts, name: str, site: str) -> None:
    """Refuse a submitter who could not see the cases. Raises `UnknownPerson`."""
    person = accounts.find(name)
    if person.site != site:
        raise click.ClickException(
            f"{person.name} belongs to the site {person.site!r}, not to {site!r}; "
            "name an account of that site, or another --site."
        )


def sorted_out(
    cases: Iterable[Case], store: CaseStore
) -> tuple[list[Case], list[Case], int]:
    """Cases that are new, those that differ from the stored ones, and how many are the same."""
    stored = {each.case.case_id: each.case for each in store.cases()}
    new, changed, same = [], [], 0
    for case in cases:
        found = stored.get(case.case_id)
        if found is None:
            new.append(case)
        elif found == case:
            same += 1
        else:
            changed.append(case)
    return new, changed, same


def differing(changed: list[Case]) -> str:
    """Sentence that names some of the cases that would be changed."""
    named = ", ".join(case.case_id for case in changed[:5])
    more = f" and {len(changed) - 5:,} more" if len(changed) > 5 else ""
    are, them = ("is", "it") if len(changed) == 1 else ("are", "them")
    return (
        f"Nothing was saved: {named}{more} {are} stored already and would change; "
        f"give --update to save {them} as a new version (the old one is kept)."
    )


@click.command("export")
@click.argument("path", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--site", help="Only the cases of this site.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["phenopackets", "mme"]),
    default="phenopackets",
    show_default=True,
)
def export_cases(path: Path, site: str | None, output: str) -> None:
    """Write the stored cases to PATH as JSON lines, for a backup or another system.

    Phenopackets carry everything but the sharing level. The file holds health data: it is made
    readable by you alone.
    """
    settings = load_settings()
    with CaseStore(open_database(settings.database)) as store:
        cases = (stored.case for stored in store.cases(site=site))
        count = write_lines(path, as_json(cases, output))
    console().print(f"{count:,} cases written to {path}.", markup=False)


@click.command("erase")
@click.argument("case_id")
@click.confirmation_option(
    prompt="Everything that was ever said of it is overwritten. Erase it?"
)
def erase_case(case_id: str) -> None:
    """Erase a case for good: every version, and what was kept about it.

    The id, the times and who changed it stay, so that it is never given again. Files that were
    exported and copies of the database are yours to erase. Peers that have seen the case are told
    that it was withdrawn, or `doctor` names them; `audit show --case` names all of them.
    """
    with closing(open_database(load_settings().database)) as db:
        erase(db, case_id, ACTOR)
    console().print(f"{case_id} is erased.", markup=False)


def as_json(cases: Iterable[Case], output: str) -> Iterator[dict[str, Any]]:
    """Cases in the wanted format."""
    if output == "phenopackets":
        return (phenopackets.to_json(case) for case in cases)
    release = open_release()
    return (mme.to_json(case, release=release) for case in cases)


def write_lines(path: Path, objects: Iterable[dict[str, Any]]) -> int:
    """Write one object a line, the file replaced only when all is written; how many."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    count = 0
    with unfinished.open("w", encoding="utf-8") as file:
        for count, each in enumerate(objects, 1):
            file.write(json.dumps(each, ensure_ascii=False) + "\n")
    unfinished.replace(path)
    return count
