"""Results that a run keeps in a file while it finds them, so that another may go on from there.

A file of JSON lines: a header that names everything the results depend on, then a line a query in
the order of the queries, each sealed with all before it. Whatever a killed run left after its last
whole line is dropped; a line that is not as it was written is refused.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic

from matcher import __version__
from matcher.case import Case
from matcher.engine.catalogue import Catalogue
from matcher.storage.codec import encode
from matcher.engine.constraints import Constraints
from matcher.errors import MatcherError
from matcher.evidence import EvidenceSettings
from matcher.engine.index import Column, Segment, Snapshot
from matcher.many.outcomes import Kept

if TYPE_CHECKING:
    from matcher.matching import Matcher

_FORMAT = "secondcase results 2"

Header = Mapping[str, Any]


class AnotherRun(MatcherError):
    """A file of results that another run began; `differing` names what was not the same."""

    def __init__(self, path: Path, differing: Sequence[str]) -> None:
        super().__init__(
            f"{str(path)!r} was begun by another run, which differs in: "
            f"{', '.join(differing)}. Name another file to begin anew."
        )
        self.differing = tuple(differing)


class NotResults(MatcherError):
    """A file that holds something else than results."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{str(path)!r} holds no results of a run; name a new file or one that was begun."
        )


class DamagedResults(MatcherError):
    """A file of results with a line that is not as it was written."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(
            f"Line {number} of {str(path)!r} is not as it was written there; "
            "name another file to begin anew."
        )


class RunUnderWay(MatcherError):
    """A file of results that another process is writing."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Another process is writing {str(path)!r}; wait for it, or name another file."
        )


class CannotResume(MatcherError):
    """A condition that cannot be written down, so that nobody could tell if it is the same."""

    def __init__(self) -> None:
        super().__init__(
            "A search with a condition of its own (`admits`) cannot be resumed; "
            "leave out the condition or the file."
        )


class Resumable(Generic[Kept]):
    """A file of results, open and locked; `count` results were there when it was opened."""

    def __init__(
        self, path: Path, file: IO[bytes], read: Callable[[Mapping[str, Any]], Kept]
    ) -> None:
        self._path = path
        self._file = file
        self._read = read
        self._start = 0
        self._seal = b""
        self.count = 0

    @classmethod
    def open(
        cls, path: Path, header: Header, read: Callable[[Mapping[str, Any]], Kept]
    ) -> Resumable[Kept]:
        """Begin the file, or go on with it. Raises a MatcherError if it cannot be used.

        A new one is readable by its owner alone, as it may tell of cases; `read` makes results
        of what their `to_json` gave.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        file = os.fdopen(descriptor, "a+b")
        try:
            _lock(file, path)
            opened = cls(path, file, read)
            opened._begin(header)
            return opened
        except BaseException:
            file.close()
            raise

    def _begin(self, header: Header) -> None:
        path, file = self._path, self._file
        file.seek(0)
        first = file.readline()
        if not first.endswith(b"\n"):
            _refuse_foreign(path, first)
            file.truncate(0)
            first = _line(header)
            file.write(first)
            file.flush()
            self._seal = _digest(first)
            self._start = file.tell()
            return
        differing = _differing(path, first, header)
        if differing:
            raise AnotherRun(path, differing)
        self._seal = _digest(first)
        self._start = end = file.tell()
        for line in file:
            if not line.endswith(b"\n"):
                break
            self._check(line)
            end += len(line)
        file.truncate(end)

    def _check(self, line: bytes) -> None:
        self.count += 1
        try:
            values = json.loads(line)
            result, seal = values["result"], values["seal"]
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedResults(self._path, 1 + self.count) from error
        if seal != self._sealed(result):
            raise DamagedResults(self._path, 1 + self.count)

    def _sealed(self, result: object) -> str:
        """The seal of the next result: of itself and of all before it."""
        self._seal = _digest(self._seal + _line(result))
        return self._seal.hex()[:16]

    def found(self) -> Iterator[Kept]:
        """The results that were there when the file was opened."""
        with self._path.open("rb") as file:
            file.seek(self._start)
            for _ in range(self.count):
                yield self._read(json.loads(file.readline())["result"])

    def fileno(self) -> int:
        """The descriptor that holds the lock, which no other process may keep open."""
        return self._file.fileno()

    def add(self, result: Kept) -> None:
        """Keep the next result; a killed process loses none that was added."""
        values = result.to_json()
        self._file.write(_line({"result": values, "seal": self._sealed(values)}))
        self._file.flush()

    def close(self) -> None:
        """Let others have the file, once it is safely on the disk."""
        os.fsync(self._file.fileno())
        self._file.close()


def circumstances_of(
    matcher: Matcher,
    queries: Sequence[Case],
    settings: EvidenceSettings,
    constraints: Constraints,
    limit: int | None,
    results: str,
    told: str,
) -> Header:
    """Everything that the results of a run depend on. Raises CannotResume.

    `told` is a digest of what results tell of the cases beside how they compare.
    """
    if constraints.admits is not None:
        raise CannotResume
    # What a chain file changes is seen in the alleles of the cases.
    evidence = _plain(dataclasses.replace(settings, chain=None))
    asked = hashlib.sha256()
    for query in queries:
        asked.update(encode(query).encode() + b"\n")
    header = {
        "format": _FORMAT,
        "version": __version__,
        "release": matcher.release.release_id,
        "calibration": matcher.calibration.calibration_id,
        "bands": _plain(matcher.calibration.bands),
        "evidence": evidence,
        "constraints": _plain(constraints),
        "limit": limit,
        "results": results,
        "queries": asked.hexdigest(),
        "cases": fingerprint(matcher.index.snapshot(), matcher.catalogue) + told,
    }
    # As it will be read back.
    same: Header = json.loads(_line(header))
    return same


def fingerprint(snapshot: Snapshot, catalogue: Catalogue) -> str:
    """SHA-256 of all cases as they are compared, however they came into the index."""
    digests: dict[str, bytes] = {}
    values = _digests_of_values(catalogue)
    for part in snapshot.parts:
        for position, digest in enumerate(_digests(part.segment, values)):
            if part.alive is None or part.alive[position]:
                digests[part.segment.case_ids[position]] = digest
    total = hashlib.sha256()
    for case_id in sorted(digests):
        total.update(_line(case_id) + digests[case_id])
    return total.hexdigest()


def _digests_of_values(catalogue: Catalogue) -> Mapping[Column | None, list[bytes]]:
    """What each number of a column stands for; None is the column of genes."""
    numbered: Mapping[Column | None, Sequence[object]] = {
        None: catalogue.genes.values,
        Column.ONSET: catalogue.onsets.values,
        Column.ALLELES: catalogue.alleles.values,
        Column.DIAGNOSES: catalogue.diagnoses.values,
        Column.CIRCUMSTANCES: catalogue.circumstances.values,
        Column.FAMILY: catalogue.families.values,
    }
    return {
        column: [_digest(_line(_plain(value))) for value in list(values)]
        for column, values in numbered.items()
    }


def _digests(
    segment: Segment, values: Mapping[Column | None, list[bytes]]
) -> Iterator[bytes]:
    genes: list[list[bytes]] = [[] for _ in range(len(segment))]
    for gene, position in zip(segment.postings.genes, segment.postings.positions):
        genes[position].append(values[None][gene])
    for position in range(len(segment)):
        facts = [
            segment.profiles[position].tobytes(),
            segment.hubness[position].tobytes(),
            *sorted(genes[position]),
            b"",
        ]
        for column, numbers in segment.columns.items():
            number = int(numbers[position])
            known = values.get(column)
            facts.append(str(number).encode() if known is None else known[number])
        yield _digest(b"\0".join(facts))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _plain(value: object) -> Any:
    """JSON values that are the same in every process: sets in order, objects by field."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    if isinstance(value, Set):
        return sorted(_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunUnderWay(path) from error


def _refuse_foreign(path: Path, beginning: bytes) -> None:
    """A line without end is a header cut short, or it is not ours to overwrite."""
    whole = _line({"format": _FORMAT}).rstrip(b"}\n")
    if not beginning.startswith(whole) and not whole.startswith(beginning):
        raise NotResults(path)


def _differing(path: Path, line: bytes, header: Header) -> list[str]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise NotResults(path) from error
    if not isinstance(found, dict) or "format" not in found:
        raise NotResults(path)
    return [name for name in header if found.get(name) != header[name]]
