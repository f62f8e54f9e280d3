"""What is said beside the form while a case is typed: how specific it is, and what would help.

Only cases that the person may open take part: what another site shares is shown, and recorded,
on the page of the matches.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matcher import Constraints, Match
from matcher.case import Case, PhenotypicFeature
from matcher.guidance import (
    Ask,
    Specificity,
    Twin,
    conflicts,
    implied,
    specificity,
    twins,
    worth_asking,
)
from matcher.labels import lowered
from matcher.matching import Matcher
from matcher.validation.issues import Rule
from matcher.wording import frequency, listing, look_alikes
from ontologies import Release
from web.accounts.people import Person
from web.pages.cases import profile
from web.pages.cases.remarks import Remark, remarks
from web.pages.entry.drafts import Draft
from web.service import service
from web.viewing.visibility import may_open

CLOSEST = 8
TWINS_AMONG = 20
ASKED = 3
MOST_LEFT = 50
LEAST_OBSERVED = 3
NAMED = 2
# One end of the scale and the other: a thousand look-alikes, and one in a thousand searches.
COMMON, UNMISTAKABLE = 3.0, -3.0
LEVELS = (
    (20.0, "Not specific yet."),
    (1.0, "Fairly specific."),
    (0.05, "Very specific."),
    (0.0, "Hardly to be mistaken."),
)
SAID_HERE = frozenset({Rule.CONTRADICTION, Rule.IMPLIED_TERM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How specific the profile is: in a word, in a sentence, and on a scale from 0 to 1."""

    level: str
    sentence: str
    place: float
    carriers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A finding to ask about, and what an answer would do."""

    id: str
    label: str
    lower: str
    fact: str
    rarity: float
    why: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Two findings that cannot both hold; each with its id and what to call it."""

    observed: str
    observed_name: str
    excluded: str
    excluded_name: str


@dataclass(frozen=True, slots=True)
class Idle:
    """A finding that adds nothing, and what says it already."""

    id: str
    label: str
    by: str


@dataclass(frozen=True, slots=True)
class Same:
    """A case that looks like the same person, and why."""

    case_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """All of it. `depth` is None where nothing was observed yet."""

    depth: Depth | None
    asks: tuple[Wanted, ...]
    clashes: tuple[Clash, ...]
    idle: tuple[Idle, ...]
    same: tuple[Same, ...]
    remarks: tuple[Remark, ...]


def advice(person: Person, draft: Draft, base: Case) -> Advice:
    """What there is to say of the form as it stands."""
    case = draft.case(base)
    release = service().release
    matcher = service().matcher.current()
    constraints = Constraints(
        test=case.test, admits=lambda other: may_open(person, other)
    )
    closest = matcher.rank(case, limit=TWINS_AMONG, constraints=constraints)
    question = matcher.question(case)
    asks = _asks(case, _candidates(case, closest), release, draft.unexamined)
    others = [match.pair.candidate for match in closest]
    return Advice(
        depth=_depth(specificity(matcher, question), release),
        asks=tuple(
            _asked(ask, case, closest[:CLOSEST], matcher, constraints, release)
            for ask in asks
        ),
        clashes=tuple(_clashes(case, release)),
        idle=tuple(_idle(case, release)),
        same=tuple(_same(each) for each in twins(case, others, release)),
        remarks=tuple(remarks(case, release, besides=SAID_HERE)),
    )


def _asks(
    case: Case, candidates: Sequence[Match], release: Release, left: Sequence[str]
) -> list[Ask]:
    """What to ask about, but for what nobody has examined."""
    # Nobody has that many asked of her; what a browser sends is bounded here.
    left = left[:MOST_LEFT]
    found = worth_asking(case, candidates, release, ASKED + len(left))
    return [ask for ask in found if ask.term_id not in left][:ASKED]


def _candidates(case: Case, closest: Sequence[Match]) -> Sequence[Match]:
    """The cases worth telling apart; none are while too little is said to find any."""
    is_enough = len(case.observed) >= LEAST_OBSERVED or case.genes
    return closest[:CLOSEST] if is_enough else ()


def _depth(found: Specificity | None, release: Release) -> Depth | None:
    if found is None:
        return None
    level = next(said for least, said in LEVELS if found.expected >= least)
    width = COMMON - UNMISTAKABLE
    exponent = math.log10(max(found.expected, 1e-9))
    names = [lowered(release.ontology.label(i)) for i in found.carriers]
    return Depth(
        level=level,
        sentence=f"Among {found.among:,} cases: {look_alikes(found.expected)}",
        place=min(1.0, max(0.0, (COMMON - exponent) / width)),
        carriers=listing(names),
    )


def _asked(
    ask: Ask,
    case: Case,
    closest: Sequence[Match],
    matcher: Matcher,
    constraints: Constraints,
    release: Release,
) -> Wanted:
    label = release.ontology.label(ask.term_id)
    one_in = release.information_content.rarity(ask.term_id)
    return Wanted(
        id=ask.term_id,
        label=label,
        lower=lowered(label),
        fact=f"1 in {max(1, round(one_in)):,} diseases",
        rarity=one_in,
        why=" ".join(_why(ask, case, closest, matcher, constraints)),
    )


def _why(
    ask: Ask,
    case: Case,
    closest: Sequence[Match],
    matcher: Matcher,
    constraints: Constraints,
) -> Iterator[str]:
    """Who shows it, who was looked at for it, and what a yes would do to the first of them."""
    verb = "shows" if len(ask.shown_by) == 1 else "show"
    yield f"{_named(ask.shown_by, len(closest))} {verb} it."
    if ask.ruled_out_by:
        yield f"Not found in {listing(ask.ruled_out_by[:NAMED])}."
    before = next((m for m in closest if m.case_id == ask.shown_by[0]), None)
    if before is None:
        return
    observed = PhenotypicFeature(term_id=ask.term_id)
    asked = dataclasses.replace(case, features=(*case.features, observed))
    after = next(
        (
            m
            for m in matcher.rank(asked, limit=CLOSEST, constraints=constraints)
            if m.case_id == before.case_id
        ),
        None,
    )
    if after is None:
        return
    was, becomes = (frequency(m.probability).words for m in (before, after))
    if was != becomes:
        yield f"A yes takes {before.case_id} from {was} to {becomes}."


def _named(case_ids: Sequence[str], of: int) -> str:
    if len(case_ids) <= NAMED:
        return listing(case_ids)
    return f"{case_ids[0]} and {len(case_ids) - 1} more of your {of} closest"


def _clashes(case: Case, release: Release) -> Iterator[Clash]:
    for found in conflicts(case, release.ontology):
        observed, excluded = (
            lowered(profile.term_label(i, release))
            for i in (found.observed, found.excluded)
        )
        yield Clash(found.observed, observed, found.excluded, excluded)


def _idle(case: Case, release: Release) -> Iterator[Idle]:
    for found in implied(case, release.ontology):
        label = profile.term_label(found.term_id, release)
        by = lowered(profile.term_label(found.by, release))
        yield Idle(found.term_id, label, by)


def _same(twin: Twin) -> Same:
    why = []
    if twin.has_label:
        why.append("the same name at your site")
    if twin.shared:
        why.append(f"{twin.shared} of {twin.findings} findings in common")
    if twin.variants:
        why.append(f"the same variant, {twin.variants[0]}")
    return Same(twin.case_id, listing(why))
