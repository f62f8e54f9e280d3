"""A staged release that nobody wants -> gone from this disk, with the files only it was made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ontologies.compiling import SCRATCH
from ontologies.curation import records, uploads
from ontologies.durable import flush
from ontologies.errors import OntologyError, ReleaseWasActive
from ontologies.library import State, data_directory, folder_of, held, state_of
from ontologies.pointer import switching
from ontologies.release import MANIFEST, Ingredient, Manifest, Release


def discard(
    release_id: str,
    *,
    permit: Callable[[Release | None], None],
    directory: Path | None = None,
) -> None:
    """Remove a release that was never active, what is recorded of it, and its unshared files.

    `permit` is given the release, None for one that cannot be opened, while nobody else stages or
    switches; what it raises keeps the release. Raises `UnknownRelease`, `ReleaseWasActive`. Who
    is killed meanwhile leaves the release whole or gone.
    """
    directory = directory or data_directory()
    with held(directory), switching(directory):
        folder = folder_of(release_id, directory)
        state = state_of(release_id, directory)
        if state is not State.STAGED:
            raise ReleaseWasActive(release_id, state)
        permit(_opened(folder))
        for ingredient in _ingredients(folder):
            uploads.mark_unused(ingredient, directory)
        gone = folder.with_name(f"{SCRATCH}discarded-{release_id}")
        folder.rename(gone)
        flush(folder.parent)
        records.remove_record(release_id, directory)
        uploads.sweep(directory)
        shutil.rmtree(gone, ignore_errors=True)


def _opened(folder: Path) -> Release | None:
    try:
        return Release.open(folder)
    except OntologyError:
        return None


def _ingredients(folder: Path) -> tuple[Ingredient, ...]:
    """The files it was made from; none that are known where that cannot be read."""
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return manifest.ingredients
