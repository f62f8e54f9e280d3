"""How the figures fall as the world holds more diseases, and what a larger one would give.

    python benchmarks/gallery.py PATH --size 9319

Wrong answers of diseases drawn by chance are taken out of the gallery of `retrieval.py`; a line
through the macro MRR against the logarithm of the gallery's size leads to the size asked for. So
figures of two collections can be compared whose galleries differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.collection import Collection, Flags
from benchmarks.ranking import METRICS
from benchmarks.retrieval import evaluate, groups_of
from matcher import read_cases
from ontologies import open_release

SHARES = (0.35, 0.5, 0.7, 1.0)
MEASURES = ("sim_gic", "resnik mean", "resnik pooled", "resnik geometric", "X", "Y")
MRR = METRICS.index("MRR")


def thinned(collection: Collection, share: float, seed: int) -> Flags:
    """The cases of that share of the diseases, drawn by chance; a larger share keeps them."""
    diseases = collection.disease_numbers(np.arange(len(collection)))
    count = int(diseases.max()) + 1
    drawn = np.random.default_rng(seed).permutation(count)[: round(share * count)]
    return np.isin(diseases, drawn)


def at_size(sizes: Sequence[int], values: Sequence[float], size: int) -> float:
    """The value at another size, on a straight line in the logarithm of the size."""
    slope, start = np.polyfit(np.log(sizes), values, 1)
    return float(start + slope * np.log(size))


def table_of(
    sizes: Sequence[int], values: Mapping[str, Sequence[float]], size: int
) -> Table:
    """Macro MRR of each measure by size of the gallery, the last one extrapolated."""
    table = Table(title="Macro MRR by number of cases in the gallery")
    for heading in ("measure", *map(str, sizes), f"{size} (line)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in values.items():
        found = (*row, at_size(sizes, row, size))
        table.add_row(name, *(f"{value:.3f}" for value in found))
    return table


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, help="published cases, as Phenopackets")
    parser.add_argument("--size", type=int, default=10_000, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    release = open_release()
    collection = Collection.of(read_cases(asked.path), release.ontology)
    queries = collection.queries(None, asked.seed)
    galleries = [thinned(collection, share, asked.seed) for share in SHARES]
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    groups = groups_of(collection, release, MEASURES)
    for group in track(groups, "Scoring", console=Console(stderr=True), transient=True):
        for gallery in galleries:
            outcomes = evaluate(collection, queries, group, gallery)
            for name in outcomes.keys() & values.keys():
                values[name].append(float(outcomes[name].macro[MRR]))
    sizes = [int(gallery.sum()) for gallery in galleries]
    Console(width=120).print(table_of(sizes, values, asked.size))


if __name__ == "__main__":
    main()
