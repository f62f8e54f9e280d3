"""Several processes on one store: what one saves or removes, the others know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matcher.storage.store import CaseStore

FOLLOWER = Path(__file__).parent / "follower.py"


class Follower:
    """Another process on the store."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(FOLLOWER), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tell(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.answer()

    def end(self) -> str:
        return self.process.communicate()[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    CaseStore.open(tmp_path / "cases.db").close()
    return tmp_path / "cases.db"


@pytest.fixture
def follower(path: Path) -> Iterator[Callable[[], Follower]]:
    started: list[Follower] = []

    def start() -> Follower:
        started.append(Follower(path))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_what_one_process_saves_another_finds_at_once(
    follower: Callable[[], Follower],
) -> None:
    one, other = follower(), follower()
    assert [one.ask("find a"), other.ask("find a")] == ["False", "False"]

    for number in range(5):
        one.ask(f"save a{number} family")
        assert other.ask(f"find a{number}") == "True"
    other.ask("delete a3")

    assert one.ask("find a3") == "False"
    assert one.ask("find a4") == "True"
    assert [one.end(), other.end()] == ["", ""]


def test_processes_that_keep_and_remove_at_once_leave_nothing_of_who_is_gone(
    follower: Callable[[], Follower], path: Path
) -> None:
    keepers = [follower(), follower()]
    remover = follower()
    for each in (*keepers, remover):
        assert each.ask("find nobody") == "False"
    names = [f"canary{number}" for number in range(20)]
    for keeper in keepers:
        keeper.tell(*["keep"] * 60)
    for name in names:
        remover.tell(f"save {name} {name}", "keep", f"delete {name}")
    for _ in range(60):
        remover.answer()
    for keeper in keepers:
        for _ in range(60):
            assert keeper.answer() in ("True", "False")

    beside = [each for each in path.parent.iterdir() if ".index" in each.name]
    assert all(b"canary" not in each.read_bytes() for each in beside)
    assert keepers[0].ask("save left left") == "1"
    assert keepers[0].ask("keep") == "True"
    (kept,) = path.parent.glob("*.index")
    content = kept.read_bytes()
    assert b"left" in content
    assert b"canary" not in content
    assert follower().ask("find left") == "True"
    assert [each.end() for each in (*keepers, remover)] == ["", "", ""]
