"""How long it takes to hold all cases against all, and to find the groups among them.

    python benchmarks/all_against_all.py PATH [--cases N] [--all-evidence] [--peer] [--json FILE]

Published cases; where there are fewer than asked for, some are drawn again under new ids. Each is
ranked among all others: the total of every pair by phenotype and genes, the best twenty kept. The
time of one query after another, through `Matcher.rank`'s own search, is measured beside it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.speed import peer_figures
from matcher import Case, Matcher, read_cases
from matcher.cohort import find_groups
from matcher.evidence import EvidenceKind
from ontologies import Release, open_release

PHENOTYPE_AND_GENES = frozenset({EvidenceKind.PHENOTYPE, EvidenceKind.GENE})
ONE_BY_ONE = 200
SEED = 5

Result = TypeVar("Result")


def cases_of(path: str, count: int) -> list[Case]:
    """`count` cases: the first of the published ones, then some of them again."""
    published = read_cases(path)
    again = np.random.default_rng(SEED).integers(
        0, len(published), max(0, count - len(published))
    )
    return published[:count] + [
        dataclasses.replace(published[at], case_id=f"again-{number}")
        for number, at in enumerate(again)
    ]


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """What the work gives, and its seconds by the clock and of all processes together."""
    before = os.times()
    result = work()
    after = os.times()
    spent = [later - earlier for later, earlier in zip(after, before)]
    return result, {"seconds": spent[4], "processor_seconds": sum(spent[:4])}


def figures(
    release: Release, cases: Sequence[Case], kinds: frozenset[EvidenceKind] | None
) -> list[dict[str, Any]]:
    """What each task costs."""
    matcher, adding = timed(lambda: Matcher(release, cases))
    # Machine code is made, or read from disk, before anything is measured.
    list(matcher.rank_many(cases[:64], evidence=kinds))
    processes = os.cpu_count() or 1
    found, ranking = timed(
        lambda: list(matcher.rank_many(cases, evidence=kinds, processes=processes))
    )
    some = cases[:: max(1, len(cases) // ONE_BY_ONE)]
    _, single = timed(
        lambda: [matcher.search(matcher.question(c, kinds)).best(20) for c in some]
    )
    cohort, grouping = timed(lambda: find_groups(release, cases, found))
    scaled = {name: value * len(cases) / len(some) for name, value in single.items()}
    return [
        {"task": "add all cases", "pairs": None, **adding},
        {"task": "all against all", "pairs": len(cases) * (len(cases) - 1), **ranking},
        {
            "task": f"the same one by one (from {len(some)})",
            "pairs": len(cases) * (len(cases) - 1),
            **scaled,
        },
        {"task": f"groups: {cohort.sentence}", "pairs": None, **grouping},
    ]


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument(
        "--all-evidence", action="store_true", help="not phenotype and genes only"
    )
    parser.add_argument(
        "--peer", action="store_true", help="also hpo3, in its own environment"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    release = open_release()
    cases = cases_of(given.path, given.cases)
    kinds = None if given.all_evidence else PHENOTYPE_AND_GENES
    before = os.getloadavg()[0]
    rows = figures(release, cases, kinds)
    Console().print(_table(rows, before))
    peer = None
    if given.peer:
        (found,) = peer_figures(release, cases, {len(cases): ONE_BY_ONE})
        peer = found["pairs_a_second"]
    if peer:
        ours = rows[1]["pairs"] / rows[1]["seconds"]
        print(f"hpo3: {peer:,.0f} pairs a second, ours {ours / peer:,.0f} times")
    if given.json:
        told = {"load_before": before, "rows": rows, "peer": peer}
        given.json.write_text(json.dumps(told, indent=1), "utf-8")


def _table(rows: Sequence[dict[str, Any]], load: float) -> Table:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table = Table(
        "task",
        "seconds",
        "CPU seconds",
        "pairs/s",
        title=f"{os.cpu_count()} processors, load {load:.1f} before, peak {peak:,.0f} MB",
    )
    for row in rows:
        pairs = row["pairs"]
        table.add_row(
            row["task"],
            f"{row['seconds']:.1f}",
            f"{row['processor_seconds']:.1f}",
            f"{pairs / row['seconds']:,.0f}" if pairs else "",
        )
    return table


if __name__ == "__main__":
    main()
