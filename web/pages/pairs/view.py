"""One pair as a person may see it: her case, and another of this node or a patient of a peer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort

from matcher import Match
from matcher.case import Case
from matcher.explanation import Explanation
from matcher.storage.errors import UnknownCase
from web.accounts.people import Person
from web.db import connection, store
from web.mme.asking.reading.comparison import Comparison, RemoteMatch
from web.mme.asking.kept import Kept, KeptMatch
from web.pages.cards.entries import EXCHANGE, NETWORK, OWN, sizes
from web.pages.cards.match import BANDS, origin
from web.pages.cards.remote import text
from web.pages.words import day
from web.service import service
from web.verdicts.verdict import PairKey
from web.viewing import ranking
from web.viewing.ranking import explained
from web.viewing.visibility import disclosed, may_meet, may_open


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """What a page or an export tells of a pair; `seen` is what may be read of the other side.

    `band` and `probability` are "" and None where a peer does not say how many cases it has.
    `kept` is what a peer told, None of a case of this node.
    """

    key: PairKey
    name: str
    origin: str
    kind: str
    match: Match
    explanation: Explanation
    seen: Case
    band: str
    probability: float | None
    kept: KeptMatch | None = None

    @property
    def place(self) -> str:
        """Whom to ask: a site of this node, or a peer."""
        return self.key.node or self.seen.site or "the other site"

    @property
    def is_remote(self) -> bool:
        """Whether a peer told of the patient."""
        return self.kind == EXCHANGE

    @property
    def of_other_sites(self) -> list[str]:
        """The id of the other case, if it stands at another site of this node."""
        return [self.key.other_id] if self.kind == NETWORK else []


def here(person: Person, case: Case, other_id: str) -> PairView:
    """The case and another one of this node. Raises `UnknownCase`: missing and hidden are one."""
    other = store().get(other_id).case
    if not may_meet(person, other):
        raise UnknownCase(other_id)
    match = ranking.pair(person, case, other)
    if match is None:
        raise UnknownCase(other_id)
    return PairView(
        key=PairKey(case_id=case.case_id, other_id=other_id),
        name=other_id,
        origin=origin(person, other),
        kind=OWN if may_open(person, other) else NETWORK,
        match=match,
        explanation=explained(person, match),
        seen=disclosed(person, other),
        band=BANDS[match.band],
        probability=match.probability,
    )


def at_peer(case: Case, node: str, remote_id: str) -> PairView:
    """The case and a patient that a peer told of, also if it was withdrawn since."""
    kept = next(
        (
            each
            for each in Kept(connection()).matches(case.case_id)
            if (each.node, each.remote.case.case_id) == (node, remote_id)
        ),
        None,
    )
    if kept is None:
        abort(404)
    found = _compared(case, kept)
    return PairView(
        key=PairKey(case_id=case.case_id, node=node, remote_id=remote_id),
        name=text(remote_id),
        origin=_origin(kept),
        kind=EXCHANGE,
        match=found.match,
        explanation=found.match.explanation(),
        seen=kept.remote.case,
        band=BANDS[found.match.band] if found.probability is not None else "",
        probability=found.probability,
        kept=kept,
    )


def _compared(case: Case, kept: KeptMatch) -> RemoteMatch:
    measure = Comparison(service().release, service().calibration)
    found = measure.ranked(case, [kept.remote], sizes().get(kept.node))
    if not found:
        abort(404)
    return found[0]


def _origin(kept: KeptMatch) -> str:
    features = len(kept.remote.case.observed)
    said = [
        f"Reached through {kept.node}",
        "exchange",
        f"{features} feature{'' if features == 1 else 's'}",
        f"told of {day(kept.first_seen)}",
    ]
    if kept.gone_at:
        said.append(f"withdrawn {day(kept.gone_at)}")
    return " · ".join(said)
