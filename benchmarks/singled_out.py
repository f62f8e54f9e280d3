"""How many published cases few of their features tell from all others, and what a copy costs.

    python -m benchmarks.singled_out phenopackets.zip

For each number of features together: the share of cases that they single out, and how far the
terms that a peer is told then are from those that were entered.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from contextlib import closing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.target_node import quiet, shared_with_peers
from matcher import Case, read_cases
from matcher.case import Sharing
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from web.db import open_database
from web.mme.disclosing.generalisation import Generalisation
from web.mme.disclosing.singling import MOST_TOGETHER, Singling

SEED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What so many features together single out among the cases of a store."""

    cases: int
    together: int
    singled_out: int
    terms: int
    replaced: int

    @property
    def line(self) -> str:
        """The same for a person."""
        return (
            f"{self.cases:,} cases, {self.together} together: "
            f"{self.singled_out / self.cases:.1%} singled out, "
            f"{self.replaced / self.terms:.1%} of all terms told broader or left out"
        )


def shares(db: Database, release: Release, cases: Sequence[Case]) -> list[Share]:
    """One for each number of features, up to the most that are looked at."""
    found = []
    for together in range(1, MOST_TOGETHER + 1):
        singling = Singling(db, release)
        copies = Generalisation(db, release, 0, together)
        found.append(
            Share(
                cases=len(cases),
                together=together,
                singled_out=sum(
                    bool(singling.of(each.case_id, each.observed, together))
                    for each in cases
                ),
                terms=sum(len(each.observed) for each in cases),
                replaced=sum(
                    len(set(each.observed) - set(copies.of(each).observed))
                    for each in cases
                ),
            )
        )
    return found


def main() -> None:
    """Print the shares for stores of several sizes."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cases", type=int, nargs="+", default=[100, 1000, 5000])
    said = parser.parse_args()
    quiet()
    release = open_release()
    published = list(read_cases(said.path))
    for count in said.cases:
        drawn = random.Random(SEED).sample(published, min(count, len(published)))
        cases = list(shared_with_peers(drawn, Sharing.EXCHANGE_1))
        with tempfile.TemporaryDirectory() as folder:
            with closing(open_database(Path(folder) / "secondcase.db")) as db:
                CaseStore(db).put_many(cases, actor="benchmark")
                for each in shares(db, release, cases):
                    Console().print(each.line)


if __name__ == "__main__":
    main()
