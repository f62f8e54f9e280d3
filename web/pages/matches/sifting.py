"""Which matches a page lists, and in which order: what was chosen, with how many each holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from matcher.case import Case
from matcher.evidence import EvidenceKind
from matcher.explanation.term_pairs import usable_features
from ontologies import Release
from web.pages.cards.entries import EXCHANGE, NETWORK, OWN, Entry
from web.pages.words import day

# Terms of the matches themselves that are offered, beside those of the case.
MOST_TERMS = 15
SORTS: Mapping[str, str] = MappingProxyType(
    {"": "most probable", "new": "newest", "phenotype": "phenotype only"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen; everything empty is all of them, most probable first.

    `since` is a day: what was named first after it is new. `problems` say what could not be
    understood, and was left out.
    """

    show: str = ""
    place: str = ""
    term: str = ""
    sort: str = ""
    since: date | None = None
    problems: tuple[str, ...] = ()

    def arguments(self, **changed: str) -> dict[str, str]:
        """The choice as the query of an address, with what is changed in it."""
        said = {
            "show": self.show,
            "site": self.place,
            "term": self.term,
            "sort": self.sort,
            "since": self.since.isoformat() if self.since else "",
        }
        return {name: value for name, value in {**said, **changed}.items() if value}

    @property
    def since_words(self) -> str:
        """The day as it is said, "" without one."""
        return day(f"{self.since}T00:00:00+00:00") if self.since else ""

    def is_new(self, entry: Entry) -> bool:
        """Whether no list up to that day named it."""
        if self.since is None:
            return False
        return not entry.first_seen or entry.first_seen[:10] > self.since.isoformat()

    def kinds(self) -> Mapping[str, Callable[[Entry], bool]]:
        """What each chip keeps."""
        return {
            "": lambda each: True,
            "gene": lambda each: each.shares_gene,
            "new": self.is_new,
            "own": lambda each: each.kind == OWN,
            "network": lambda each: each.kind == NETWORK,
            "exchange": lambda each: each.kind == EXCHANGE,
            "open": lambda each: each.verdict is None or not _is_settled(each),
        }

    def sifted(self, found: Sequence[Entry]) -> list[Entry]:
        """Those that were chosen, in the order that was chosen."""
        is_kind = self.kinds()[self.show]
        kept = [
            each
            for each in found
            if is_kind(each)
            and self.place in ("", each.place)
            and (not self.term or self.term in each.terms)
        ]
        if self.sort == "new":
            # What was never named before is the newest of all.
            kept.sort(key=lambda each: each.first_seen or "~", reverse=True)
        if self.sort == "phenotype":
            kept.sort(key=lambda each: -each.ratio(EvidenceKind.PHENOTYPE))
        return kept


def _is_settled(entry: Entry) -> bool:
    return entry.verdict is not None and entry.verdict.judged.is_settled


NAMES = {
    "": "All",
    "gene": "Shares a gene",
    "new": "New",
    "own": "Own site",
    "network": "Network",
    "exchange": "Exchange",
    "open": "Not settled",
}


def choice(
    arguments: Mapping[str, str], release: Release, since: date | None
) -> Choice:
    """What an address asks for; `since` is the day that is meant where it names none."""
    problems: list[str] = []
    term = arguments.get("term", "").strip()
    resolved = release.ontology.resolve(term).term_id if term else ""
    if resolved is None:
        problems.append(
            f"“{term[:40]}” is no term of HPO {release.versions['hpo']}; right is an id such as "
            "HP:0001250. It was left out."
        )
    show, sort = arguments.get("show", ""), arguments.get("sort", "")
    for name, said, known in (("show", show, NAMES), ("sort", sort, SORTS)):
        if said not in known:
            right = ", ".join(filter(None, known))
            problems.append(f"“{said[:40]}” is no {name}; right is one of {right}.")
    return Choice(
        show=show if show in NAMES else "",
        place=arguments.get("site", "").strip(),
        term=resolved or "",
        sort=sort if sort in SORTS else "",
        since=_day(arguments.get("since", ""), since, problems),
        problems=tuple(problems),
    )


def _day(said: str, otherwise: date | None, problems: list[str]) -> date | None:
    if not said:
        return otherwise
    try:
        return date.fromisoformat(said)
    except ValueError:
        problems.append(f"“{said[:40]}” is no day; right is one such as 2026-11-18.")
        return otherwise


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose, with how many matches it keeps."""

    key: str
    name: str
    count: int

    @property
    def words(self) -> str:
        """Name and number."""
        return f"{self.name} ({self.count:,})"


def chips(chosen: Choice, found: Sequence[Entry]) -> list[Option]:
    """The kinds of which there are any, and all; none where there is nothing to tell apart."""
    if len(found) < 2:
        return []
    counts = {
        key: len(replace(chosen, show=key).sifted(found)) for key in chosen.kinds()
    }
    is_judged = any(_is_settled(each) for each in found)
    return [
        Option(key, NAMES[key], count)
        for key, count in counts.items()
        if not key or key == chosen.show or (count and (key != "open" or is_judged))
    ]


def places(found: Sequence[Entry]) -> list[Option]:
    """Every site and peer that a match is from."""
    counts = Counter(each.place for each in found)
    return [Option(name, name, count) for name, count in sorted(counts.items())]


def terms(case: Case, found: Sequence[Entry], release: Release) -> list[Option]:
    """The features of the case, then those that most matches have besides, each with its number."""
    ontology = release.ontology
    own = usable_features(case, release).observed
    named = Counter(term for each in found for term in each.observed)
    more = [term for term, _ in named.most_common() if term not in own]
    return [
        Option(term, ontology.label(term), sum(term in each.terms for each in found))
        for term in (*own, *more[:MOST_TERMS])
    ]
