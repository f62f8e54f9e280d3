"""Who staged a release, from what, and who accepted its warnings, when and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ontologies.durable import replace_text
from ontologies.errors import DamagedRecord
from ontologies.library import held

SCRATCH = ".recording-"


@dataclass(frozen=True, slots=True)
class Staging:
    """One time that the release was staged; `origins` says of each file where it came from."""

    by: str
    at: str
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One time that somebody took warnings upon themselves; `warnings` are their keys."""

    by: str
    at: str
    reason: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """All that people did with one release, in order."""

    release_id: str
    stagings: tuple[Staging, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()

    def to_json(self) -> str:
        """The record as it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The record that `to_json` wrote; ValueError, KeyError or TypeError for another text."""
        content = json.loads(text)
        acceptances = (
            Acceptance(**{**row, "warnings": tuple(row["warnings"])})
            for row in content["acceptances"]
        )
        return cls(
            content["release_id"],
            tuple(Staging(**row) for row in content["stagings"]),
            tuple(acceptances),
        )


def now() -> str:
    """The moment, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_record(release_id: str, directory: Path) -> Record:
    """What people did with a release; an empty record where nobody did. DamagedRecord."""
    path = _path(release_id, directory)
    try:
        return Record.from_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return Record(release_id)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedRecord(path, str(error)) from error


def note_staging(release_id: str, staging: Staging, directory: Path) -> Record:
    """Add a staging; the caller holds the library."""
    record = read_record(release_id, directory)
    return _write(replace(record, stagings=(*record.stagings, staging)), directory)


def note_acceptance(release_id: str, acceptance: Acceptance, directory: Path) -> Record:
    """Add an acceptance, whoever else adds one meanwhile."""
    with held(directory):
        record = read_record(release_id, directory)
        added = (*record.acceptances, acceptance)
        return _write(replace(record, acceptances=added), directory)


def remove_record(release_id: str, directory: Path) -> None:
    """Forget what people did with a release that is gone; the caller holds the library."""
    _path(release_id, directory).unlink(missing_ok=True)


def accepted_keys(acceptances: Iterable[Acceptance]) -> frozenset[str]:
    """The warnings that somebody has taken upon themselves."""
    return frozenset(key for each in acceptances for key in each.warnings)


def _path(release_id: str, directory: Path) -> Path:
    return directory / "curation" / f"{release_id}.json"


def _write(record: Record, directory: Path) -> Record:
    path = _path(record.release_id, directory)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{SCRATCH}*"):
        left.unlink(missing_ok=True)
    replace_text(path, record.to_json(), scratch=SCRATCH)
    return record
