"""A child process that reads what came from outside: limited, without network, of low priority."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

_DENIED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.link",
    "os.symlink",
)
_NICENESS = 10
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROGRAM = "import sys; from {module} import {function}; {function}(sys.argv[1:])"
# One arena and one thread: every further one reserves memory that the limit counts.
_QUIET = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading may take: processor time, time on the clock, memory, size once unpacked.

    A whole release takes about 25 s, 500 MB; its largest file 54 MB, HPO 210,000 lines.
    """

    seconds: int = 180
    wall_seconds: int = 900
    memory_bytes: int = 2 << 30
    file_bytes: int = 128 << 20
    lines: int = 2_000_000

    def to_json(self) -> str:
        """The limits for the command line of a child."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """The limits that `to_json` wrote."""
        return cls(**json.loads(text))


class Stopped(Exception):
    """The child did not come to its end; the text says of what it took too much, or its words."""


def run_confined(
    module: str,
    function: str,
    arguments: Sequence[str],
    limits: Limits,
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Call a function of a module in a child, with the lines it prints; Stopped if it fails.

    The function must call `confine` before it reads anything from outside.
    """
    program = _PROGRAM.format(module=module, function=function)
    root = str(Path(__file__).resolve().parents[2])
    with (
        tempfile.TemporaryFile() as complaint,
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, **_QUIET, "PYTHONPATH": root},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaint,
        ) as child,
    ):
        try:
            code = _followed(child, limits, on_line)
        finally:
            child.kill()
        if code:
            complaint.seek(0)
            raise Stopped(_reason(code, complaint, limits))


def _followed(
    child: subprocess.Popen[bytes], limits: Limits, on_line: Callable[[str], None]
) -> int:
    """The exit code of a child that is watched to its end."""
    assert child.stdout is not None
    output = child.stdout.fileno()
    deadline = time.monotonic() + limits.wall_seconds
    unfinished = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(output, selectors.EVENT_READ)
        while waiting.select(max(0.0, deadline - time.monotonic())):
            if not (piece := os.read(output, 1 << 16)):
                break
            *lines, unfinished = (unfinished + piece).split(b"\n")
            for line in lines:
                on_line(line.decode())
    try:
        return child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        reason = f"it takes more than {limits.wall_seconds} s to read"
        raise Stopped(reason) from error


def _reason(code: int, complaint: IO[bytes], limits: Limits) -> str:
    lines = complaint.read().decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    if "MemoryError" in last or "memory allocation" in last:
        return f"it takes more than {limits.memory_bytes >> 20} MB of memory to read"
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return (
            f"its reader was stopped by signal {-code}, over {limits.seconds} s of processor time"
            f" or {limits.memory_bytes >> 20} MB of memory"
        )
    if code == -signal.SIGXFSZ or "File too large" in last:
        return f"it makes files of more than {_most_written(limits) >> 20} MB"
    if code < 0:
        return f"its reader was stopped by signal {-code}"
    return f"its reader says: {last[:500]}"


def _most_written(limits: Limits) -> int:
    """How large a file the child may make; its own complaint must always fit."""
    return max(4 * limits.file_bytes, 1 << 26)


def confine(limits: Limits, writable: Path, readable: Sequence[Path] = ()) -> None:
    """Take network, processes, other files and more than the limits from this process, for good.

    Files are read below `readable` and where Python itself lies, and written below `writable`.
    """
    os.nice(_NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    for which, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, _most_written(limits)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))
    package = Path(__file__).resolve().parents[1]
    own = (package, Path(sys.prefix), Path(sys.base_prefix), Path("/proc"))
    written = f"{writable.resolve()}{os.sep}"
    read = frozenset(str(each.resolve()) for each in (*own, *readable))
    below = tuple(f"{each}{os.sep}" for each in read)

    def refuse_file(path: str, flags: object) -> None:
        reads = isinstance(flags, int) and not flags & _WRITING
        if path.startswith(written) or path == os.devnull:
            return
        if not (reads and (path in read or path.startswith(below))):
            raise PermissionError(f"{path} is denied to the reader of ontologies")

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(_DENIED):
            raise PermissionError(f"{event} is denied to the reader of ontologies")
        if event == "open" and isinstance(path := arguments[0], (str, bytes)):
            refuse_file(os.path.realpath(os.fsdecode(path)), arguments[2])

    # An audit hook cannot be taken off again.
    sys.addaudithook(refuse)
