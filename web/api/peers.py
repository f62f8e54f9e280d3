"""Which peers of the exchange a call lets see less of a case than others."""

from __future__ import annotations

from matcher.storage.database import Database
from web.api.errors import WrongPeer
from web.api.schemas import PeersTold, PutQuery
from web.mme.disclosing.limiting import limit_as_system
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes

FIELDS = {"level_1_to": Most.LEVEL_1, "not_to": Most.NOTHING}


def wanted(query: PutQuery) -> dict[str, Most] | None:
    """The limits that a call names by peer, None if it leaves them as they are.

    An empty name stands for nobody. Raises `WrongPeer` for a peer under both.
    """
    named: dict[str, Most] = {}
    if query.not_to is None and query.level_1_to is None:
        return None
    for field, most in FIELDS.items():
        for name in filter(None, getattr(query, field) or ()):
            if named.get(name, most) is not most:
                raise WrongPeer(
                    field, name, "is named as level_1_to as well; name it once"
                )
            named[name] = most
    return named


def limit_peers(
    db: Database,
    case_id: str,
    limits: dict[str, Most] | None,
    by: str,
    *,
    is_saved_next: bool,
) -> bool:
    """Keep to the limits of a call; whether that changes anything. Raises `WrongPeer`."""
    if limits is None:
        return False
    known = {node.name for node in Nodes(db)}
    for name, most in limits.items():
        if name not in known:
            field = next(each for each, of in FIELDS.items() if of is most)
            wrong = "is no peer of this site; its operator knows their names"
            raise WrongPeer(field, name, wrong)
    return limit_as_system(db, case_id, limits, by, is_saved_next=is_saved_next)


def told(db: Database, case_id: str) -> PeersTold:
    """The peers that are told less of a case, whoever said so."""
    most = sorted(Limits(db).in_force(case_id).items())
    return PeersTold(
        not_to=[name for name, each in most if each is Most.NOTHING],
        level_1_to=[name for name, each in most if each is Most.LEVEL_1],
    )
