"""A process with two threads that write and four that read, which says how long writes took.

Called with a database, the process's name and how many cases each thread saves. Seconds stand
one a line on standard output; any error ends the process with a status other than 0.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from matcher.case import Case, PhenotypicFeature
from matcher.storage.store import CaseStore

WRITERS = 2
READERS = 4


def a_case(case_id: str, note: str) -> Case:
    features = tuple(PhenotypicFeature(term_id=f"HP:{n:07}") for n in range(15))
    return Case(case_id=case_id, features=features, note=note)


def write(path: Path, name: str, writes: int) -> list[float]:
    """Save cases; how long each took in seconds."""
    seconds = []
    with CaseStore.open(path) as store:
        for turn in range(writes):
            begun = time.perf_counter()
            store.put(a_case(f"{name}-{turn % 7}", str(turn)), actor=name)
            seconds.append(time.perf_counter() - begun)
    return seconds


def read(path: Path, reads: int) -> None:
    """Read as one who follows what others save."""
    since = 0
    with CaseStore.open(path) as store:
        for _ in range(reads):
            for change in store.changes(since):
                since = change.revision
                assert store.get(change.case_id).revision >= change.revision


def crowd(path: Path, name: str, writes: int) -> list[float]:
    """Writers and readers at once; how long each write took."""
    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        readers = [pool.submit(read, path, writes) for _ in range(READERS)]
        names = [f"{name}{n}" for n in range(WRITERS)]
        writers = [pool.submit(write, path, each, writes) for each in names]
        for reader in readers:
            reader.result()
        return [second for writer in writers for second in writer.result()]


if __name__ == "__main__":
    print(*crowd(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
