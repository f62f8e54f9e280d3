"""What a release would do to the matches of the stored cases, as the pages tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.case import Case
from web.accounts import Person
from web.db import connection, store
from web.pages.admission import is_clinician
from web.pages.curation.studies import Studied
from web.pages.words import counted, moment, sentence
from web.switching.impacts import Impact, Impacts, UnknownImpact
from web.switching.kept_lists import ListShifts
from web.viewing.visibility import may_open

TOP = 10
MOST_CASES = 200
MOST_MOVERS = 5
BEYOND = TOP + 1
# Runs of before 2026-12 know of cases alone.
NOT_LOOKED_AT = "This run did not look at them; find it out again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A match that changes its rank, None where it is not among the ten best."""

    case_id: str
    other_id: str
    before: int | None
    after: int | None
    because: str

    @property
    def moved(self) -> int:
        """How many ranks; beyond the list counts as its end."""
        return abs((self.before or BEYOND) - (self.after or BEYOND))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLine:
    """A list that somebody was shown, and its match that moves most, None if not to be named."""

    case_id: str
    shown: str
    kept: int
    gained: int
    lost: int
    mover: Mover | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsView:
    """What becomes of the lists that people were shown. `overlap` has a bar and a count each."""

    sentence: str
    overlap: Sequence[tuple[str, float, int]] = ()
    drift: str = ""
    lines: Sequence[ListLine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactView:
    """How far the last run is, and what it found. `overlap` has a bar and a count each."""

    is_known: bool = False
    is_running: bool = False
    impact_id: int = 0
    step: str = ""
    share: int | None = None
    problem: str = ""
    said: str = ""
    sentence: str = ""
    overlap: Sequence[tuple[str, float, int]] = ()
    drift: str = ""
    movers: Sequence[Mover] = ()
    lists: ListsView | None = None
    hidden: bool = False


def impact_view(person: Person, studied: Studied) -> ImpactView:
    """The last run about the release beside the one that is active now."""
    if studied.is_active or studied.active is None:
        return ImpactView()
    impacts = Impacts(connection())
    try:
        found = impacts.latest(studied.release.release_id)
    except UnknownImpact:
        return ImpactView()
    state = found.state()
    if state == "running":
        return _running(found)
    if found.before != studied.active.release_id:
        problem = (
            "It was found out beside another release, which is not active any more."
        )
        return ImpactView(problem=problem)
    if found.result is None:
        ended = (
            "It was cancelled."
            if state == "cancelled"
            else f"It ended early: {found.why}."
        )
        return ImpactView(
            problem=ended if found.why else "Its process was ended from outside."
        )
    return _known(person, studied, found, found.result)


def _running(found: Impact) -> ImpactView:
    total = found.total
    counts = f", {found.done:,} of {total:,}" if total else ""
    return ImpactView(
        is_running=True,
        impact_id=found.impact_id,
        step=f"{found.task or 'Beginning'}{counts}",
        share=100 * min(found.done, total) // total if total else None,
    )


def _known(
    person: Person, studied: Studied, found: Impact, result: Mapping[str, Any]
) -> ImpactView:
    impacts, ranked = Impacts(connection()), result["ranked"]["cases"]
    losing = impacts.losing(found.impact_id)
    unchanged = ranked - sum(losing.values())
    nearly = unchanged + losing.get(1, 0)
    of = "" if result["ranked"]["is_all"] else f" of {result['cases']:,}"
    return ImpactView(
        is_known=True,
        impact_id=found.impact_id,
        said=f"{ranked:,}{of} cases ranked by both, {moment(found.ended_at or found.seen_at)}",
        sentence=(
            f"For {nearly:,} of {ranked:,} cases the ten best matches stay the same "
            "but for one at most."
            if ranked
            else "No case was ranked."
        ),
        overlap=_overlap(ranked, unchanged, losing),
        drift=_drift(result["matches"]),
        movers=_movers(person, studied, found) if is_clinician(person) else (),
        lists=_lists(person, studied, found, result.get("kept_lists")),
        hidden=not is_clinician(person),
    )


def _lists(
    person: Person, studied: Studied, found: Impact, result: Mapping[str, Any] | None
) -> ListsView:
    """The lists that people were shown, each beside what the same person would be shown."""
    if result is None:
        return ListsView(sentence=NOT_LOOKED_AT)
    losing = ListShifts(connection()).losing(found.impact_id)
    lists = sum(losing.values())
    if not lists:
        return ListsView(sentence="No list of matches that somebody was shown is kept.")
    today = result["lists"] - result["today"]["same_lists"]
    then = result["then"]
    return ListsView(
        sentence=(
            f"{sentence(counted(lists, 'list'))}, each the last that somebody was shown of a "
            f"case, beside what she would be shown: {then['gained']:,} matches come among the "
            f"ten best, {then['lost']:,} go. {today:,} are not as they were shown today already."
        ),
        overlap=_overlap(lists, losing.get(0, 0), losing),
        drift=_drift(then),
        lines=_list_lines(person, studied, found) if is_clinician(person) else (),
    )


def _list_lines(person: Person, studied: Studied, found: Impact) -> list[ListLine]:
    """The lists that change most, of cases that the person may open."""
    changed = ListShifts(connection()).of(found.impact_id, MOST_CASES)
    ids = {row[name] for row in changed for name in ("case_id", "mover") if row[name]}
    cases = _readable(person, sorted(ids))
    lines = [
        ListLine(
            case_id=row["case_id"],
            shown=moment(row["kept_at"]),
            kept=row["kept"],
            gained=row["gained"],
            lost=row["lost"],
            mover=_list_mover(row, cases, studied),
        )
        for row in changed
        if row["case_id"] in cases
    ]
    return lines[:MOST_MOVERS]


def _list_mover(
    row: Mapping[str, Any], cases: Mapping[str, Case], studied: Studied
) -> Mover | None:
    pair = {**row, "other_id": row["mover"]}
    return next(_of_case(row["case_id"], [pair], cases, studied), None)


def _overlap(
    ranked: int, unchanged: int, losing: Mapping[int, int]
) -> list[tuple[str, float, int]]:
    counts = [
        ("all stay", unchanged),
        ("one goes", losing.get(1, 0)),
        ("two go", losing.get(2, 0)),
        ("more go", sum(n for lost, n in losing.items() if lost > 2)),
    ]
    return [(name, n / ranked if ranked else 0.0, n) for name, n in counts]


def _drift(matches: Mapping[str, Any]) -> str:
    bands = [
        f"{counted(n, 'pair')} from “{change.replace(' to ', '” to “')}”"
        for change, n in matches["bands"].items()
    ]
    said = f"Bands: {'; '.join(bands)}." if bands else "No pair changes its band."
    moved = matches["mean_probability_shift"]
    if moved is None:
        return said
    per_hundred = (
        f"about {moved * 100:.0f} in 100" if moved >= 0.01 else "less than 1 in 100"
    )
    return f"{said} Frequencies of the same pairs move by {per_hundred} on average."


def _movers(person: Person, studied: Studied, found: Impact) -> list[Mover]:
    """The matches that move most, of cases that the person may open, both of them."""
    impacts = Impacts(connection())
    changed = [row["case_id"] for row in impacts.cases(found.impact_id, MOST_CASES)]
    pairs = {each: impacts.pairs(found.impact_id, each) for each in changed}
    ids = {*changed, *(p["other_id"] for each in pairs.values() for p in each)}
    cases = _readable(person, sorted(ids))
    movers = [
        mover
        for case_id in changed
        if case_id in cases
        for mover in _of_case(case_id, pairs[case_id], cases, studied)
    ]
    movers.sort(key=lambda each: (-each.moved, each.case_id, each.other_id))
    return movers[:MOST_MOVERS]


def _readable(person: Person, case_ids: Sequence[str]) -> dict[str, Case]:
    found = store().get_many(case_ids, on_damage=lambda error: None)
    return {i: s.case for i, s in found.items() if may_open(person, s.case)}


def _of_case(
    case_id: str,
    pairs: Sequence[Mapping[str, Any]],
    cases: Mapping[str, Case],
    studied: Studied,
) -> Iterator[Mover]:
    for pair in pairs:
        other_id = pair["other_id"]
        if other_id in cases:
            yield Mover(
                case_id=case_id,
                other_id=other_id,
                before=pair["rank_before"],
                after=pair["rank_after"],
                because=_because([cases[case_id], cases[other_id]], studied),
            )


def _because(cases: Sequence[Case], studied: Studied) -> str:
    """The first change of a term that both or one of the cases have."""
    changed = {row.entry: row for row in reversed(studied.study.rows)}
    terms = [set(case.observed) | set(case.excluded) for case in cases]
    for shared in (terms[0] & terms[1], terms[0] | terms[1]):
        for term_id in sorted(shared & changed.keys()):
            row = changed[term_id]
            if row.what in ("merged", "obsoleted", "moved"):
                return sentence(f"{row.label} was {row.what}")
    return "How rare terms are has shifted"
