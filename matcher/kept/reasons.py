"""Why two kept answers to one query differ: what changed between them, in sentences."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from matcher.kept.changes import CaseChange, Part, case_changes
from matcher.storage.kept_rows import Basis, KeptRanking
from matcher.storage.rows import Action, Revision
from matcher.wording import listing


class Cause(enum.StrEnum):
    """What can make an answer another one."""

    QUERY = "query"
    CANDIDATE = "candidate"
    ENTERED = "entered"
    REMOVED = "removed"
    SHARING = "sharing"
    RELEASE = "release"
    CALIBRATION = "calibration"
    SETTINGS = "settings"
    VERSION = "version"
    CONDITIONS = "conditions"
    ASKER = "asker"
    SEARCHED = "searched"
    CROWDED = "crowded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause with its sentence; `changes` are the parts of the case that it names.

    `nats` is by how much it moved the score of the pair, None where that was not computed.
    """

    cause: Cause
    sentence: str
    changes: tuple[CaseChange, ...] = ()
    nats: float | None = None


def common_reasons(earlier: KeptRanking, later: KeptRanking) -> Iterator[Reason]:
    """What changed for every pair alike, the two cases apart."""
    old, new = earlier.basis, later.basis
    if old.release_id != new.release_id:
        yield Reason(Cause.RELEASE, _release(old, new))
    if old.calibration_id != new.calibration_id:
        yield Reason(
            Cause.CALIBRATION,
            f"The calibration changed from {old.calibration_id} to {new.calibration_id}: "
            "scores are held against another panel.",
        )
    if old.version != new.version:
        sentence = f"Secondcase changed from {old.version} to {new.version}."
        yield Reason(Cause.VERSION, sentence)
    if differing := _differing({**_constants(old)}, {**_constants(new)}):
        yield Reason(Cause.SETTINGS, f"Settings changed: {differing}.")
    if differing := _differing(old.conditions, new.conditions):
        yield Reason(Cause.CONDITIONS, f"The search had other conditions: {differing}.")
    if earlier.actor != later.actor:
        yield Reason(
            Cause.ASKER,
            f"{earlier.actor} asked then and {later.actor} later; they may see different "
            "cases.",
        )
    if earlier.searched != later.searched:
        yield Reason(Cause.SEARCHED, _searched(earlier.searched, later.searched))


def query_reason(before: Revision, after: Revision) -> Iterator[Reason]:
    """What changed in the case that asks."""
    yield from _changed(Cause.QUERY, "Your case", before, after)


def candidate_reasons(
    case_id: str, before: Revision | None, after: Revision | None
) -> Iterator[Reason]:
    """What happened to a candidate between two states; None where there was no case yet."""
    if after is None or before == after:
        return
    if before is None:
        sentence = f"{case_id} was entered on {after.saved_at[:10]}."
        yield Reason(Cause.ENTERED, sentence)
    elif after.action != Action.SAVED:
        sentence = f"{case_id} was deleted on {after.saved_at[:10]}."
        yield Reason(Cause.REMOVED, sentence)
    else:
        yield from _changed(Cause.CANDIDATE, case_id, before, after)


def _changed(
    cause: Cause, name: str, before: Revision, after: Revision
) -> Iterator[Reason]:
    if before.revision == after.revision:
        return
    if before.case is None or after.case is None:
        yield Reason(Cause.SHARING, f"{name} was not shared with you all the time.")
        return
    said = f"{name} changed (version {before.version} to {after.version}): "
    changes = case_changes(before.case, after.case)
    sharing = tuple(change for change in changes if change.part is Part.SHARING)
    others = tuple(change for change in changes if change not in sharing)
    if sharing:
        yield Reason(Cause.SHARING, f"{said}{_words(sharing)}.", sharing)
    if others:
        yield Reason(cause, f"{said}{_words(others)}.", others)


def _words(changes: tuple[CaseChange, ...]) -> str:
    return listing([change.words for change in changes])


def _release(old: Basis, new: Basis) -> str:
    editions = [
        f"{kind} {old.releases.get(kind, 'none')} to {edition}"
        for kind, edition in new.releases.items()
        if old.releases.get(kind) != edition
    ]
    named = f" ({listing(editions)})" if editions else ""
    return f"The release changed from {old.release_id} to {new.release_id}{named}."


def _constants(basis: Basis) -> Mapping[str, Any]:
    return {
        **basis.settings,
        **{f"band {name}": value for name, value in basis.bands.items()},
        "expected partners": basis.expected_partners,
        "arithmetic": basis.arithmetic,
    }


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What is not the same in both, with both values."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return listing(
        [
            f"{name} from {_said(old.get(name))} to {_said(new.get(name))}"
            for name in names
        ]
    )


def _said(value: object) -> str:
    return "not set" if value is None else str(value)


def _searched(before: int, after: int) -> str:
    than = "less" if after > before else "more"
    return (
        f"{before:,} cases were searched then and {after:,} later, so that the same score is "
        f"{than} telling."
    )
