"""Which source a file is, by how it begins, and its content unpacked and checked as text."""

from __future__ import annotations

import codecs
import enum
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from ontologies.errors import UnreadableFile
from ontologies.files.confinement import Limits
from ontologies.files.sources import Kind

_GZIP = b"\x1f\x8b"
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf": "a 7z archive",
}
_SEEN_BYTES = 4096
_PIECE = 1 << 20
_MOST_IN_LINE = 1 << 16
_WIDE = ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))

EXPECTED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.HPO: "Right is hp.obo, hp.json or hp.owl of an HPO release, as it is or gzipped.",
        Kind.ANNOTATIONS: "Right is phenotype.hpoa of an HPO release, as it is or gzipped.",
        Kind.GENES: "Right is HGNC's hgnc_complete_set.txt, as it is or gzipped.",
        Kind.DISEASE_GENES: (
            "Right is genes_to_phenotype.txt of an HPO release, as it is or gzipped."
        ),
        Kind.DISEASES: "Right is Orphanet's en_product1.xml, as it is or gzipped.",
    }
)
ANY_EXPECTED = (
    "Right is an ontology (hp.obo, hp.json, hp.owl), phenotype.hpoa, hgnc_complete_set.txt,"
    " genes_to_phenotype.txt or en_product1.xml, each as it is or gzipped."
)


class Form(enum.StrEnum):
    """How a file is written; the value is how its name ends."""

    OBO = "obo"
    OBO_JSON = "json"
    OWL = "owl"
    HPOA = "hpoa"
    TABLE = "txt"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is by its first bytes."""

    kind: Kind
    form: Form
    is_gzipped: bool

    @property
    def file(self) -> str:
        """The name it is kept under, whatever it was called."""
        stem = {
            Kind.HPO: "hp",
            Kind.ANNOTATIONS: "phenotype",
            Kind.GENES: "hgnc_complete_set",
            Kind.DISEASE_GENES: "genes_to_phenotype",
            Kind.DISEASES: "en_product1",
        }[self.kind]
        return f"{stem}.{self.form}{'.gz' if self.is_gzipped else ''}"


# What the first bytes hold -> what the file is; the first that fits.
_BEGINNINGS: tuple[tuple[re.Pattern[bytes], Kind, Form], ...] = (
    (re.compile(rb"format-version:|\[Term\]"), Kind.HPO, Form.OBO),
    (re.compile(rb"\{"), Kind.HPO, Form.OBO_JSON),
    (re.compile(rb"<[\s\S]*<JDBOR\b|<JDBOR\b"), Kind.DISEASES, Form.XML),
    (re.compile(rb"<\?xml|<rdf:RDF|<Ontology|<!DOCTYPE"), Kind.HPO, Form.OWL),
    (re.compile(rb"hgnc_id\t"), Kind.GENES, Form.TABLE),
    (re.compile(rb"(?:#?\w+\t)?ncbi_gene_id\t"), Kind.DISEASE_GENES, Form.TABLE),
    (re.compile(rb"#|database_id\t"), Kind.ANNOTATIONS, Form.HPOA),
)
_SAID_BY_NAME = {
    ".obo": Form.OBO,
    ".json": Form.OBO_JSON,
    ".owl": Form.OWL,
    ".hpoa": Form.HPOA,
    ".xml": Form.XML,
}


def recognise(path: Path, name: str = "") -> Recognised:
    """What a file is; `name` is what it was called before it was kept.

    UnreadableFile for what no release is made from and for a name that says another format.
    """
    called = Path(shown_name(name or path.name))
    with path.open("rb") as stream:
        start = stream.read(_SEEN_BYTES)
    is_gzipped = start.startswith(_GZIP)
    if is_gzipped:
        start = _first_unpacked(start, called)
    found = _by_beginning(start, called)
    said = _SAID_BY_NAME.get(Path(called.name.removesuffix(".gz")).suffix.lower())
    if said is not None and said is not found[1]:
        reason = f"it is called .{said} but begins as .{found[1]}"
        raise UnreadableFile(called, reason, EXPECTED[found[0]])
    return Recognised(*found, is_gzipped)


def shown_name(name: str) -> str:
    """The last part of a name, of printable characters, as it may be shown."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(c if c.isprintable() else "?" for c in last)[:100] or "the file"


def _by_beginning(start: bytes, called: Path) -> tuple[Kind, Form]:
    for magic, what in _ARCHIVES.items():
        if start.startswith(magic):
            raise UnreadableFile(called, f"it is {what}", ANY_EXPECTED)
    if start.startswith(_GZIP):
        raise UnreadableFile(called, "it is gzipped twice", ANY_EXPECTED)
    for mark, encoding in _WIDE:
        if start.startswith(mark):
            raise UnreadableFile(called, f"it is {encoding}, not UTF-8", ANY_EXPECTED)
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    for beginning, kind, form in _BEGINNINGS:
        if beginning.match(text):
            return kind, form
    reason = "it is empty" if not text else "its first line is of no such file"
    raise UnreadableFile(called, reason, ANY_EXPECTED)


def _first_unpacked(start: bytes, called: Path) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(start, _SEEN_BYTES)
    except zlib.error as error:
        raise UnreadableFile(
            called, f"it is damaged ({error})", ANY_EXPECTED
        ) from error


def plain_text(path: Path, kind: Kind, folder: Path, limits: Limits) -> Path:
    """The file itself or, where it is gzipped, its content in `folder`; checked to be text.

    UnreadableFile for damage, for too much content, for what is not UTF-8, for NUL bytes.
    """
    with path.open("rb") as stream:
        is_gzipped = stream.read(2) == _GZIP
    pieces = _unpacked(path, kind) if is_gzipped else _as_it_is(path)
    checked = _checked(pieces, path, kind, limits)
    if not is_gzipped:
        for _ in checked:
            pass
        return path
    target = folder / path.name.removesuffix(".gz")
    with target.open("wb") as stream:
        stream.writelines(checked)
    return target


def _as_it_is(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _unpacked(path: Path, kind: Kind) -> Iterator[bytes]:
    """The content of every member of a gzip file, piece by piece."""
    with path.open("rb") as stream:
        waiting = stream.read(_PIECE)
        while waiting:
            member = zlib.decompressobj(31)
            while not member.eof:
                try:
                    yield member.decompress(waiting, _PIECE)
                except zlib.error as error:
                    reason = f"its gzip data is damaged ({error})"
                    raise UnreadableFile(path, reason, EXPECTED[kind]) from error
                waiting = member.unconsumed_tail
                if not waiting and not member.eof:
                    waiting = stream.read(_PIECE)
                    if not waiting:
                        reason = "its gzip data ends before the end"
                        raise UnreadableFile(path, reason, EXPECTED[kind])
            waiting = member.unused_data or stream.read(_PIECE)


def _checked(
    pieces: Iterator[bytes], path: Path, kind: Kind, limits: Limits
) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_lines = path.suffix not in (f".{Form.OBO_JSON}", f".{Form.OWL}", f".{Form.XML}")
    size = line = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.file_bytes:
            reason = f"its content is more than {limits.file_bytes} bytes"
            raise UnreadableFile(path, reason, EXPECTED[kind])
        if (nul := piece.find(b"\0")) >= 0:
            reason = f"byte {size - len(piece) + nul} is NUL, as in no text"
            raise UnreadableFile(path, reason, EXPECTED[kind])
        line = _longest(piece, line) if has_lines else 0
        if line > _MOST_IN_LINE:
            reason = f"it has a line of more than {_MOST_IN_LINE} bytes"
            raise UnreadableFile(path, reason, EXPECTED[kind])
        _decode(decoder, piece, path, kind)
        yield piece
    _decode(decoder, b"", path, kind)


def _longest(piece: bytes, begun: int) -> int:
    """How long the line that ends the piece is so far, or one in it that is too long."""
    first, *others = piece.split(b"\n")
    lengths = [begun + len(first), *map(len, others)]
    longest = max(lengths)
    return longest if longest > _MOST_IN_LINE else lengths[-1]


def _decode(
    decoder: codecs.IncrementalDecoder, piece: bytes, path: Path, kind: Kind
) -> None:
    try:
        decoder.decode(piece, final=not piece)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            path, f"it is not UTF-8 ({error})", EXPECTED[kind]
        ) from error
