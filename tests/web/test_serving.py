"""The service as an operator starts it, in one process and in several."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontologies import Release
from ontologies.library import data_directory

HELD = 300


class Served:
    """A running service."""

    def __init__(self, directory: Path, processes: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        environment = {
            **os.environ,
            "SECONDCASE_DATA": str(directory),
            "SECONDCASE_PORT": str(self.port),
            "SECONDCASE_PROCESSES": str(processes),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("Listening at"):
                return
        raise AssertionError("".join(self.said))

    def status(self) -> int:
        """The status of the log-in page, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", "/log-in")
            return connection.getresponse().status

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        said = self.process.communicate(timeout=30)[1]
        return self.process.returncode, said


Start = Callable[[int], Served]


@pytest.fixture
def start(tmp_path: Path, release: Release) -> Iterator[Start]:
    started: list[Served] = []
    for name in ("sources", "calibrations"):
        (tmp_path / name).symlink_to(data_directory() / name)
    (tmp_path / "releases").mkdir()
    compiled = data_directory() / "releases" / release.release_id
    (tmp_path / "releases" / release.release_id).symlink_to(compiled)
    (tmp_path / "releases" / "active").write_text(release.release_id)

    def begin(processes: int) -> Served:
        started.append(Served(tmp_path, processes))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("processes", [1, 2])
def test_service_answers_until_it_is_told_to_end(
    start: Start, processes: int, number: int
) -> None:
    served = start(processes)
    assert served.status() == 200

    code, said = served.end(number)

    assert (code, said) == (0, "Ended.\n")
    with pytest.raises(ConnectionRefusedError):
        served.status()


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("begun", [b"", b"POST /match HTTP/1.1\r\nHost: local"])
def test_held_sockets_keep_nobody_out(
    start: Start, processes: int, begun: bytes
) -> None:
    served = start(processes)
    with contextlib.ExitStack() as held:
        for _ in range(HELD):
            slow = held.enter_context(
                socket.create_connection(("127.0.0.1", served.port))
            )
            slow.sendall(begun)

        assert [served.status() for _ in range(10)] == [200] * 10


def test_process_that_dies_is_replaced(start: Start) -> None:
    served = start(2)
    assert served.status() == 200

    for child in children(served.process.pid):
        os.kill(child, signal.SIGKILL)

    assert served.status() == 200
    assert served.end(signal.SIGTERM)[0] == 0


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in told.split()]


def test_port_in_use_is_one_sentence(start: Start, tmp_path: Path) -> None:
    served = start(1)

    answer = subprocess.run(
        [sys.executable, "-m", "web.cli", "serve"],
        env={
            **os.environ,
            "SECONDCASE_DATA": str(tmp_path),
            "SECONDCASE_PORT": str(served.port),
        },
        capture_output=True,
        text=True,
    )

    assert answer.returncode == 1
    assert f"127.0.0.1:{served.port} cannot be used" in answer.stderr
    assert "Traceback" not in answer.stderr
