"""A query made ready for one snapshot of all cases."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.case import Case
from matcher.evidence import EvidenceSettings, PreparedEvidence
from matcher.engine.index import Snapshot
from matcher.engine.packed import TermTable
from matcher.panel import QueryScale
from matcher.engine.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query case as the engine asks it. `table` is None where X is computed beforehand."""

    case: Case
    profile: Profile
    prepared: PreparedEvidence
    scale: QueryScale
    table: TermTable | None
    settings: EvidenceSettings
    snapshot: Snapshot
    searched: int
