"""Processes that write at once, read meanwhile, or are killed at any moment."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matcher.storage.store import CaseStore

WRITER = Path(__file__).parent / "writer.py"
CROWD = Path(__file__).parent / "crowd.py"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


def start(script: Path | str, *arguments: object) -> subprocess.Popen[str]:
    """A process of ours, all three streams piped."""
    code = ["-c", script] if isinstance(script, str) else [str(script)]
    return subprocess.Popen(
        [sys.executable, "-W", "error", *code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Writers:
    """Two writing processes, killed after some acknowledgements."""

    def __init__(self, path: Path, seed: int) -> None:
        self.processes = [start(WRITER, path, name, seed) for name in ("a", "b")]

    def kill_after(self, lines: int) -> list[str]:
        """What was acknowledged before the kill, also what was not yet read."""
        said: list[str] = []
        first = self.processes[0]
        assert first.stdout is not None
        for _ in range(lines):
            said.append(first.stdout.readline())
        for process in self.processes:
            process.kill()
        for process in self.processes:
            said += process.communicate()[0].splitlines()
        return [line.strip() for line in said if line.strip()]


def assert_kept(store: CaseStore, acknowledged: list[str]) -> None:
    """Everything acknowledged is there, and no batch by half."""
    stored = {each.case.case_id: each for each in store.cases()}
    for line in acknowledged:
        kind, _, rest = line.partition(" ")
        if kind == "case":
            case_id, version = rest.split()
            assert stored[case_id].version >= int(version), line
        elif kind == "batch":
            assert f"{rest}0" in stored, line
    batches = Counter(i.rpartition("-")[0] for i in stored if i.count("-") == 3)
    assert set(batches.values()) <= {10}
    assert store.check() == ()


def killed_rounds(path: Path, rounds: int, first: int = 0) -> None:
    choose = random.Random(first)
    acknowledged: list[str] = []
    for seed in range(first, first + rounds):
        acknowledged += Writers(path, seed).kill_after(choose.randrange(2, 25))
        with CaseStore.open(path) as store:
            assert_kept(store, acknowledged)


def test_killed_writers_lose_nothing_acknowledged_and_leave_nothing_half(
    path: Path,
) -> None:
    killed_rounds(path, 3)


@pytest.mark.full
@pytest.mark.parametrize("turn", range(10))
def test_two_hundred_kills_lose_nothing_acknowledged(path: Path, turn: int) -> None:
    killed_rounds(path, 20, first=20 * turn)


def crowded(path: Path, writes: int) -> list[float]:
    """Four processes of two writers and four readers each, and copies; seconds a write."""
    CaseStore.open(path).close()
    processes = [start(CROWD, path, f"p{n}", writes) for n in range(4)]
    with CaseStore.open(path) as store:
        for _ in range(10):
            store.backup(path.with_name("copy.db"))
    answers = [process.communicate() for process in processes]
    assert [errors for _, errors in answers] == [""] * 4
    return [float(second) for said, _ in answers for second in said.split()]


def test_eight_writers_and_sixteen_readers_never_meet_a_lock(path: Path) -> None:
    seconds = crowded(path, writes=5)

    assert len(seconds) == 40
    with CaseStore.open(path) as store, CaseStore.open(path.with_name("copy.db")):
        assert store.revision() == 40
        assert store.check() == ()


@pytest.mark.full
def test_writes_in_a_crowd_take_under_half_a_second(path: Path) -> None:
    seconds = sorted(crowded(path, writes=200))

    assert seconds[int(len(seconds) * 0.99)] < 0.5


OPENER = """
import sys
from pathlib import Path
from matcher.storage.store import CaseStore
print("ready", flush=True)
sys.stdin.readline()
with CaseStore.open(Path(sys.argv[1])) as store:
    print(store.count(), flush=True)
"""


@pytest.fixture
def openers(path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    started = [start(OPENER, path) for _ in range(6)]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_processes_that_start_at_once_make_one_database(
    openers: list[subprocess.Popen[str]], path: Path
) -> None:
    for process in openers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in openers:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    answers = [process.communicate() for process in openers]

    assert answers == [("0\n", "")] * 6
    with CaseStore.open(path) as store:
        assert store.check() == ()


def test_a_connection_belongs_to_its_thread(path: Path) -> None:
    with CaseStore.open(path) as store, ThreadPoolExecutor(1) as pool:
        with pytest.raises(sqlite3.ProgrammingError, match="same thread"):
            pool.submit(store.count).result()
