"""A staged release discarded by a curator: on the record, and never one that a match needs."""

from __future__ import annotations

from matcher.calibration import drop_default_calibration
from matcher.kept.releases import is_replayed_with
from matcher.storage.beside import drop_indexes_of
from matcher.storage.database import Database
from matcher.storage.kept_rankings import KeptRankings
from matcher.wording import number
from ontologies.curation import discarding
from ontologies.release import Release
from web.audit import Audit
from web.config import Settings
from web.errors import WebError
from web.switching.impacts import Impacts, UnknownImpact

DISCARDED = "ontology discarded"


class NeededByKeptLists(WebError):
    """A release that kept lists of matches name."""

    def __init__(self, release_id: str, lists: int) -> None:
        said = (
            "kept list of matches names" if lists == 1 else "kept lists of matches name"
        )
        super().__init__(
            f"Release {release_id} cannot be discarded: {number(lists)} {said} it and could not "
            "be computed again without it. It stays as it is."
        )


class ImpactUnderWay(WebError):
    """A release whose impact is being found out at this moment."""

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"What release {release_id} would change is being found out; cancel that first "
            f"('secondcase ontology impact {release_id} --cancel'), or wait for its end."
        )


def discard(db: Database, settings: Settings, release_id: str, *, actor: str) -> None:
    """Remove a release that was never active, and what was prepared and found out for it.

    Raises `UnknownRelease`, `ReleaseWasActive`, `NeededByKeptLists`, `ImpactUnderWay`,
    `DamagedRanking`, `AuditFailed`; then it is still there.
    """

    def permit(release: Release | None) -> None:
        _require_unused(db, release_id, release)
        Audit(db).record(actor, DISCARDED, release=release_id)
        Impacts(db).forget(release_id)
        drop_indexes_of(settings.database, release_id)
        if release is not None:
            drop_default_calibration(release)

    discarding.discard(release_id, permit=permit)


def _require_unused(db: Database, release_id: str, release: Release | None) -> None:
    lists = sum(
        count
        for basis, count in KeptRankings(db).bases()
        if is_replayed_with(basis, release_id, release)
    )
    if lists:
        raise NeededByKeptLists(release_id, lists)
    try:
        is_running = Impacts(db).latest(release_id).state() == "running"
    except UnknownImpact:
        return
    if is_running:
        raise ImpactUnderWay(release_id)
