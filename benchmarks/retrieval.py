"""How well each measure finds the other cases of a disease among published ones.

    python benchmarks/retrieval.py PATH

A query is a published case, its gallery every case from other publications, a hit the same
disease, observed terms only. Means are over queries (micro) and over diseases (macro).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import peers, product
from benchmarks.collection import Collection, Flags, Positions, profile
from benchmarks.measures import (
    Floats,
    MeasureGroup,
    Profiles,
    Terms,
    measure_groups,
    measure_names,
)
from benchmarks.plot import Bar, bars
from benchmarks.ranking import (
    METRICS,
    Interval,
    by_disease,
    metrics_of_ranks,
    paired_bootstrap,
    ranks_of_best_hit,
)
from matcher import Matcher, read_cases
from matcher.calibration import PANEL_CASES, PANEL_SEED
from matcher.simulation import simulate_cases
from ontologies import Release, open_release

BLOCK = 256
RECOMMENDED = "Y"


@dataclass(frozen=True)
class Outcome:
    """The rank of the best hit of each query, and which disease each query has."""

    queries: Positions
    diseases: Positions
    ranks: Floats

    @property
    def micro(self) -> Floats:
        """Means over queries."""
        means: Floats = metrics_of_ranks(self.ranks).mean(axis=0)
        return means

    @property
    def of_diseases(self) -> Floats:
        """Means over the queries of each disease."""
        return by_disease(metrics_of_ranks(self.ranks), self.diseases)

    @property
    def macro(self) -> Floats:
        """Means over diseases."""
        means: Floats = self.of_diseases.mean(axis=0)
        return means

    def only(self, queries: Positions) -> Outcome:
        """The same for some of the queries."""
        kept = np.isin(self.queries, queries)
        diseases = np.unique(self.diseases[kept], return_inverse=True)[1]
        return Outcome(self.queries[kept], diseases, self.ranks[kept])


def evaluate(
    collection: Collection,
    queries: Positions,
    group: MeasureGroup,
    gallery: Flags | None = None,
) -> dict[str, Outcome]:
    """The outcome of every measure of the group; `gallery` limits who can be a wrong answer."""
    ranks: dict[str, list[Floats]] = {}
    for block in np.array_split(queries, len(queries) // BLOCK + 1):
        right, wrong = collection.right_and_wrong(block)
        if gallery is not None:
            wrong &= gallery
        for name, scores in group(block).items():
            found = ranks_of_best_hit(scores, right, wrong)
            ranks.setdefault(name, []).append(found)
    diseases = collection.disease_numbers(queries)
    return {
        name: Outcome(queries, diseases, np.concatenate(found))
        for name, found in ranks.items()
    }


def groups_of(
    collection: Collection, release: Release, names: Iterable[str]
) -> Iterator[MeasureGroup]:
    """The groups that hold the named measures, the product's own last."""
    wanted = set(names)
    terms_of_cases = [each.terms for each in collection.cases]
    simulated = simulate_cases(release, PANEL_CASES, seed=PANEL_SEED)
    panel = [profile(case.observed, release.ontology) for case in simulated]
    terms = Terms.of([*terms_of_cases, *panel], release)
    profiles = Profiles.of(terms_of_cases, terms)
    yield from measure_groups(profiles, Profiles.of(panel, terms), wanted)
    if product.NAME in wanted:
        cases = collection.source
        yield product.ProductScores(Matcher(release, cases), cases)


def peer_outcomes(
    collection: Collection, release: Release, names: Iterable[str], queries: Positions
) -> Iterator[dict[str, Outcome]]:
    """The outcomes of the named measures of peers."""
    wanted = [name for name in peers.MEASURES if name in names]
    if not wanted:
        return
    terms = [each.terms for each in collection.cases]
    with peers.Hpo3.running(release, terms) as peer:
        for name in wanted:
            yield evaluate(
                collection, queries, lambda block: {name: peer.scores(name, block)}
            )


def differences(
    outcomes: Mapping[str, Outcome], seed: int
) -> dict[str, list[Interval]]:
    """The recommended score minus every other, over diseases and on the other's queries."""
    if RECOMMENDED not in outcomes:
        return {}
    recommended = outcomes[RECOMMENDED]
    return {
        name: paired_bootstrap(
            recommended.only(outcome.queries).of_diseases, outcome.of_diseases, seed
        )
        for name, outcome in outcomes.items()
        if name != RECOMMENDED
    }


def outcome_table(outcomes: Mapping[str, Outcome]) -> Table:
    """Micro and macro means of every measure."""
    table = Table(title="Rank of the best hit")
    table.add_column("measure", no_wrap=True)
    table.add_column("queries", justify="right")
    for kind in ("micro", "macro"):
        for metric in METRICS:
            table.add_column(f"{kind} {metric}", justify="right")
    for name, outcome in outcomes.items():
        values = (*outcome.micro, *outcome.macro)
        cells = (f"{value:.3f}" for value in values)
        table.add_row(name, str(len(outcome.queries)), *cells)
    return table


def difference_table(intervals: Mapping[str, list[Interval]]) -> Table:
    """How much better the recommended score is, with 95% intervals."""
    table = Table(title=f"{RECOMMENDED} minus measure, macro, 95% interval")
    table.add_column("measure", no_wrap=True)
    for metric in METRICS:
        table.add_column(metric, justify="right", no_wrap=True)
    for name, row in intervals.items():
        cells = (f"{i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}]" for i in row)
        table.add_row(name, *cells)
    return table


def picture(outcomes: Mapping[str, Outcome]) -> str:
    """Macro MRR of every measure, the best first; the product is drawn once, as its measure."""
    rows = [
        Bar(name, float(outcome.macro[METRICS.index("MRR")]), name == RECOMMENDED)
        for name, outcome in outcomes.items()
        if name != product.NAME or RECOMMENDED not in outcomes
    ]
    queries = max((len(each.queries) for each in outcomes.values()), default=0)
    return bars(
        "Finding the second case",
        f"Mean reciprocal rank (macro) of the first other case of the disease, "
        f"for {queries:,} published cases",
        sorted(rows, key=lambda row: -row.value),
    )


def as_json(
    outcomes: Mapping[str, Outcome], intervals: Mapping[str, list[Interval]]
) -> dict[str, Any]:
    """Everything that is printed, unrounded."""
    return {
        "measures": {
            name: {
                "queries": len(outcome.queries),
                **_means(outcome),
            }
            for name, outcome in outcomes.items()
        },
        f"{RECOMMENDED} minus": {
            name: dict(zip(METRICS, map(asdict, row), strict=True))
            for name, row in intervals.items()
        },
    }


def _means(outcome: Outcome) -> dict[str, dict[str, float]]:
    return {
        kind: dict(zip(METRICS, means.tolist(), strict=True))
        for kind, means in (("micro", outcome.micro), ("macro", outcome.macro))
    }


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """What was asked on the command line."""
    every = (*measure_names(), product.NAME, *peers.MEASURES)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, help="published cases, as Phenopackets")
    parser.add_argument(
        "--measures",
        default=",".join(every),
        help="comma-separated; by default all: %(default)s",
    )
    parser.add_argument(
        "--queries-per-disease",
        type=int,
        metavar="N",
        help="at most so many queries of each disease, drawn by chance; by default all",
    )
    parser.add_argument(
        "--peer-queries",
        type=int,
        metavar="N",
        default=5,
        help="the same for peers, which are slow; by default %(default)s",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw macro MRR as SVG"
    )
    asked = parser.parse_args(argv)
    asked.measures = [name.strip() for name in asked.measures.split(",")]
    if unknown := sorted(set(asked.measures) - set(every)):
        parser.error(f"no such measure: {', '.join(unknown)}")
    return asked


def outcomes_of(
    collection: Collection, release: Release, asked: argparse.Namespace
) -> Iterator[dict[str, Outcome]]:
    """The outcomes of everything that was asked for, group by group."""
    queries = collection.queries(asked.queries_per_disease, asked.seed)
    for group in groups_of(collection, release, asked.measures):
        yield evaluate(collection, queries, group)
    few = collection.queries(asked.peer_queries, asked.seed)
    few = few[np.isin(few, queries)]
    yield from peer_outcomes(collection, release, asked.measures, few)


def main(argv: list[str] | None = None) -> None:
    """Print the tables and, where asked, write the figures."""
    asked = arguments(argv)
    console = Console(width=120)
    progress = Console(stderr=True)
    release = open_release()
    with progress.status("Reading the cases"):
        collection = Collection.of(read_cases(asked.path), release.ontology)
    outcomes: dict[str, Outcome] = {}
    found = outcomes_of(collection, release, asked)
    for group in track(found, "Scoring", console=progress, transient=True):
        outcomes |= {name: group[name] for name in group if name in asked.measures}
    queries = max(outcomes.values(), key=lambda each: len(each.queries))
    about = {
        "cases": len(collection),
        "queries": len(queries.queries),
        "diseases": len(queries.of_diseases),
        "release": {"id": release.release_id, **release.versions},
    }
    console.print(about)
    intervals = differences(outcomes, asked.seed)
    console.print(outcome_table(outcomes))
    console.print(difference_table(intervals))
    if asked.json:
        figures = {"about": about, **as_json(outcomes, intervals)}
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    if asked.plot:
        asked.plot.write_text(picture(outcomes), "utf-8")


if __name__ == "__main__":
    main()
