"""Source files -> one release, made in a confined child process and put in its place at once."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException

from ontologies.annotations import DiseaseAnnotations, build_annotations
from ontologies.diseases import build_diseases
from ontologies.durable import place_folder
from ontologies.errors import OntologyError, RefusedFiles, UnreadableFile
from ontologies.files.confinement import Limits, Stopped, confine, run_confined
from ontologies.files.formats import EXPECTED, plain_text
from ontologies.files.loading import read_ontology
from ontologies.files.refusals import from_plain, to_plain
from ontologies.files.sources import Catalogue, Kind, Source
from ontologies.genes import build_genes
from ontologies.information_content import build_information_content
from ontologies.ontology import Ontology
from ontologies.progress import Progress, silent
from ontologies.release import FORMATS, MANIFEST, Ingredient, Manifest, Release
from ontologies.release import release_id_of
from ontologies.words.term_names import index_terms

SCRATCH = ".compiling-"
_OUTCOME = "outcome.json"
_UNPACKED = "unpacked"
_COMPILED = "compiled"
_ORPHANET_DATE = re.compile(rb"<JDBOR[^>]*\bdate=\"([0-9-]{10})")
_ORPHANET_ID = b"<OrphaCode>"
_HGNC_DATE = "date_modified"
# Which file is being read while a part is made.
_READ_FOR = {
    "ontology": Kind.HPO,
    "annotations": Kind.ANNOTATIONS,
    "genes": Kind.GENES,
    "diseases": Kind.DISEASES,
}
# What the readers of tables and XML raise about a file that is not what it should be.
_ABOUT_THE_FILE = (
    csv.Error,
    DefusedXmlException,
    IndexError,
    KeyError,
    OverflowError,
    ParseError,
    RecursionError,
    TypeError,
    ValueError,
)

T = TypeVar("T")


def compile_release(
    bundle: Sequence[Source],
    catalogue: Catalogue,
    directory: Path,
    progress: Progress = silent,
) -> Release:
    """The release of a bundle whose files are on the disk; made unless it is already there."""
    ingredients = [ingredient_of(source, catalogue) for source in bundle]
    return compile_ingredients(ingredients, directory, progress)


def ingredient_of(source: Source, catalogue: Catalogue) -> Ingredient:
    """A pinned source as it goes into a release."""
    licence = catalogue.licences[source.licence]
    return Ingredient(
        kind=source.kind,
        file=source.file,
        release=source.release,
        licence=licence.name,
        licence_url=licence.url,
        acknowledgement=licence.acknowledgement.format(release=source.release),
        size=source.size,
        sha256=source.sha256,
    )


def compile_ingredients(
    ingredients: Sequence[Ingredient],
    directory: Path,
    progress: Progress = silent,
    limits: Limits = Limits(),
    dated: Callable[[Ingredient, str], Ingredient] = lambda each, date: each,
) -> Release:
    """The release of files that are on the disk; made unless it is already there.

    `dated` is given each ingredient with the release that its file says it is of, empty where
    it says nothing. What is wrong with a file is raised as the error of that file, and what is
    wrong with several as `RefusedFiles`.
    """
    releases = directory / "releases"
    folder = releases / release_id_of(ingredients)
    if folder.exists():
        return Release.open(folder)
    releases.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=releases))
    try:
        outcome = _outcome(ingredients, directory, scratch, progress, limits)
        found = outcome["releases"]
        ready = scratch / _COMPILED
        manifest = Manifest(
            release_id=release_id_of(ingredients),
            formats=dict(FORMATS),
            ingredients=tuple(dated(each, found[each.kind]) for each in ingredients),
            files=dict(_digests(ready)),
            findings=tuple(outcome["findings"]),
        )
        (ready / MANIFEST).write_text(manifest.to_json(), "utf-8")
        ready.chmod(0o755)
        place_folder(ready, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Release.open(folder)


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield path.relative_to(folder).as_posix(), digest


def _outcome(
    ingredients: Sequence[Ingredient],
    directory: Path,
    scratch: Path,
    progress: Progress,
    limits: Limits,
) -> dict[str, Any]:
    """What the child found out about files that can all be used."""
    paths = {str(each.kind): str(each.path(directory)) for each in ingredients}
    done: list[str] = []

    def follow(part: str) -> None:
        progress(f"compile {part.replace('_', ' ')}", len(done), len(FORMATS))
        done.append(part)

    arguments = [json.dumps(paths), str(scratch), limits.to_json()]
    try:
        run_confined(__name__, run_child.__name__, arguments, limits, follow)
    except Stopped as error:
        kind = _READ_FOR.get(done[-1], Kind.HPO) if done else Kind.HPO
        raise UnreadableFile(Path(paths[kind]), str(error), EXPECTED[kind]) from error
    outcome: dict[str, Any] = json.loads((scratch / _OUTCOME).read_text("utf-8"))
    if refusals := [from_plain(each) for each in outcome["refusals"]]:
        raise refusals[0] if len(refusals) == 1 else RefusedFiles(refusals)
    progress("compiled", len(FORMATS), len(FORMATS))
    return outcome


def run_child(arguments: list[str]) -> None:
    """Compile the files of the first argument into the folder of the second; only in a child."""
    paths = {Kind(kind): Path(path) for kind, path in json.loads(arguments[0]).items()}
    scratch, limits = Path(arguments[1]), Limits.from_json(arguments[2])
    confine(limits, writable=scratch, readable=tuple(paths.values()))
    (scratch / _UNPACKED).mkdir()
    compilation = Compilation(paths, scratch, limits)
    compilation.run()
    outcome = {
        "refusals": [to_plain(error) for error in compilation.refusals],
        "findings": compilation.findings,
        "releases": compilation.releases,
    }
    (scratch / _OUTCOME).write_text(json.dumps(outcome), "utf-8")


@dataclass(slots=True)
class Compilation:
    """The parts of a release, each made unless what it needs was refused."""

    paths: Mapping[Kind, Path]
    scratch: Path
    limits: Limits
    refusals: list[OntologyError] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=lambda: dict.fromkeys(Kind, ""))

    def run(self) -> None:
        """Make every part, or note why a file is refused; one refusal hides no other."""
        ontology = self._part("ontology", self._ontology)
        annotations = self._part("annotations", lambda: self._annotations(ontology))
        if ontology and annotations:
            content = build_information_content(ontology, annotations)
            content.save(self._folder("information_content"))
        self._part("genes", self._genes)
        self._part("diseases", lambda: self._diseases(annotations))
        if ontology:
            index_terms(ontology).save(self._folder("names"))

    def _folder(self, part: str) -> Path:
        print(part, flush=True)
        return self.scratch / _COMPILED / part

    def _part(self, part: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except OntologyError as error:
            self.refusals.append(error)
        except _ABOUT_THE_FILE as error:
            kind = _READ_FOR[part]
            words = f"it is not built as it should be ({_in_words(error)})"
            self.refusals.append(
                UnreadableFile(self.paths[kind], words, EXPECTED[kind])
            )
        return None

    def _text(self, kind: Kind) -> Path:
        return plain_text(self.paths[kind], kind, self.scratch / _UNPACKED, self.limits)

    def _ontology(self) -> Ontology:
        folder = self._folder("ontology")
        loaded = read_ontology(
            self.paths[Kind.HPO], self.scratch / _UNPACKED, self.limits
        )
        self.findings += map(str, loaded.findings)
        self.releases[Kind.HPO] = loaded.ontology.version
        loaded.ontology.save(folder)
        return loaded.ontology

    def _annotations(self, ontology: Ontology | None) -> DiseaseAnnotations | None:
        folder = self._folder("annotations")
        path = self._text(Kind.ANNOTATIONS)
        if ontology is None:
            # Whether the file keeps to its format can be said all the same.
            from ontologies.files.hpoa import read_hpoa

            read_hpoa(path)
            return None
        annotations = build_annotations(path, ontology)
        self.findings += annotations.lost
        self.releases[Kind.ANNOTATIONS] = annotations.version
        annotations.save(folder)
        return annotations

    def _genes(self) -> None:
        folder = self._folder("genes")
        hgnc, disease_genes = self._text(Kind.GENES), self._text(Kind.DISEASE_GENES)
        table = build_genes(hgnc, disease_genes)
        if not len(table):
            reason = "it has no approved gene"
            raise UnreadableFile(hgnc, reason, EXPECTED[Kind.GENES])
        self.releases[Kind.GENES] = _last_change(hgnc)
        table.save(folder)

    def _diseases(self, annotations: DiseaseAnnotations | None) -> None:
        folder = self._folder("diseases")
        path = self._text(Kind.DISEASES)
        table = build_diseases(path, annotations or _NoDiseases())
        content = path.read_bytes()
        if _ORPHANET_ID not in content:
            reason = "it has no disease"
            raise UnreadableFile(path, reason, EXPECTED[Kind.DISEASES])
        stated = _ORPHANET_DATE.search(content[:4096])
        self.releases[Kind.DISEASES] = stated[1].decode() if stated else ""
        table.save(folder)


@dataclass(frozen=True, slots=True)
class _NoDiseases:
    """Stands where the annotations were refused."""

    disease_ids: Sequence[str] = ()
    disease_names: Sequence[str] = ()


def _in_words(error: Exception) -> str:
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _last_change(hgnc: Path) -> str:
    """The day of the last change in HGNC's table, which states no release."""
    with hgnc.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return max((row.get(_HGNC_DATE) or "" for row in rows), default="")
