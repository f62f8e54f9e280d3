"""A process that saves cases until it is killed, and says aloud what was acknowledged.

Called with a database, the writer's name and a seed. Each line on standard output is a single
case with its version, or the name of a batch and its size.
"""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path

from matcher.case import Case, PhenotypicFeature
from matcher.storage.store import CaseStore

BATCH = 10


def case(case_id: str, note: str) -> Case:
    features = tuple(PhenotypicFeature(term_id=f"HP:{n:07}") for n in range(15))
    return Case(case_id=case_id, features=features, note=note)


def main(path: str, name: str, seed: str) -> None:
    choose = random.Random(seed)
    with CaseStore.open(Path(path)) as store:
        print("ready", flush=True)
        for turn in itertools.count():
            if choose.random() < 0.3:
                batch = [case(f"{name}-{seed}-{turn}-{n}", "") for n in range(BATCH)]
                store.put_many(batch, actor=name)
                print(f"batch {name}-{seed}-{turn}-", flush=True)
            else:
                case_id = f"{name}-{choose.randrange(5)}"
                saved = store.put(case(case_id, str(turn)), actor=name)
                print(f"case {case_id} {saved.version}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
