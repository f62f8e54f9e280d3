"""A Python for a peer whose libraries do not go together with ours, made once for all tests."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from ontologies.library import data_directory


def python_with(name: str, locks: Sequence[Path]) -> Path:
    """The Python of an environment that holds these hash-pinned locks, one after the other.

    It stands with the peers of the benchmarks, below the data directory. Whichever process
    comes first makes it; the others wait for that one.
    """
    folder = data_directory() / "peers" / f"{name}-{_stamp(locks)}"
    complete = folder / "complete"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not complete.exists():
            venv.create(folder, clear=True, with_pip=True)
            for lock in locks:
                _install(folder / "bin" / "python", lock)
            complete.touch()
    return folder / "bin" / "python"


def _stamp(locks: Sequence[Path]) -> str:
    """Names what the environment is made of, so that another lock makes another one."""
    parts = [sys.version.encode(), *(lock.read_bytes() for lock in locks)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _install(python: Path, lock: Path) -> None:
    # Without isolation nothing is built with a tool that no lock names.
    pinned = ["--no-deps", "--require-hashes", "--no-build-isolation", "-r", str(lock)]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    made = subprocess.run(
        [*pip, "--disable-pip-version-check", *pinned],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert made.returncode == 0, made.stdout
