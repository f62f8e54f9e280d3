"""Patients of peers as cards: our own score and reasons, and beside it what the peer says.

Everything that comes from a peer is text of somebody else; it is shown, and never followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from matcher import Match
from matcher.case import Case, Contact
from matcher.explanation import Explanation
from matcher.explanation.ladder import ladder
from matcher.readers.fields import printable
from matcher.readers.mme_contacts import mail_addresses
from matcher.wording import listing
from ontologies import Release
from web.mme.asking.answers import RemoteCase
from web.mme.asking.reading.comparison import Card, Comparison, RemoteMatch, cards
from web.mme.asking.kept import KeptMatch
from web.mme.asking.wishes import Wishes
from web.pages.cards.match import (
    BANDS,
    EvidenceRow,
    ReasonRow,
    evidence_rows,
    reason_row,
)
from web.pages.cases import profile
from web.pages.words import day

HUMAN = "NCBITaxon:9606"
LONGEST = 200
MOST_NAMED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How to get in touch: text, and an address only if a person can open it in a browser."""

    who: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one peer says of the patient: its name and score for it, and whom to reach.

    `id_there` is its id as the peer wrote it, for addresses; `remote_id` is what is shown of it.
    """

    node: str
    remote_id: str
    id_there: str
    label: str
    score: str
    since: str
    reach: Reach | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCard:
    """One patient, as one or several peers tell of it.

    `node` and `remote_id` are the address of its best sighting, the id as the peer wrote it.
    Without `odds` no frequency can be given, since a peer does not say how many cases it has.
    """

    rank: int
    node: str
    remote_id: str
    name: str
    band: str
    odds: str
    count: int
    of: int
    by_chance: str
    tags: tuple[str, ...]
    reasons: tuple[ReasonRow, ...]
    evidence: tuple[EvidenceRow, ...]
    observed: tuple[str, ...]
    excluded: tuple[str, ...]
    genes: tuple[str, ...]
    diseases: tuple[str, ...]
    sightings: tuple[Sighting, ...]

    @property
    def places(self) -> str:
        """The peers that tell of the patient."""
        return listing([each.node for each in self.sightings])


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRow:
    """One patient as a line of a table; `node` and `remote_id` as in a card."""

    node: str
    remote_id: str
    name: str
    places: str
    why: str


def patients(
    query: Case,
    kept: Iterable[KeptMatch],
    sizes: Mapping[str, int | None],
    comparison: Comparison,
    wishes: Wishes = Wishes(),
    aside: list[RemoteCase] | None = None,
) -> list[Card]:
    """The patients that peers told of and did not withdraw, best by our own score first.

    Only those that are wanted; who cannot be compared is added to `aside`.
    """
    told: dict[str, list[KeptMatch]] = {}
    for each in kept:
        if not each.gone_at:
            told.setdefault(each.node, []).append(each)
    found: list[RemoteMatch] = []
    for node, matches in told.items():
        remotes = [each.remote for each in matches]
        found += comparison.ranked(query, remotes, sizes.get(node), wishes, aside)
    return cards(found)


def band_of(card: Card) -> str:
    """Where a patient stands, "" where its peer does not say how many cases it has."""
    best = card.best
    return BANDS[best.match.band] if best.probability is not None else ""


def remote_row(card: Card) -> RemoteRow:
    """A patient as a line, for which nothing is explained."""
    remote = card.best.remote
    return RemoteRow(
        node=remote.node,
        remote_id=remote.case.case_id,
        name=text(remote.case.case_id),
        places=listing([each.remote.node for each in card.sightings]),
        why=strongest(card.best.match),
    )


def strongest(match: Match) -> str:
    """What speaks most for a match, in a sentence; cheap beside the account of it."""
    said = [each for each in match.evidence if not each.missing]
    most = max(said, key=lambda each: each.log_likelihood_ratio, default=None)
    return most.sentence if most else ""


def remote_card(
    card: Card, rank: int, seen: Mapping[tuple[str, str], KeptMatch], release: Release
) -> RemoteCard:
    """A patient as a page shows it. `seen` says of each patient when it was told of."""
    best = card.best
    case = best.remote.case
    explanation = best.explanation()
    is_known = best.probability is not None
    rungs = ladder(
        best.match.evidence, best.match.searched, best.match.expected_partners
    )
    frequency = rungs.frequency if is_known else None
    return RemoteCard(
        rank=rank,
        node=best.remote.node,
        remote_id=case.case_id,
        name=text(case.case_id),
        band=band_of(card),
        odds=rungs.result if is_known else "",
        count=frequency.count if frequency else 0,
        of=frequency.of if frequency else 0,
        by_chance=explanation.look_alikes if explanation and is_known else "",
        tags=tuple(_tags(case, explanation)),
        reasons=tuple(map(reason_row, explanation.reasons)) if explanation else (),
        evidence=tuple(evidence_rows(explanation)) if explanation else (),
        observed=_features(case, False, release),
        excluded=_features(case, True, release),
        genes=tuple(_genes(case, release)),
        diseases=tuple(
            text(f"{each.label} ({each.disease_id})" if each.label else each.disease_id)
            for each in case.diseases[:MOST_NAMED]
        ),
        sightings=tuple(_sighting(each, seen) for each in card.sightings),
    )


def text(said: str) -> str:
    """What somebody else wrote, on one line and no longer than a page can bear."""
    shown = printable(said)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def reach(contact: Contact | None) -> Reach | None:
    """A contact as text. A web address is opened by a person; nothing is mailed from here."""
    if contact is None or not (contact.name or contact.href):
        return None
    who = ", ".join(filter(None, (text(contact.name), text(contact.institution))))
    if is_web_address(contact.href):
        return Reach(who=who, text=text(contact.href), link=contact.href)
    addresses = mail_addresses(contact.href)
    return Reach(who=who, text=text(", ".join(addresses) or contact.href))


def is_web_address(href: str) -> bool:
    """Whether it leads to a web page, and shows where before it is opened."""
    if not href.isprintable() or len(href) > LONGEST:
        return False
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in href
    )


def _sighting(
    match: RemoteMatch, seen: Mapping[tuple[str, str], KeptMatch]
) -> Sighting:
    remote = match.remote
    kept = seen[remote.node, remote.case.case_id]
    since = f"First told of {day(kept.first_seen)}"
    if kept.changed_at != kept.first_seen:
        since += f", changed {day(kept.changed_at)}"
    return Sighting(
        node=remote.node,
        remote_id=text(remote.case.case_id),
        id_there=remote.case.case_id,
        label=text(remote.case.label),
        score=text(remote.peer_score),
        since=since,
        reach=reach(remote.case.contact),
    )


def _tags(case: Case, explanation: Explanation | None) -> Iterator[str]:
    if explanation is None:
        yield "why could not be said here"
    if case.species not in ("", None, HUMAN):
        yield text(f"not human: {case.species}")
    if case.test:
        yield "test case"


def _features(case: Case, excluded: bool, release: Release) -> tuple[str, ...]:
    chosen = [each for each in case.features if each.excluded is excluded]
    lines = profile.lines(chosen[:MOST_NAMED], release)
    return tuple(text(line.label or line.id) for line in lines)


def _genes(case: Case, release: Release) -> Iterator[str]:
    for entered in list(case.genes)[:MOST_NAMED]:
        gene = release.genes.resolve(entered).gene
        yield gene.symbol if gene else text(entered)


def newest(kept: Sequence[KeptMatch]) -> dict[tuple[str, str], KeptMatch]:
    """What was kept of each patient, by its node and its id there."""
    return {(each.node, each.remote.case.case_id): each for each in kept}
