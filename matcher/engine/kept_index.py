"""The index of all cases as one file, so that a new process need not read every case again.

The file holds nothing of a removed case, and is believed only if it is whole, was made by the
same code, release and calibration, and stands in the history of the same database.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import matcher
import ontologies
from matcher.engine import catalogue_codec
from matcher.storage.beside import (
    drop_abandoned,
    drop_index,
    index_path,
    unfinished_path,
)
from matcher.engine.catalogue import Catalogue
from matcher.engine.index import Column, Postings, Segment, Snapshot, Texts
from matcher.engine.packed import Profiles

if TYPE_CHECKING:
    from matcher.calibration import Calibration
    from matcher.evidence.settings import EvidenceSettings
    from matcher.storage.store import CaseStore

MAGIC = b"secondcase index".ljust(32)
# Arrays begin at multiples of it, so that kernels find them as they find any other.
ALIGNMENT = 64
_LENGTH = 8
_CATALOGUE = "catalogue"
# Which numbering of the catalogue the numbers of a column belong to.
_NUMBERED: Mapping[Column, str] = {
    Column.ONSET: "onsets",
    Column.ALLELES: "alleles",
    Column.DIAGNOSES: "diagnoses",
    Column.CIRCUMSTANCES: "circumstances",
    Column.FAMILY: "families",
}

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """All cases of a store as they were at a revision, with the fingerprint of that revision."""

    segment: Segment
    catalogue: Catalogue
    revision: int
    fingerprint: str


def index_key(
    release_id: str,
    calibration: Calibration,
    settings: EvidenceSettings,
    code: Iterable[Path] = (),
) -> str | None:
    """Names everything that an index depends on beside the cases; None if it cannot be named.

    Our own code is a part of it, so that no update ever meets an index of before. `code` names
    further folders of modules that decide what is seen of the cases.
    """
    if settings.chain is not None:
        return None
    facts = (
        release_id,
        calibration.calibration_id,
        sorted(settings.onset_years.items()),
        settings.confirmed_trust,
        settings.candidate_trust,
        np.dtype(np.intp).str,
    )
    digest = hashlib.sha256(repr(facts).encode())
    packages = (Path(package.__path__[0]) for package in (matcher, ontologies))
    for folder in (*packages, *code):
        for module in sorted(folder.rglob("*.py")):
            digest.update(module.read_bytes())
    return digest.hexdigest()


def keep(
    store: CaseStore,
    key: str,
    snapshot: Snapshot,
    catalogue: Catalogue,
    revision: int,
    release_id: str = "",
) -> bool:
    """Keep the index of a store that was followed up to `revision`, for processes to come.

    False, and nothing is kept, if a case was removed meanwhile.
    """
    kept = packed(snapshot, catalogue, revision, store.fingerprint(revision))
    unfinished = unfinished_path(store.path, secrets.token_hex(8))
    try:
        _write(unfinished, key, kept)
        return store.keep_index(unfinished, revision, release_id)
    except FileNotFoundError:
        return False
    finally:
        unfinished.unlink(missing_ok=True)


def load(store: CaseStore, key: str, release_id: str = "") -> KeptIndex | None:
    """The index kept for the store; None, and nothing left of it, unless it can be believed."""
    path = index_path(store.path, store.view, release_id)
    kept = _read(path, key)
    if kept is None:
        # Of other code or damaged; those of other releases may be as good as before.
        path.unlink(missing_ok=True)
        drop_abandoned(store.path)
        return None
    if store.fingerprint(kept.revision) == kept.fingerprint:
        if not store.has_removed_since(kept.revision):
            return kept
    drop_index(store.path)
    return None


def packed(
    snapshot: Snapshot, catalogue: Catalogue, revision: int, fingerprint: str
) -> KeptIndex:
    """The cases of a snapshot in one segment, and of the catalogue only what they use."""
    segment = snapshot.packed()
    columns = dict(segment.columns)
    values: dict[str, list[Any]] = {}
    for column, name in _NUMBERED.items():
        used, columns[column] = _renumbered(segment.columns[column])
        values[name] = _chosen(catalogue, name, used)
    used, genes = _renumbered(segment.postings.genes)
    values[catalogue_codec.GENES] = _chosen(catalogue, catalogue_codec.GENES, used)
    return KeptIndex(
        segment=Segment(
            case_ids=segment.case_ids,
            profiles=segment.profiles,
            hubness=segment.hubness,
            gene_counts=segment.gene_counts,
            # The new numbers are in the order of the old ones, so the postings stay sorted.
            postings=Postings(genes.astype(np.uint16), segment.postings.positions),
            columns=columns,
        ),
        catalogue=Catalogue.of(values),
        revision=revision,
        fingerprint=fingerprint,
    )


def _renumbered(numbers: NDArray[Any]) -> tuple[list[int], NDArray[np.uint32]]:
    """The numbers in use, 0 always among them, and each number's place among these."""
    used = np.unique(np.append(numbers, numbers.dtype.type(0)))
    return used.tolist(), np.searchsorted(used, numbers).astype(np.uint32)


def _chosen(catalogue: Catalogue, name: str, numbers: list[int]) -> list[Any]:
    values = getattr(catalogue, name).values
    return [values[number] for number in numbers]


def _write(path: Path, key: str, kept: KeptIndex) -> None:
    """Magic and checksum of the rest; length of the head, the head, the arrays."""
    places: dict[str, tuple[str, int, int]] = {}
    pieces, at = [], 0
    for name, array in _arrays(kept):
        places[name] = (array.dtype.str, at, array.size)
        pieces.append(_padded(array.tobytes()))
        at += len(pieces[-1])
    head = {
        "key": key,
        "revision": kept.revision,
        "fingerprint": kept.fingerprint,
        "arrays": places,
    }
    text = json.dumps(head).encode("ascii")
    body = b"".join([_padded(len(text).to_bytes(_LENGTH, "little") + text), *pieces])
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "wb") as file:
        file.write(MAGIC + hashlib.sha256(body).digest() + body)


def _padded(piece: bytes) -> bytes:
    return piece + bytes(-len(piece) % ALIGNMENT)


def _arrays(kept: KeptIndex) -> Iterator[tuple[str, NDArray[Any]]]:
    segment = kept.segment
    yield "case_ids.data", segment.case_ids.data
    yield "case_ids.offsets", segment.case_ids.offsets
    yield "profiles.rows", segment.profiles.rows
    yield "profiles.offsets", segment.profiles.offsets
    yield "hubness", segment.hubness
    yield "gene_counts", segment.gene_counts
    yield "postings.genes", segment.postings.genes
    yield "postings.positions", segment.postings.positions
    for column in Column:
        yield f"columns.{column.value}", segment.columns[column]
    values = {
        name: getattr(kept.catalogue, name).values for name in catalogue_codec.NAMES
    }
    yield _CATALOGUE, np.frombuffer(catalogue_codec.encode(values), dtype=np.uint8)


def _read(path: Path, key: str) -> KeptIndex | None:
    """What `_write` wrote with the same key; None for anything else."""
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError:
        return None
    magic, digest, body = np.split(content, [len(MAGIC), ALIGNMENT])
    if (
        magic.tobytes() != MAGIC
        or hashlib.sha256(body.data).digest() != digest.tobytes()
    ):
        return None
    length = int.from_bytes(body[:_LENGTH].tobytes(), "little")
    head = json.loads(body[_LENGTH : _LENGTH + length].tobytes())
    if head["key"] != key:
        return None
    start = len(_padded(bytes(_LENGTH + length)))
    arrays = body[start:]
    found = {
        name: arrays[offset : offset + size * np.dtype(kind).itemsize].view(kind)
        for name, (kind, offset, size) in head["arrays"].items()
    }
    return KeptIndex(
        segment=_segment(found),
        catalogue=catalogue_codec.decode(found[_CATALOGUE].tobytes()),
        revision=head["revision"],
        fingerprint=head["fingerprint"],
    )


def _segment(arrays: Arrays) -> Segment:
    return Segment(
        case_ids=Texts(arrays["case_ids.data"], arrays["case_ids.offsets"]),
        profiles=Profiles(arrays["profiles.rows"], arrays["profiles.offsets"]),
        hubness=arrays["hubness"],
        gene_counts=arrays["gene_counts"],
        postings=Postings(arrays["postings.genes"], arrays["postings.positions"]),
        columns={column: arrays[f"columns.{column.value}"] for column in Column},
    )
