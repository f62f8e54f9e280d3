"""What hpo3, the fastest public peer, answers to the same questions from the same files.

It runs in an environment of its own, made at first use from the package registry.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ontologies.library import data_directory

if TYPE_CHECKING:
    from ontologies import Release

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

PACKAGE = "hpo3==1.5.1"
MEASURES = {
    "hpo3 resnik pooled": ("resnik", "BMA"),
    "hpo3 resnik mean": ("resnik", "funSimAvg"),
    "hpo3 graphic pooled": ("graphic", "BMA"),
}
# Few enough pairs for one message.
QUERIES_AT_ONCE = 16
FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")


class PeerEnded(Exception):
    """A peer that broke off. Its own words are on stderr."""

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} ended without an answer; it says why above.")


class Hpo3:
    """A running hpo3 that knows the profiles."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def scores(self, name: str, queries: Positions) -> Floats:
        """Scores of one of the measures for queries against all profiles: [query, profile]."""
        method, combine = MEASURES[name]
        rows: list[list[float]] = []
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            part = queries[start : start + QUERIES_AT_ONCE].tolist()
            rows += self._ask({"method": method, "combine": combine, "queries": part})
        return np.array(rows)

    def _ask(self, message: dict[str, Any]) -> list[list[float]]:
        self._send(message)
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise PeerEnded(PACKAGE)
        rows: list[list[float]] = json.loads(answer)
        return rows

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(message), file=self._process.stdin, flush=True)

    @classmethod
    @contextmanager
    def running(
        cls, release: Release, profiles: Sequence[Sequence[str]]
    ) -> Iterator[Hpo3]:
        """Start hpo3 on the files that the release was compiled from, and end it."""
        script = Path(__file__).with_name("hpo3_scores.py")
        with tempfile.TemporaryDirectory() as folder:
            _link_sources(release, Path(folder))
            with subprocess.Popen(
                [environment(PACKAGE), script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                peer = cls(process)
                peer._send({"data": folder, "profiles": profiles})
                yield peer


def environment(package: str) -> Path:
    """The Python of an environment that holds the package, made if it is not there."""
    folder = data_directory() / "peers" / package
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", package]
        subprocess.run([python, *install], check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return python


def _link_sources(release: Release, folder: Path) -> None:
    sources = release.folder.parents[1] / "sources"
    for each in release.manifest.ingredients:
        if each.file in FILES:
            (folder / each.file).symlink_to(sources / each.sha256 / each.file)
