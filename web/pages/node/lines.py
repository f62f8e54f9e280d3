"""How the peers fare, in words: a line for each of them, and one for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database
from matcher.wording import listing
from web.mme.alerts import last_asked
from web.mme.answering.diagnoses import Diagnoses
from web.mme.disclosing.disclosures import Disclosures
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker, Health
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.pages.words import counted, day, moment, number_word, sentence

WEEK = timedelta(days=6)
COUNTED_FROM = {
    Coordinates.ZERO: "counts bases from 0",
    Coordinates.ONE: "counts bases from 1",
    Coordinates.STATED: "where it counts bases from is read off each variant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLine:
    """One peer: what passes between us, and how it fares. `since` is when it fell silent."""

    node: Node
    sign: str
    tone: str
    said: str
    directions: str
    latency: str
    tokens: tuple[str, ...]
    spent: int
    refused: int
    quirks: tuple[str, ...]
    since: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it was heard of, and nothing is wrong."""
        return self.sign == "yes"

    @property
    def budget(self) -> str:
        """How much of its budget is used."""
        return f"{self.spent:,} of {self.node.daily_budget:,} new cases today"


def peer_lines(db: Database) -> list[PeerLine]:
    """Every peer, by name; those that were revoked last."""
    asked = last_asked(db)
    found = [peer_line(db, node, asked.get(node.name)) for node in Nodes(db)]
    return sorted(found, key=lambda line: not line.node.is_active)


def peer_line(db: Database, node: Node, asked_us: str | None) -> PeerLine:
    """One peer. `asked_us` is when it asked last."""
    health = Breaker(db).health(node.node_id)
    tokens = [each for each in Nodes(db).tokens(node) if each.revoked_at is None]
    sign, tone, said = _state(node, health, asked_us)
    return PeerLine(
        node=node,
        sign=sign,
        tone=tone,
        said=said,
        directions=_directions(node, bool(tokens)),
        latency="" if health.latency_ms is None else f"{health.latency_ms:,} ms",
        tokens=tuple(moment(each.created_at) for each in tokens),
        spent=Disclosures(db).spent(node),
        refused=sum(each.is_refused for each in Diagnoses(db).of(node)),
        quirks=in_words(node.quirks),
        since=health.failing_since if node.is_asked else None,
    )


def heading(lines: Sequence[PeerLine]) -> str:
    """How the peers fare, in one sentence."""
    active = [line for line in lines if line.node.is_active]
    if not lines:
        return "This node has no peers yet"
    if not active:
        return "Every peer is revoked, so nobody asks and nobody is asked"
    well = [line for line in active if line.is_well]
    others = _others([line for line in active if not line.is_well])
    if not others:
        return (
            f"{well[0].node.name} is well"
            if len(well) == 1
            else f"All {number_word(len(well))} peers are well"
        )
    if not well:
        return others
    some = sentence(number_word(len(well)))
    verb = "are" if len(well) > 1 else "is"
    return f"{some} of {counted(len(active), 'peer')} {verb} well; {others}"


def _others(lines: Sequence[PeerLine]) -> str:
    """What is wrong with those that are not well; the silent before the unheard of."""
    silent = [line for line in lines if line.since]
    names = listing([line.node.name for line in silent])
    said = []
    if len(silent) == 1:
        said = [f"{names} has been silent since {weekday(silent[0].since or '')}"]
    elif silent:
        said = [f"{names} are silent"]
    if unheard := [line.node.name for line in lines if not line.since]:
        verb = "was" if len(unheard) == 1 else "were"
        said.append(f"{listing(unheard)} {verb} not heard of yet")
    return ", ".join(said)


def _state(node: Node, health: Health, asked_us: str | None) -> tuple[str, str, str]:
    if node.revoked_at:
        return "stop", "muted", f"revoked {moment(node.revoked_at)}"
    if node.is_asked and health.failing_since:
        said = (
            f"silent since {weekday(health.failing_since)}, "
            f"{counted(health.failures, 'failure')}{_waits(health)}"
        )
        return "clock", "warn", said
    heard = []
    if node.is_asked and health.succeeded_at:
        heard.append(f"answered {day(health.succeeded_at)}{_waits(health)}")
    if asked_us:
        heard.append(f"asked us {day(asked_us)}")
    if heard:
        return "yes", "ok", ", ".join(heard)
    return "maybe", "muted", "not heard of yet"


def _waits(health: Health) -> str:
    """When a peer that is left alone is asked again."""
    if health.open_until is None or not _is_ahead(health.open_until):
        return ""
    return f", asked again after {moment(health.open_until)}"


def _is_ahead(stamp: str) -> bool:
    return datetime.fromisoformat(stamp) > datetime.now(UTC)


def _directions(node: Node, has_tokens: bool) -> str:
    asks = node.is_active and has_tokens
    if asks and node.is_asked:
        return "asks us and is asked"
    if node.is_asked:
        return "is asked"
    return "asks us" if asks else "neither asks nor is asked"


def weekday(stamp: str, now: datetime | None = None) -> str:
    """An ISO time as `today`, `Tuesday` within a week, else as a day."""
    then = datetime.fromisoformat(stamp).astimezone(UTC)
    today = now or datetime.now(UTC)
    if then.date() == today.date() or today - then > WEEK:
        return day(stamp, today)
    return f"{then:%A}"


def in_words(quirks: Quirks) -> tuple[str, ...]:
    """What messages to a peer are like."""
    by = "symbol" if quirks.gene_ids is GeneIds.SYMBOL else "Ensembl id"
    return (
        f"asked in version 1.{quirks.minor}",
        f"asked at {'/match/' if quirks.trailing_slash else '/match'}",
        f"genes named by {by}",
        COUNTED_FROM[quirks.coordinates],
        *(["no % and + in labels"] if quirks.plain_labels else []),
    )
