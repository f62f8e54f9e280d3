"""How fast one case is ranked against a million, and how that grows, beside the fastest peer.

    python benchmarks/speed.py PATH [--cases N] [--growth] [--peer] [--json FILE] [--plot FILE]

Published cases are drawn again and again under new ids until there are enough. A query has 3 to
30 terms and is asked as a service asks it: all evidence, the total of every case, the best twenty
with their evidence in words. Nothing is sampled, pruned or cached between queries.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.collection import profile
from benchmarks.peers import MEASURES, PACKAGE, Hpo3
from benchmarks.plot import Line, lines
from matcher import Case, Matcher, read_cases
from matcher.case import PhenotypicFeature
from matcher.engine.index import CaseIndex, Postings, Segment, Texts
from matcher.engine.packed import expand
from ontologies import Release, open_release

LENGTHS = range(3, 31)
QUERIES_A_LENGTH = 4
MOST = 10_000
SEGMENT = 1_000_000
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
# Cases, and how many queries are asked of the peer: it takes over half a second for 100,000.
PEER_SIZES = {10**3: 64, 10**4: 32, 10**5: 8}
SEED = 5


class Crowd:
    """A matcher for published cases, and for any number of copies of them."""

    def __init__(self, release: Release, cases: Sequence[Case]) -> None:
        # As many as are added at once, and so lie in one segment in this order.
        self._originals = sorted(cases[:MOST], key=lambda case: case.case_id)
        self.matcher = Matcher(release, fetch=self._case)
        self.matcher.add_all(self._originals)
        (part,) = self.matcher.index.snapshot().parts
        self._segment = part.segment

    def resize(self, count: int) -> None:
        """Let there be `count` cases, in segments of at most a million."""
        rng = np.random.default_rng(SEED)
        self.matcher.index = CaseIndex(
            copies(
                self._segment,
                rng.integers(0, len(self._segment), min(SEGMENT, count - start)),
                start,
            )
            for start in range(0, count, SEGMENT)
        )

    def _case(self, case_id: str) -> Case | None:
        """The published case that a copy was made of, under the id of the copy."""
        original = self._originals[int(case_id.rpartition("-")[2])]
        return dataclasses.replace(original, case_id=case_id)


def copies(
    segment: Segment, positions: np.typing.NDArray[np.int64], start: int
) -> Segment:
    """The cases at `positions`, each under a number of its own from `start` on."""
    order = np.argsort(positions, kind="stable")
    first = np.searchsorted(positions[order], np.arange(len(segment) + 1))
    counts = np.diff(first)[segment.postings.positions]
    members = order[expand(first[segment.postings.positions], counts)]
    genes = np.repeat(segment.postings.genes, counts)
    by_gene = np.lexsort((members, genes))
    return Segment(
        case_ids=Texts.of([f"{start + n:08}-{at}" for n, at in enumerate(positions)]),
        profiles=segment.profiles.take(positions),
        hubness=segment.hubness[positions],
        gene_counts=segment.gene_counts[positions],
        postings=Postings(genes[by_gene], members[by_gene].astype(np.uint32)),
        columns={column: codes[positions] for column, codes in segment.columns.items()},
    )


def queries_of(cases: Sequence[Case], release: Release) -> list[Case]:
    """Four cases of each length from 3 to 30 terms, filled up from another case where needed."""
    rng = np.random.default_rng(SEED)
    found = []
    for length in LENGTHS:
        for number in range(QUERIES_A_LENGTH):
            case = cases[int(rng.integers(len(cases)))]
            terms: tuple[str, ...] = ()
            while len(terms) < length:
                terms = profile(
                    (*terms, *cases[int(rng.integers(len(cases)))].observed),
                    release.ontology,
                )
            chosen = rng.permutation(len(terms))[:length]
            found.append(
                dataclasses.replace(
                    case,
                    case_id=f"query-{length}-{number}",
                    features=tuple(PhenotypicFeature(term_id=terms[n]) for n in chosen),
                )
            )
    return found


def timed(matcher: Matcher, queries: Sequence[Case]) -> list[float]:
    """Seconds of each query, after one that nobody counts."""
    matcher.answer(queries[0])
    seconds = []
    for query in queries:
        start = time.perf_counter()
        matcher.answer(query)
        seconds.append(time.perf_counter() - start)
    return seconds


def figures(crowd: Crowd, count: int, queries: Sequence[Case]) -> dict[str, Any]:
    """What one size costs."""
    crowd.resize(count)
    processor = time.process_time()
    seconds = timed(crowd.matcher, queries)
    processor = (time.process_time() - processor) / (len(queries) + 1)
    median, late = np.quantile(seconds, [0.5, 0.95])
    segments = [part.segment for part in crowd.matcher.index.snapshot().parts]
    ids = sum(s.case_ids.data.nbytes + s.case_ids.offsets.nbytes for s in segments)
    terms = sum(len(s.profiles.rows) for s in segments)
    return {
        "cases": count,
        "queries": len(queries),
        "median_ms": 1000 * float(median),
        "p95_ms": 1000 * float(late),
        "processor_ms": 1000 * processor,
        "pairs_a_second": count / float(median),
        "terms_a_case": terms / count,
        "bytes_a_case": (sum(s.nbytes for s in segments) - ids) / count,
        "bytes_of_id": ids / count,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "load": os.getloadavg()[0],
    }


def peer_figures(
    release: Release, cases: Sequence[Case], sizes: Mapping[int, int]
) -> list[dict[str, Any]]:
    """What hpo3 takes for a query by its best measure, its answer read included.

    Several queries are asked at once, as it is quickest; `sizes` says how many at which size.
    """
    originals = [profile(case.observed, release.ontology) for case in cases]
    originals = [terms for terms in originals if len(terms) >= LENGTHS[0]]
    return [
        _peer_row(release, list(islice(cycle(originals), size)), queries)
        for size, queries in sizes.items()
    ]


def _peer_row(
    release: Release, profiles: Sequence[Sequence[str]], queries: int
) -> dict[str, Any]:
    with Hpo3.running(release, profiles) as peer:
        name = next(iter(MEASURES))
        peer.scores(name, np.arange(1))
        start = time.perf_counter()
        peer.scores(name, np.arange(queries))
        seconds = (time.perf_counter() - start) / queries
    return {
        "cases": len(profiles),
        "queries": queries,
        "mean_ms": 1000 * seconds,
        "pairs_a_second": len(profiles) / seconds,
    }


def picture(growth: Sequence[dict[str, Any]], peer: Sequence[dict[str, Any]]) -> str:
    """Milliseconds a query by the number of cases."""
    return lines(
        "Time to rank every case for one query",
        f"median, all evidence, against {PACKAGE} (phenotype only) on the same "
        f"{os.cpu_count()} processors; both axes logarithmic",
        ("cases", "ms"),
        [
            Line(
                "Secondcase",
                tuple((row["cases"], row["median_ms"]) for row in growth),
                is_marked=True,
            ),
            Line(
                PACKAGE.partition("==")[0],
                tuple((row["cases"], row["mean_ms"]) for row in peer),
            ),
        ],
    )


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument("--cases", type=int, default=10**6)
    parser.add_argument(
        "--growth", action="store_true", help="also 1,000 to 10,000,000 cases"
    )
    parser.add_argument(
        "--peer", action="store_true", help="also hpo3, in its own environment"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw time against size as SVG; measures what --growth and --peer do",
    )
    given = parser.parse_args(argv)
    release = open_release()
    cases = read_cases(given.path)
    queries = queries_of(cases, release)
    crowd = Crowd(release, cases)
    rows = [figures(crowd, given.cases, queries)]
    peer: list[dict[str, Any]] = []
    growth: list[dict[str, Any]] = []
    if given.peer or given.plot:
        peer = peer_figures(release, cases, PEER_SIZES)
    if given.growth or given.plot:
        growth = [figures(crowd, size, queries[::8]) for size in SIZES]
    Console(width=110).print(_table([*rows, *growth]))
    for row in peer:
        print(
            f"{PACKAGE}: {row['cases']:,} cases in {row['mean_ms']:.1f} ms, "
            f"{row['pairs_a_second']:,.0f} pairs a second; ours at {given.cases:,} cases "
            f"{rows[0]['pairs_a_second'] / row['pairs_a_second']:,.0f} times as many"
        )
    if given.json:
        found = {"rows": rows, "growth": growth, "peer": peer}
        given.json.write_text(json.dumps(found, indent=1), "utf-8")
    if given.plot:
        given.plot.write_text(picture(growth, peer), "utf-8")


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    headings = (
        "cases",
        "median ms",
        "p95 ms",
        "CPU ms",
        "pairs/s",
        "bytes/case",
        "peak MB",
        "load",
    )
    table = Table(*headings, title=f"{os.cpu_count()} processors")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: dict[str, Any]) -> Iterator[str]:
    yield f"{row['cases']:,}"
    for key in ("median_ms", "p95_ms", "processor_ms"):
        yield f"{row[key]:.1f}"
    yield f"{row['pairs_a_second']:,.0f}"
    yield f"{row['bytes_a_case']:.1f} + id {row['bytes_of_id']:.1f}"
    yield f"{row['peak_memory_mb']:,.0f}"
    yield f"{row['load']:.1f}"


if __name__ == "__main__":
    main()
