"""A file from outside, kept as it came under the hash of its content, until a release needs it."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from ontologies.compiling import ingredient_of
from ontologies.durable import flush
from ontologies.errors import OntologyError, UnreadableFile
from ontologies.files.confinement import Limits
from ontologies.files.formats import ANY_EXPECTED, Recognised, recognise, shown_name
from ontologies.files.sources import Catalogue, Kind
from ontologies.release import MANIFEST, Ingredient, Manifest

_SCRATCH = ".uploading-"
# Stands beside a kept file while it is not known whether a release was made from it.
_UNUSED = ".unused"
_PIECE = 1 << 20
_LICENCES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.HPO: "hpo-given",
        Kind.ANNOTATIONS: "hpo-given",
        Kind.GENES: "cc0",
        Kind.DISEASE_GENES: "hpo-genes",
        Kind.DISEASES: "cc-by",
    }
)


@dataclass(frozen=True, slots=True)
class Given:
    """A file from outside. `name` is what it was called, `release` of when its giver says it is."""

    path: Path
    name: str = ""
    release: str = ""

    @property
    def called(self) -> str:
        """Its name as it may be shown and kept: of printable characters, of no folder."""
        return shown_name(self.name or self.path.name)


def keep(
    given: Given, directory: Path, catalogue: Catalogue, limits: Limits
) -> Ingredient:
    """The file as an ingredient, copied to its place; the caller holds the library.

    A pinned source is recognised by its content. Of anything else the release is not known
    before it is read. UnreadableFile for what is no file or none that a release is made from.
    """
    sources = directory / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    copy, sha256, size = _copied(given, sources, limits)
    try:
        found = recognise(copy, given.called)
        for source in catalogue.sources.values():
            if source.sha256 == sha256:
                _place(copy, source.path(directory))
                return ingredient_of(source, catalogue)
        ingredient = _ingredient(found, given, catalogue, size, sha256)
        _place(copy, ingredient.path(directory))
        return ingredient
    finally:
        copy.unlink(missing_ok=True)


def _copied(given: Given, folder: Path, limits: Limits) -> tuple[Path, str, int]:
    """A copy of the bytes with their SHA-256 and count."""
    digest = hashlib.sha256()
    size = 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_SCRATCH, delete=False) as copy:
        for piece in _bytes_of(given):
            size += len(piece)
            if size > limits.file_bytes:
                os.unlink(copy.name)
                reason = f"it has more than {limits.file_bytes} bytes"
                raise UnreadableFile(Path(given.called), reason, ANY_EXPECTED)
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    os.chmod(copy.name, 0o644)
    return Path(copy.name), digest.hexdigest(), size


def _bytes_of(given: Given) -> Iterator[bytes]:
    try:
        # Neither a link nor a pipe: the one leads elsewhere, the other may never end.
        descriptor = os.open(
            given.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except (OSError, ValueError) as error:
        reason = f"it is a link, or cannot be opened ({_words(error)})"
        raise UnreadableFile(Path(given.called), reason, ANY_EXPECTED) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        reason = "it is no plain file"
        raise UnreadableFile(Path(given.called), reason, ANY_EXPECTED)
    with os.fdopen(descriptor, "rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _ingredient(
    found: Recognised, given: Given, catalogue: Catalogue, size: int, sha256: str
) -> Ingredient:
    licence = catalogue.licences[_LICENCES[found.kind]]
    return Ingredient(
        kind=found.kind,
        file=found.file,
        release=given.release,
        licence=licence.name,
        licence_url=licence.url,
        acknowledgement=licence.acknowledgement,
        size=size,
        sha256=sha256,
    )


def _place(copy: Path, path: Path) -> None:
    """Move a copy to its place, marked as not used yet if it was not there before."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / _UNUSED).touch()
    copy.rename(path)
    flush(path.parent)


def dated(ingredient: Ingredient, found: str) -> Ingredient:
    """The ingredient with the release that its file says it is of, or else its giver says.

    UnreadableFile where neither says one, or where they contradict each other.
    """
    stated = ingredient.release
    path = Path(ingredient.file)
    if "{release}" not in ingredient.acknowledgement:
        return ingredient  # pinned, or of a release that is there already
    if stated and found and stated != found:
        reason = f"it says it is of {found}, not of {stated}"
        raise UnreadableFile(path, reason, f"Right is to name {found} or nothing.")
    if not _is_date(stated or found):
        reason = f"it does not say of which release it is ({(stated or found)!r})"
        expected = "Right is to name its date beside it, such as 2026-06-06."
        raise UnreadableFile(path, reason, expected)
    sentence = ingredient.acknowledgement.format(release=stated or found)
    return replace(ingredient, release=stated or found, acknowledgement=sentence)


def _is_date(text: str) -> bool:
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    lengths = (len(year), len(month), len(day))
    return lengths == (4, 2, 2) and f"{year}{month}{day}".isdecimal()


def mark_unused(ingredient: Ingredient, directory: Path) -> None:
    """Let the next sweep remove a file unless a release was made from it."""
    path = ingredient.path(directory)
    if path.is_file():
        (path.parent / _UNUSED).touch()


def sweep(directory: Path) -> None:
    """Remove marked files that no release was made from; the caller holds the library."""
    sources = directory / "sources"
    for left in sources.glob(f"{_SCRATCH}*"):
        left.unlink(missing_ok=True)
    marks = list(sources.glob(f"*/{_UNUSED}"))
    if not marks:
        return
    try:
        used = _used(directory)
    except (OntologyError, OSError, ValueError, KeyError, TypeError):
        return  # what a damaged release was made from is not known, so nothing is removed
    for mark in marks:
        if mark.parent.name not in used:
            for path in mark.parent.iterdir():
                if path != mark:
                    path.unlink()
            # Last, so that a sweep that is killed is done again.
            mark.unlink()
            mark.parent.rmdir()
        else:
            mark.unlink()


def _used(directory: Path) -> frozenset[str]:
    """The hashes of the files that the releases on this disk were made from."""
    texts = (
        path.read_text("utf-8") for path in directory.glob(f"releases/[!.]*/{MANIFEST}")
    )
    manifests = map(Manifest.from_json, texts)
    return frozenset(each.sha256 for m in manifests for each in m.ingredients)
