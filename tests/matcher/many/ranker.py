"""A process that ranks simulated cases against each other, and may be killed by itself.

Called with a file to resume from, after how many results to be killed (-1: not at all), and in how
many processes to rank. The results stand on standard output.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

from matcher.case import Case, GenomicFeature, Variant
from matcher.matching import Matcher
from matcher.simulation import simulate_cases
from ontologies.library import fetch_release


def in_many_words(case: Case) -> Case:
    """The case with a variant of several names, whose order differs between processes."""
    variant = Variant(hgvs=tuple(f"NM_00000{n}:c.{n}A>G" for n in range(1, 8)))
    feature = GenomicFeature(gene="HGNC:6215", variant=variant)
    return dataclasses.replace(case, genomic_features=(feature,))


def main(path: Path, stop_after: int, processes: int) -> None:
    """Rank, print, and end one way or the other."""
    release = fetch_release(make_active=False).release
    cases = [in_many_words(case) for case in simulate_cases(release, 150, seed=3)]
    found = Matcher(release, cases).rank_many(cases, resume=path, processes=processes)
    for done, shortlist in enumerate(found, start=1):
        print(json.dumps(shortlist.to_json()))
        if done == stop_after:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
