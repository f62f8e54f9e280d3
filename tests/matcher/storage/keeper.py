"""A process that keeps the same ranking of each of many cases, beginning when it is told to.

Called with a database and how many cases ask. Prints the numbers of what it kept as a JSON list.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matcher.storage.database import connect
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import Basis, RankedCandidate, RankingToKeep


def ranking(number: int) -> RankingToKeep:
    """The same one in every process."""
    basis = Basis(
        release_id="r",
        calibration_id="c",
        version="0",
        arithmetic="numpy",
        releases={},
        sources={},
        term_rows="",
        expected_partners=1.0,
        bands={},
        settings={},
        conditions={},
        kinds=["phenotype"],
    )
    match = RankedCandidate(
        case_id="found",
        rank=1,
        score=float(number),
        probability=0.5,
        efm=None,
        band="look",
        evidence={"phenotype": float(number)},
    )
    return RankingToKeep(
        query_id=f"asks-{number}",
        as_of=10**6,
        actor="alice",
        place="test",
        searched=11,
        at_most=10,
        basis=basis,
        matches=(match,),
    )


def main(path: str, count: str) -> None:
    """Keep, case by case as the other processes do."""
    kept = KeptRankings(connect(Path(path)))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps([kept.keep(ranking(number)) for number in range(int(count))]))


if __name__ == "__main__":
    main(*sys.argv[1:])
