"""How long the groups of a node take to be made, and how large and quick their pages are.

    python benchmarks/groups.py PATH [--cases N] [--sites N] [--viewers N] [--json FILE]

Published cases, shared with the network and spread over the sites; where there are fewer than asked
for, some are drawn again under new ids. The groups of the first sites, whose clinicians have
log-ins, are made by the process that the service starts for it; then each page is asked for
several times, the first of which reads what a running service has read.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from benchmarks.all_against_all import cases_of
from benchmarks.service import data_directories
from matcher import Case
from matcher.case import Sharing
from matcher.storage.store import CaseStore
from ontologies import open_release
from web import create_app
from web.accounts import Accounts, Passwords, Role
from web.config import Settings, load_settings
from web.db import open_database
from web.groups.keeping import KeptGroups, Wanted
from web.groups.work import Grouping

PASSWORD = "a second case is a disease"
ROUNDS = 7
MOST_BYTES, MOST_SECONDS = 300_000, 0.5


def spread(cases: list[Case], sites: int) -> Iterator[Case]:
    """The cases as those of so many sites; one in three has its diagnosis taken away."""
    for number, case in enumerate(cases):
        place = f"Site {number % sites}"
        is_open = number % 3 > 0
        yield dataclasses.replace(
            case,
            case_id=f"{number:06}",
            site=place,
            submitter=place,
            sharing=Sharing.NETWORK if number % 4 else Sharing.SITE,
            diseases=() if is_open else case.diseases,
            solved=not is_open,
            family=None,
        )


def logged_in(settings: Settings) -> FlaskClient:
    """A client of a clinician of the first site."""
    client = create_app(settings).test_client()
    page = client.get("/log-in").text
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    form = {"csrf_token": token, "name": "clinician-0", "password": PASSWORD}
    answer = client.post("/log-in", data=form)
    if answer.status_code != 303:
        raise AssertionError(f"log-in answered {answer.status_code}")
    return client


def page_figures(client: FlaskClient, path: str) -> dict[str, Any]:
    """How large a page is, and how long it takes at the median and at worst."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        answer = client.get(path)
        seconds.append(time.perf_counter() - begin)
        if answer.status_code != 200:
            raise AssertionError(f"{path} answered {answer.status_code}")
    return {
        "page": path,
        "kilobytes": len(answer.data) / 1000,
        "median_ms": 1000 * statistics.median(seconds[1:]),
        "worst_ms": 1000 * max(seconds),
        "is_within": len(answer.data) <= MOST_BYTES and max(seconds) <= MOST_SECONDS,
    }


def measured(path: str, count: int, sites: int, viewers: int) -> dict[str, Any]:
    """All figures."""
    release = open_release()
    cases = list(spread(cases_of(path, count), sites))
    with data_directories() as folder:
        settings = load_settings(directory=folder)
        with closing(open_database(settings.database)) as db:
            CaseStore(db).put_many(cases, actor="benchmark")
            people = Accounts(db, Passwords())
            for number in range(viewers):
                roles, site = [Role.CLINICIAN], f"Site {number}"
                people.add(f"clinician-{number}", PASSWORD, roles=roles, site=site)
            grouping = Grouping(
                settings=settings, release_id=lambda: release.release_id
            )
            before = os.times()
            done = grouping.worker().once()
            after = os.times()
            if done.done != 1:
                raise AssertionError(f"groups were not made: {done}")
            kept = KeptGroups(db)
            views = [kept.view(f"Site {number}") for number in range(viewers)]
            groups = kept.found("Site 0", Wanted(), limit=100_000)
        largest = max(groups, key=lambda group: len(group.members))
        client = logged_in(settings)
        last = max(1, -(-len(groups) // 9))
        pages = [
            page_figures(client, each)
            for each in (
                "/groups",
                "/groups?undiagnosed=1&own=1&gene=1",
                f"/groups?page={last}",
                f"/groups/{groups[0].link}",
                f"/groups/{largest.link}",
                f"/groups/{largest.link}.json",
                "/groups.csv",
            )
        ]
    return {
        "cases": count,
        "sites": sites,
        "viewers": viewers,
        "making_s": after.elapsed - before.elapsed,
        "making_processor_s": after.children_user
        + after.children_system
        - before.children_user
        - before.children_system,
        "making_a_site_s": [view.seconds for view in views if view],
        "groups": len(groups),
        "largest": len(largest.members),
        "pages": pages,
        "load": os.getloadavg()[0],
    }


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=3)
    parser.add_argument(
        "--viewers", type=int, default=3, help="how many of the sites look at groups"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    figures = measured(given.path, given.cases, given.sites, given.viewers)
    Console(width=110).print(_table(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), "utf-8")


def _table(figures: Mapping[str, Any]) -> Table:
    title = (
        f"{figures['cases']:,} cases, {figures['sites']} sites, {os.cpu_count()} processors, "
        f"load {figures['load']:.1f}: {figures['groups']:,} groups, the largest of "
        f"{figures['largest']:,}, made for {figures['viewers']} of them in "
        f"{figures['making_s']:.0f} s, {figures['making_processor_s']:.0f} s of processors"
    )
    table = Table("page", "kB", "median ms", "worst ms", "within", title=title)
    for page in figures["pages"]:
        cells = (page[name] for name in ("kilobytes", "median_ms", "worst_ms"))
        table.add_row(
            page["page"],
            *(f"{cell:.0f}" for cell in cells),
            "yes" if page["is_within"] else "no",
        )
    return table


if __name__ == "__main__":
    main()
