"""How well probabilities and expected false matches hold, and the knots that make them hold.

    python benchmarks/calibration.py PATH [--write]

The pairs are a published case and each case from other publications; same disease or not. Every
query weighs the same: its partners share one, as do its other candidates, so the odds are those
of one expected partner among N. `--write` replaces the knots that the next version ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import matcher.calibration
from benchmarks.collection import Collection
from matcher import read_cases
from matcher.calibration import Calibration, Knots, Tail, default_calibration, logistic
from matcher.panel import QueryScale
from matcher.engine.profile import ProfileReader
from ontologies import open_release

QUERIES_PER_DISEASE = 10
# Shares of partners between bins; finer at the top, where the curve would be prolonged.
EDGES = (*np.arange(1, 20) / 20, 0.975, 0.99)
# So that Y still breaks ties over the last stretch.
FLATTEST = 0.02
PROBABILITIES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0)
TAILS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Query:
    """One query: its disease, Y of its partners and of the others, and its scale."""

    disease: str
    partners: Floats
    others: Floats
    scale: QueryScale

    @property
    def searched(self) -> int:
        """N: how many candidates it has."""
        return len(self.partners) + len(self.others)


def queries_of(
    collection: Collection, calibration: Calibration, reader: ProfileReader
) -> list[Query]:
    """At most ten queries of each disease, each against everything from other publications."""
    panel, kernels = calibration.panel, calibration.kernels
    profiles = reader.pack(collection.source)
    hubness = panel.hubness_of(profiles).astype(np.float64)
    chosen = collection.queries(QUERIES_PER_DISEASE, 0)
    found = []
    x = np.empty(len(profiles))
    for position in track(
        chosen, "Scoring", console=Console(stderr=True), transient=True
    ):
        right, wrong = (
            flags[0] for flags in collection.right_and_wrong(np.array([position]))
        )
        scale = panel.scale(profiles[position])
        kernels.similarity(
            kernels.table(calibration.terms, profiles[position]), profiles, 0, x
        )
        y = x - 0.5 * scale.hubness - 0.5 * hubness
        disease = collection.cases[position].diseases[0]
        found.append(Query(disease, y[right], y[wrong], scale))
    return found


def fitted(queries: Sequence[Query], origin: str = "") -> Knots:
    """Isotonic knots: bins with an equal share of partners, pooled until lnLR rises with Y.

    A knot lies at the mean Y of a bin's partners. Pools of adjacent violators (Barlow 1972)
    become one knot.
    """
    partners, weights = _weighted([query.partners for query in queries])
    others, other_weights = _weighted([query.others for query in queries])
    order = np.argsort(partners, kind="stable")
    shares = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    groups = np.split(order, np.searchsorted(shares, EDGES))
    edges = np.array([partners[group[0]] for group in groups[1:]])
    places = np.searchsorted(edges, others, side="right")
    of_others = np.bincount(places, other_weights, len(groups))
    pools: list[tuple[float, float, float]] = []
    for group, other in zip(groups, of_others):
        same = float(weights[group].sum())
        pools.append(
            (same, float(other), float((weights[group] * partners[group]).sum()))
        )
        while len(pools) > 1 and _ratio(pools[-2]) >= _ratio(pools[-1]):
            last = pools.pop()
            pools[-1] = tuple(a + b for a, b in zip(pools[-1], last))  # type: ignore[assignment]
    y = [total / same for same, _, total in pools]
    values = [float(np.log(_ratio(pool))) for pool in pools]
    # The slope beyond the last knot must not begin where there are still partners.
    y.append(float(partners.max()))
    values.append(values[-1] + FLATTEST * (y[-1] - y[-2]))
    return Knots(
        y=tuple(round(each, 3) for each in y),
        log_likelihood_ratio=tuple(round(value, 3) for value in values),
        origin=origin,
    )


def _ratio(pool: tuple[float, float, float]) -> float:
    same, other, _ = pool
    return same / other if other else np.inf


def _weighted(scores: Sequence[Floats]) -> tuple[Floats, Floats]:
    """All scores of all queries, of which each has the same weight."""
    weights = [np.full(len(each), 1 / len(each) / len(scores)) for each in scores]
    return np.concatenate(scores), np.concatenate(weights)


def held_out_probabilities(queries: Sequence[Query]) -> tuple[Floats, Floats, Floats]:
    """Probabilities by knots of the other half of the diseases; the weights of right and wrong."""
    predicted, right, wrong = [], [], []
    for half in (0, 1):
        curve = fitted([q for q in queries if half_of(q.disease) != half]).curve()
        for query in (q for q in queries if half_of(q.disease) == half):
            y = np.concatenate([query.partners, query.others])
            log_odds = curve(y) - np.log(query.searched)
            predicted.append(np.array([logistic(value) for value in log_odds]))
            right.append(
                np.repeat(
                    [1 / len(query.partners), 0],
                    [len(query.partners), len(query.others)],
                )
            )
            wrong.append(np.repeat([0, 1], [len(query.partners), len(query.others)]))
    return np.concatenate(predicted), np.concatenate(right), np.concatenate(wrong)


def half_of(disease: str) -> int:
    """Which half of the diseases it belongs to: 0 or 1."""
    return hashlib.md5(disease.encode(), usedforsecurity=False).digest()[0] % 2


def reliability(queries: Sequence[Query]) -> list[tuple[float, float, float]]:
    """Of each bin: mean probability predicted, share observed, and how many pairs it stands for."""
    predicted, right, wrong = held_out_probabilities(queries)
    places = np.searchsorted(PROBABILITIES, predicted, side="right") - 1
    rows = []
    for place in range(len(PROBABILITIES) - 1):
        inside = places == place
        weight = right[inside] + wrong[inside]
        if weight.sum():
            mean = float((weight * predicted[inside]).sum() / weight.sum())
            rows.append(
                (mean, float(right[inside].sum() / weight.sum()), float(weight.sum()))
            )
    return rows


def observed_tails(queries: Sequence[Query]) -> Floats:
    """For each nominal tail of the panel: the share of wrong candidates, mean over queries."""
    return np.array(
        [
            np.mean(
                [
                    np.mean(query.others >= _y_of_tail(query.scale, tail))
                    for query in queries
                ]
            )
            for tail in TAILS
        ]
    )


def fitted_tail(queries: Sequence[Query]) -> Tail:
    """The line through the logarithms of nominal and observed tails."""
    slope, start = np.polyfit(np.log(TAILS), np.log(observed_tails(queries)), 1)
    return Tail(factor=round(float(np.exp(start)), 3), exponent=round(float(slope), 3))


def held_out_tails(queries: Sequence[Query]) -> list[tuple[float, float]]:
    """Each nominal tail, and observed over nominal with the tail of the other half of diseases."""
    ratios = []
    for half in (0, 1):
        tail = fitted_tail([q for q in queries if half_of(q.disease) != half])
        own = [q for q in queries if half_of(q.disease) == half]
        ratios.append(
            [
                np.mean([np.mean(q.others >= _y_of_tail(q.scale, panel)) for q in own])
                / share
                for share in TAILS
                for panel in [(share / tail.factor) ** (1 / tail.exponent)]
            ]
        )
    return list(zip(TAILS, np.mean(ratios, axis=0).tolist()))


def _y_of_tail(scale: QueryScale, tail: float) -> float:
    """The Y from which this share of the panel, or less, comes as close."""
    low, high = float(scale.scores[0]), float(scale.scores[-1]) + 20
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if scale.share_beyond(middle) > tail else (low, middle)
        )
    return high


def main(argv: list[str] | None = None) -> None:
    """Fit, check by halves of the diseases, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument(
        "--write", action="store_true", help="replace the shipped knots"
    )
    given = parser.parse_args(argv)
    release = open_release()
    calibration = default_calibration(release)
    collection = Collection.of(read_cases(given.path), release.ontology)
    queries = queries_of(collection, calibration, ProfileReader.of_release(release))
    knots = fitted(
        queries,
        f"benchmarks/calibration.py on {len(queries)} queries of "
        f"{len({query.disease for query in queries})} diseases among {len(collection)} cases of "
        f"{Path(given.path).name}, HPO {release.versions['hpo']}, "
        f"panel of {len(calibration.panel)} "
        "simulated cases",
    )
    tail = fitted_tail(queries)
    _show(queries, knots, tail)
    if given.write:
        _write(knots, tail)


def _show(queries: Sequence[Query], knots: Knots, tail: Tail) -> None:
    console = Console()
    console.print(knots.origin)
    table = Table("Y", "lnLR", title="Knots")
    for y, value in zip(knots.y, knots.log_likelihood_ratio):
        table.add_row(f"{y:.3f}", f"{value:.3f}")
    console.print(table)
    table = Table(
        "predicted", "observed", "pairs", title="Reliability, held-out halves"
    )
    for predicted, observed, pairs in reliability(queries):
        table.add_row(f"{predicted:.3f}", f"{observed:.3f}", f"{pairs:,.0f}")
    console.print(table)
    table = Table(
        "nominal", "observed / nominal", title="Expected false matches, held-out halves"
    )
    for nominal, ratio in held_out_tails(queries):
        table.add_row(f"{nominal:g}", f"{ratio:.2f}")
    console.print(table)
    console.print(f"tail: {tail.factor} p ** {tail.exponent}")


def _write(knots: Knots, tail: Tail) -> None:
    folder = Path(matcher.calibration.__file__).parent / "default_calibration"
    values = {"knots": asdict(knots), "tail": asdict(tail)}
    (folder / "fitted.json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
