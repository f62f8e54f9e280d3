"""How often the search finds the term a clinician meant, and how fast: one command, one file.

    python benchmarks/term_search.py PATH

The file is tab-separated with the columns `query` and `accepted`, the ids that are right, joined
by "|". `--misses` lists the queries whose first answer is not among them.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rapidfuzz import fuzz, process

from ontologies import open_release
from ontologies.lookup import TermLookup

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and the ids of the terms that may have been meant."""

    text: str
    accepted: frozenset[str]


def read_queries(path: Path) -> list[Query]:
    """The queries of a tab-separated file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Query(row["query"], frozenset(row["accepted"].split("|")))
            for row in csv.DictReader(file, delimiter="\t")
        ]


def share_found(
    queries: Sequence[Query], answers: Iterable[Sequence[str]], depth: int
) -> float:
    """The share of the queries with an accepted id among the first `depth` answers."""
    found = [
        not query.accepted.isdisjoint(answer[:depth])
        for query, answer in zip(queries, answers)
    ]
    return sum(found) / len(found)


def plain_ratio(lookup: TermLookup, rows: Sequence[str], text: str) -> list[str]:
    """For comparison: all names by rapidfuzz's WRatio, as one would do it at first."""
    names = [name.casefold() for name in lookup.index.texts]
    best = process.extract(text.casefold(), names, scorer=fuzz.WRatio, limit=25)
    ids = (rows[lookup.index.entries[position]] for _, _, position in best)
    return list(dict.fromkeys(ids))[:_SHOWN]


def keystroke_times(lookup: TermLookup, queries: Iterable[Query]) -> list[float]:
    """Milliseconds for each prefix of each query, in the order of typing."""
    times = []
    for query in queries:
        for end in range(1, len(query.text) + 1):
            start = perf_counter()
            lookup.search(query.text[:end])
            times.append(1000 * (perf_counter() - start))
    return times


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument(
        "--compare", action="store_true", help="with plain WRatio; slow"
    )
    arguments = parser.parse_args()
    queries = read_queries(arguments.path)
    release = open_release()
    start = perf_counter()
    lookup = TermLookup(release.ontology, release.annotations)
    lookup.search("warm")
    print(f"{len(queries)} queries, HPO {release.versions['hpo']}")
    print(f"built and first answered in {perf_counter() - start:.2f} s")
    answers = [[hit.term_id for hit in lookup.search(query.text)] for query in queries]
    for depth in (1, _SHOWN, 10):
        print(
            f"right term among the first {depth}: {share_found(queries, answers, depth):.1%}"
        )
    if arguments.compare:
        rows = release.ontology.term_ids
        plain = [plain_ratio(lookup, rows, query.text) for query in queries]
        for depth in (1, _SHOWN):
            print(
                f"WRatio among the first {depth}: {share_found(queries, plain, depth):.1%}"
            )
    cuts = quantiles(keystroke_times(lookup, queries), n=100)
    print(f"a keystroke: median {cuts[49]:.1f} ms, 95th percentile {cuts[94]:.1f} ms")
    if arguments.misses:
        for query, answer in zip(queries, answers):
            if query.accepted.isdisjoint(answer[:1]):
                labels = [release.ontology.label(term_id) for term_id in answer[:3]]
                print(f"  {query.text}: {'; '.join(labels)}")


if __name__ == "__main__":
    main()
