"""The release that a kept ranking names, also where it was compiled again since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from matcher.storage.kept_rows import Basis
from ontologies.errors import OntologyError, OutdatedRelease, UnknownRelease
from ontologies.library import open_release
from ontologies.release import Release

_TERMS = "ontology/"


def sources_of(release: Release) -> Mapping[str, str]:
    """The SHA-256 of each source file of a release, by its kind."""
    return {str(each.kind): each.sha256 for each in release.manifest.ingredients}


def term_rows_of(release: Release) -> str:
    """What only a release has that gives every term the same row; panels are made of rows."""
    files = sorted(release.manifest.files.items())
    terms = [each for each in files if each[0].startswith(_TERMS)]
    return hashlib.sha256(json.dumps(terms).encode()).hexdigest()


def release_of(basis: Basis, directory: Path) -> Release:
    """The release of a basis, or one that was compiled from the same files with the same rows.

    A newer program gives the same files another id. Raises what says why neither is there.
    """
    try:
        return open_release(basis.release_id, directory=directory)
    except (UnknownRelease, OutdatedRelease):
        for release in _usable(directory):
            if is_replayed_with(basis, release.release_id, release):
                return release
        raise


def is_replayed_with(basis: Basis, release_id: str, release: Release | None) -> bool:
    """Whether a ranking of this basis names a release, or may be computed again with it.

    `release` is None for one that cannot be opened.
    """
    if basis.release_id == release_id:
        return True
    wanted = (dict(basis.sources), basis.term_rows)
    return (
        release is not None and (sources_of(release), term_rows_of(release)) == wanted
    )


def _usable(directory: Path) -> Iterator[Release]:
    for folder in sorted((directory / "releases").glob("[!.]*/")):
        try:
            yield Release.open(folder)
        except OntologyError:
            continue
