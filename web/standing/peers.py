"""What the peers of the exchange say of a case by themselves, as news for who entered it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from matcher import Calibration
from matcher.calibration import Band
from matcher.storage.database import Database
from ontologies import Release
from web.config import Settings
from web.mme.asking.asker import Asked, Asker, Patience
from web.mme.asking.calling.authorities import Authorities
from web.mme.asking.reading.comparison import RemoteMatch
from web.mme.asking.errors import NotAskable
from web.mme.asking.kept import Kept, KeptMatch
from web.mme.nodes import Nodes
from web.standing.questions import Ask, Change, Finding

ACTOR = "standing query"
MOST_REASONS = 2
NOT_NAMED = "The peer does not name it any more."

MakeAsker = Callable[[Database], Asker]


def asker_of(
    settings: Settings,
    release: Release,
    calibration: Calibration,
    authorities: Authorities,
) -> MakeAsker:
    """What asks the peers of a site, over a connection of the calling thread."""
    patience = Patience(
        seconds=settings.peer_seconds, remembered_days=settings.peer_answers_days
    )
    return lambda db: Asker(
        db,
        release,
        calibration,
        patience,
        authorities=authorities,
        consent_from_level=settings.consent_from_level,
        rare_below=settings.rare_below,
        singled_out_by=settings.singled_out_by,
        readable_from=settings.readable_from,
    )


def asking_peers(make: MakeAsker) -> Ask:
    """Asks all peers about a case; one that cannot be asked about has no news."""

    def ask(db: Database, case_id: str) -> Iterator[Finding]:
        try:
            asked = list(make(db).ask(case_id, by=ACTOR))
        except NotAskable:
            return
        yield from findings(asked, Kept(db).matches(case_id))

    return ask


def has_peers(db: Database) -> bool:
    """Whether there is anybody to be asked."""
    return any(node.is_asked for node in Nodes(db))


def findings(asked: Iterable[Asked], kept: Iterable[KeptMatch]) -> Iterator[Finding]:
    """The state of each match that is worth a look, and of each that is withdrawn.

    The best by our own score comes first, as in what is kept.
    They are taken from what is kept, not from what was new in this answer: what a process that
    was killed did not tell is told the next time.
    """
    near = {
        (each.node.name, match.remote.case.case_id): match
        for each in asked
        for match in each.results
        if match.match.band is not Band.BACKGROUND
    }
    for each in kept:
        match = near.get((each.node, each.remote.case.case_id))
        if each.gone_at:
            yield _finding(each, Change.WITHDRAWN, each.gone_at, NOT_NAMED)
        elif match is not None:
            is_new = each.first_seen == each.changed_at
            change = Change.NEW if is_new else Change.CHANGED
            yield _finding(each, change, each.changed_at, _why(match))


def _finding(kept: KeptMatch, change: Change, since: str, why: str) -> Finding:
    return Finding(
        node=kept.node,
        remote_id=kept.remote.case.case_id,
        change=change,
        content=f"{kept.content_sha256} {since}",
        why=why,
    )


def _why(match: RemoteMatch) -> str:
    explanation = match.explanation()
    reasons = explanation.reasons[:MOST_REASONS] if explanation else ()
    return " ".join(f"{reason.text}." for reason in reasons)
