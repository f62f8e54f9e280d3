"""One immutable edition of everything that scores depend on, compiled once, opened in no time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ontologies.annotations import DiseaseAnnotations
from ontologies.diseases import DiseaseTable
from ontologies.errors import DamagedRelease, OutdatedRelease
from ontologies.genes import GeneTable
from ontologies.information_content import InformationContent
from ontologies.words.index import NameIndex
from ontologies.ontology import Ontology
from ontologies.files.sources import Kind, Source, kept_path

if TYPE_CHECKING:
    from ontologies.lookup import TermLookup

# Raise the number of a component when what it computes or writes changes.
FORMATS: Mapping[str, int] = MappingProxyType(
    {
        "ontology": 1,
        "annotations": 1,
        "information_content": 1,
        "genes": 1,
        "diseases": 2,
        "names": 1,
    }
)
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A source file as it went into a release."""

    kind: Kind
    file: str
    release: str
    licence: str
    licence_url: str
    acknowledgement: str
    size: int
    sha256: str

    def path(self, directory: Path) -> Path:
        """Where the file is kept, as it came, below the data directory."""
        return kept_path(directory, self.sha256, self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a release was made from and what its files must be.

    `files` has the SHA-256 of each compiled file by its path in the release. `findings` are
    oddities of the source files that did not keep them from being used.
    """

    release_id: str
    formats: Mapping[str, int]
    ingredients: tuple[Ingredient, ...]
    files: Mapping[str, str]
    findings: tuple[str, ...]

    def to_json(self) -> str:
        """The manifest with a checksum over itself."""
        content = asdict(self)
        return json.dumps({"checksum": _checksum(content), **content}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest that `to_json` wrote; ValueError or KeyError if it was changed."""
        content = json.loads(text)
        if content.pop("checksum") != _checksum(content):
            raise ValueError("its checksum is not that of its content")
        ingredients = (
            Ingredient(**{**row, "kind": Kind(row["kind"])})
            for row in content["ingredients"]
        )
        content["ingredients"] = tuple(ingredients)
        content["findings"] = tuple(content["findings"])
        return cls(**content)


def _checksum(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def release_id_of(bundle: Sequence[Source] | Sequence[Ingredient]) -> str:
    """16 hexadecimal digits that stand for these files and for how they are compiled."""
    sources = {source.kind: source.sha256 for source in bundle}
    return _checksum({"formats": dict(FORMATS), "sources": sources})[:16]


class Release:
    """One edition of the ontology, its annotations, the genes and the diseases.

    Parts are opened when first asked for. Each is compared with its recorded SHA-256 then, so
    that damage is a DamagedRelease and never a wrong score.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.release_id = manifest.release_id
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> Release:
        """The release in a folder; DamagedRelease or OutdatedRelease if it is of no use."""
        try:
            manifest = Manifest.from_json((folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedRelease(folder, f"{MANIFEST} is no use ({error})") from error
        if dict(manifest.formats) != dict(FORMATS):
            raise OutdatedRelease(manifest.release_id)
        return cls(folder, manifest)

    @property
    def versions(self) -> Mapping[str, str]:
        """The release of each source file, by its kind."""
        return {str(each.kind): each.release for each in self.manifest.ingredients}

    @property
    def acknowledgements(self) -> tuple[str, ...]:
        """The sentences that the licences ask to be shown."""
        sentences = (each.acknowledgement for each in self.manifest.ingredients)
        return tuple(dict.fromkeys(sentences))

    @cached_property
    def ontology(self) -> Ontology:
        """The terms."""
        return Ontology.open(self._part("ontology"))

    @cached_property
    def annotations(self) -> DiseaseAnnotations:
        """The signs of the diseases."""
        return DiseaseAnnotations.open(self._part("annotations"), self.ontology)

    @cached_property
    def information_content(self) -> InformationContent:
        """How much each term tells."""
        return InformationContent.open(self._part("information_content"), self.ontology)

    @cached_property
    def genes(self) -> GeneTable:
        """The genes and the diseases they cause."""
        return GeneTable.open(self._part("genes"))

    @cached_property
    def diseases(self) -> DiseaseTable:
        """The names of the diseases."""
        return DiseaseTable.open(self._part("diseases"))

    @cached_property
    def names(self) -> NameIndex:
        """The words of the names of the terms."""
        return NameIndex.open(self._part("names"))

    @cached_property
    def lookup(self) -> TermLookup:
        """The search over the names of the terms."""
        from ontologies.lookup import TermLookup  # most who open a release never search

        return TermLookup(self.ontology, self.annotations, index=self.names)

    def verify(self) -> None:
        """DamagedRelease unless every file is what was written."""
        for name in FORMATS:
            self._part(name)

    @property
    def size(self) -> int:
        """What the compiled files take on the disk, in bytes."""
        return sum((self.folder / name).stat().st_size for name in self.manifest.files)

    def _part(self, name: str) -> Path:
        for file, digest in self.manifest.files.items():
            if not file.startswith(f"{name}/"):
                continue
            try:
                content = (self.folder / file).read_bytes()
            except OSError as error:
                raise DamagedRelease(self.folder, f"{file} cannot be read") from error
            if hashlib.sha256(content).hexdigest() != digest:
                raise DamagedRelease(self.folder, f"{file} has been changed")
        return self.folder / name
