"""What the annotation file of a release says in its own words, before ids were resolved."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ontologies.files.hpoa import COLUMNS
from ontologies.files.sources import Kind
from ontologies.release import Release

_TERM = COLUMNS.index("hpo_id")


def annotated_ids(release: Release, directory: Path) -> frozenset[str]:
    """The term ids in the file the release was made from; none where it is not on this disk.

    Its format was checked when the release was compiled.
    """
    (path,) = (
        each.path(directory)
        for each in release.manifest.ingredients
        if each.kind is Kind.ANNOTATIONS
    )
    if not path.is_file():
        return frozenset()
    with _opened(path) as lines:
        return frozenset(_ids(lines))


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _ids(lines: TextIO) -> Iterator[str]:
    for line in lines:
        cells = line.split("\t", _TERM + 1)
        if not line.startswith("#") and len(cells) > _TERM and ":" in cells[_TERM]:
            yield cells[_TERM]
