"""The cases as peers of the exchange see them: matching is done on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import structlog

from matcher.case import Case
from matcher.errors import UnreadableInput
from matcher.readers import Report, mme
from matcher.storage.database import Database
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore, StoredCase
from ontologies import Release
from web.mme.disclosing.consent import disclosed, is_exchanged
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.generalisation import Generalisation
from web.mme.disclosing.limits import Limits, Most, limited
from web.mme.nodes import Node

log = structlog.get_logger(__name__)

BATCH = 500

Json = dict[str, Any]


def sent(case: Case, release: Release) -> Json:
    """The patient that goes over the wire for a case that is shared with the exchange."""
    return mme.to_json(disclosed(case), release=release)


@dataclass(frozen=True, slots=True)
class Told:
    """The message about a case, and the case as a peer reads it there."""

    message: Json
    case: Case


def told(case: Case, release: Release) -> Told | None:
    """What a peer is told of the case, None if nobody may be or it cannot be said.

    The case is read back from the very message that is sent, so nothing that is not in the
    message can move a score, an order or an explanation.
    """
    if not is_exchanged(case):
        return None
    message = sent(case, release)
    try:
        read = mme.from_json(message, Report(limit=0), "")
    except UnreadableInput:
        log.error("case that cannot be sent left out", case_id=case.case_id)
        return None
    as_read = replace(
        read,
        case_id=case.case_id,
        sharing=case.sharing,
        test=case.test,
        # As far as a peer can tell: a diagnosis is named.
        solved=bool(read.diseases),
    )
    return Told(message, as_read)


def seen(case: Case, release: Release) -> Case | None:
    """The case as a peer reads it, None if nobody may or can."""
    found = told(case, release)
    return found.case if found else None


class PeerView(CaseStore):
    """The cases of a database as peers see them.

    Those that are not shared, or without the consent that their level needs, do not exist. For
    a `node`, neither do those that it is told nothing of, and others go no further than it is told.
    """

    def __init__(
        self,
        db: Database,
        release: Release,
        consent_from_level: int = 2,
        rare_below: int = 0,
        node: Node | None = None,
        singled_out_by: int = 0,
    ) -> None:
        # An index that is kept holds the cases as they were told.
        rare = f"-{rare_below}" if rare_below else ""
        alone = f"-alone{singled_out_by}" if singled_out_by else ""
        whose = f"-node{node.node_id}" if node else ""
        super().__init__(db, view=f"peers{rare}{alone}{whose}")
        self._node = node
        self._limits = Limits(db)
        self._generalisation = Generalisation(db, release, rare_below, singled_out_by)
        self._release = release
        self._consents = Consents(db, consent_from_level)

    def get(self, case_id: str) -> StoredCase:
        """The case as peers see it now. Raises `UnknownCase` or `DamagedCase`."""
        stored = super().get(case_id)
        for each in self._seen([stored]):
            return each
        raise UnknownCase(case_id)

    def told(self, case_ids: Iterable[str], revision: int) -> dict[str, Told]:
        """What peers are told of each of these cases, by id, as all are at this moment.

        A case that may not be shared, or that anything happened to after `revision`, is left
        out: it is not the one that was ranked.
        """
        found = super().get_many(case_ids, on_damage=_leave_out).values()
        current = [each.case for each in found if each.revision <= revision]
        allowed = self._consents.allowed(current)
        most = self._most(current)
        agreed = (case for case in current if case.case_id in allowed)
        pairs = ((c.case_id, self._told(c, most.get(c.case_id))) for c in agreed)
        return {case_id: each for case_id, each in pairs if each is not None}

    def get_many(
        self,
        case_ids: Iterable[str],
        *,
        on_damage: Callable[[DamagedCase], None] | None = None,
    ) -> dict[str, StoredCase]:
        """Those of the cases that peers see now."""
        found = super().get_many(case_ids, on_damage=on_damage)
        return {each.case.case_id: each for each in self._seen(found.values())}

    def cases(
        self,
        *,
        site: str | None = None,
        submitter: str | None = None,
        on_damage: Callable[[DamagedCase], None] | None = None,
    ) -> Iterator[StoredCase]:
        """The shared cases as peers see them, in order of case id."""
        stored = super().cases(site=site, submitter=submitter, on_damage=on_damage)
        return self._seen(stored)

    def _seen(self, found: Iterable[StoredCase]) -> Iterator[StoredCase]:
        remaining = iter(found)
        while batch := list(islice(remaining, BATCH)):
            allowed = self._consents.allowed(each.case for each in batch)
            most = self._most([each.case for each in batch])
            for each in batch:
                name = each.case.case_id
                agreed = name in allowed
                found_here = self._told(each.case, most.get(name)) if agreed else None
                if found_here is not None:
                    yield replace(each, case=found_here.case)

    def _most(self, cases: Sequence[Case]) -> dict[str, Most]:
        """How far these cases go to the peer, of those that go less far."""
        if self._node is None:
            return {}
        return self._limits.of_node(self._node.name, (each.case_id for each in cases))

    def _told(self, case: Case, most: Most | None) -> Told | None:
        case_here = limited(case, most)
        if case_here is None or not is_exchanged(case_here):
            return None
        return told(self._generalisation.of(case_here), self._release)


def _leave_out(error: DamagedCase) -> None:
    log.error("damaged case left out", case_id=error.case_id, revision=error.revision)
