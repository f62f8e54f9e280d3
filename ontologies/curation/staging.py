"""New files beside those of the active release -> a release that is ready but used by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontologies.compiling import compile_ingredients, ingredient_of
from ontologies.curation import uploads
from ontologies.curation.records import Staging, note_staging, now
from ontologies.curation.uploads import Given
from ontologies.errors import (
    DamagedRelease,
    IncompleteBundle,
    MissingSource,
    RepeatedKind,
)
from ontologies.files.confinement import Limits
from ontologies.files.sources import Catalogue, Kind, Source, read_catalogue
from ontologies.library import active_release_id, data_directory, held
from ontologies.progress import Progress, silent
from ontologies.release import MANIFEST, Ingredient, Manifest, Release


@dataclass(frozen=True, slots=True)
class Staged:
    """A release that is ready; `is_new` unless it had been on this disk before."""

    release: Release
    is_new: bool


def stage(
    parts: Sequence[Given | Source],
    *,
    by: str,
    directory: Path | None = None,
    progress: Progress = silent,
    limits: Limits = Limits(),
) -> Staged:
    """The release of these files, with those of the active release for every kind not given.

    It is compiled unless it is there already, and it changes nothing for anybody. Several may
    stage at once: one works, the others wait. A file that cannot be used is an error that
    says why; several are `RefusedFiles`. A refused file is not kept.
    """
    directory = directory or data_directory()
    catalogue = read_catalogue()
    with held(directory):
        uploads.sweep(directory)
        try:
            return _stage(parts, by, catalogue, directory, progress, limits)
        finally:
            uploads.sweep(directory)


def _stage(
    parts: Sequence[Given | Source],
    by: str,
    catalogue: Catalogue,
    directory: Path,
    progress: Progress,
    limits: Limits,
) -> Staged:
    origins: dict[str, str] = {}
    chosen: dict[Kind, Ingredient] = {}
    for part in parts:
        ingredient, origin = _obtained(part, catalogue, directory, progress, limits)
        if ingredient.kind in chosen:
            raise RepeatedKind(ingredient.kind, origins[ingredient.kind], origin)
        chosen[ingredient.kind] = ingredient
        origins[ingredient.kind] = origin
    ingredients = _completed(chosen, directory)
    before = {path.name for path in (directory / "releases").glob("[!.]*/")}
    release = compile_ingredients(
        ingredients, directory, progress, limits, uploads.dated
    )
    release.verify()
    note_staging(release.release_id, Staging(by, now(), origins), directory)
    return Staged(release, release.release_id not in before)


def _obtained(
    part: Given | Source,
    catalogue: Catalogue,
    directory: Path,
    progress: Progress,
    limits: Limits,
) -> tuple[Ingredient, str]:
    """The ingredient, and in words where it came from."""
    if isinstance(part, Given):
        return uploads.keep(part, directory, catalogue, limits), part.called
    from ontologies.files.fetching import fetch  # an HTTP client is needed once only

    fetched = fetch(part, directory, progress)
    return ingredient_of(part, catalogue), f"{fetched.origin} {fetched.place}"


def _completed(chosen: dict[Kind, Ingredient], directory: Path) -> list[Ingredient]:
    """One ingredient of each kind, in their order."""
    missing = [kind for kind in Kind if kind not in chosen]
    taken = _active_ingredients(directory) if missing else {}
    if lacking := [kind for kind in missing if kind not in taken]:
        raise IncompleteBundle(lacking)
    for kind in missing:
        _require_content(taken[kind], directory)
    return [chosen.get(kind) or taken[kind] for kind in Kind]


def _active_ingredients(directory: Path) -> dict[Kind, Ingredient]:
    """Those of the active release, also of one that another version of this program compiled."""
    release_id = active_release_id(directory)
    if release_id is None:
        return {}
    folder = directory / "releases" / release_id
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedRelease(folder, f"{MANIFEST} is no use ({error})") from error
    return {each.kind: each for each in manifest.ingredients}


def _require_content(ingredient: Ingredient, directory: Path) -> None:
    from ontologies.files.fetching import sha256_of

    path = ingredient.path(directory)
    if not path.is_file():
        raise MissingSource(path, "is not")
    if sha256_of(path) != ingredient.sha256:
        raise MissingSource(path, "has been changed")
