"""Which files a release is made from: release, licence, size, SHA-256, and where each is."""

from __future__ import annotations

import enum
import tomllib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from ontologies.errors import InvalidCatalogue, UnknownBundle

CURRENT = "current"


class Kind(enum.StrEnum):
    """What a source tells. A release has one source of each."""

    HPO = "hpo"
    ANNOTATIONS = "annotations"
    GENES = "genes"
    DISEASE_GENES = "disease_genes"
    DISEASES = "diseases"


def kept_path(directory: Path, sha256: str, file: str) -> Path:
    """Where a file of this content is kept below the data directory."""
    return directory / "sources" / sha256 / file


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """On what condition a file may be used. `{release}` in the acknowledgement is its release."""

    name: str
    url: str
    acknowledgement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file, pinned. `size` is in bytes; `package` reads NAME==VERSION."""

    name: str
    kind: Kind
    file: str
    release: str
    licence: str
    size: int
    sha256: str
    address: str
    package: str
    member: str
    rolling: bool = False

    def path(self, directory: Path) -> Path:
        """Where the file is kept below the data directory."""
        return kept_path(directory, self.sha256, self.file)

    @property
    def host(self) -> str:
        """The publisher's host."""
        return urllib.parse.urlsplit(self.address).netloc


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known source and the bundles that releases are compiled from.

    `latest` has the address where the publisher of each kind keeps what is newest.
    """

    licences: Mapping[str, Licence]
    sources: Mapping[str, Source]
    bundles: Mapping[str, tuple[Source, ...]]
    latest: Mapping[Kind, str] = field(default_factory=dict)

    def named(self, name: str) -> tuple[Source, ...]:
        """The sources of a bundle, or the one source of that name."""
        if name in self.sources:
            return (self.sources[name],)
        return self.bundle(name)

    def bundle(self, name: str = CURRENT) -> tuple[Source, ...]:
        """The sources of a bundle, one of each kind in the order of `Kind`."""
        if name not in self.bundles:
            raise UnknownBundle(name, tuple(self.bundles))
        return self.bundles[name]


def read_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in a TOML file; without one, that of this program."""
    path = path or Path(__file__).with_name("sources.toml")
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        licences = {key: Licence(**row) for key, row in content["licences"].items()}
        sources = {key: _source(key, row) for key, row in content["sources"].items()}
        bundles = {
            key: tuple(sources[name] for name in names)
            for key, names in content["bundles"].items()
        }
        latest = {Kind(key): str(v) for key, v in content.get("latest", {}).items()}
    except KeyError as error:
        raise InvalidCatalogue(path, f"{error} is not there") from error
    except (OSError, TypeError, ValueError) as error:
        raise InvalidCatalogue(path, str(error)) from error
    catalogue = Catalogue(licences, sources, bundles, latest)
    _check(catalogue, path)
    return catalogue


def _source(name: str, row: dict[str, object]) -> Source:
    known = {field.name for field in fields(Source)}
    if unknown := sorted(row.keys() - known):
        raise ValueError(f"{name} has the unknown key {unknown[0]!r}")
    values = {**row, "name": name, "kind": Kind(str(row["kind"]))}
    return Source(**values)  # type: ignore[arg-type]  # TypeError where one is missing


def _check(catalogue: Catalogue, path: Path) -> None:
    for source in catalogue.sources.values():
        if source.licence not in catalogue.licences:
            raise InvalidCatalogue(
                path, f"the licence of {source.name} is not described"
            )
        if not source.address.startswith("https://"):
            raise InvalidCatalogue(
                path, f"the address of {source.name} is not an https one"
            )
    for name, bundle in catalogue.bundles.items():
        if [source.kind for source in bundle] != list(Kind):
            kinds = ", ".join(Kind)
            raise InvalidCatalogue(path, f"bundle {name!r} has not one each of {kinds}")
