"""How cases, people, dates and levels are said on the pages; numbers are `matcher.wording`'s."""

from __future__ import annotations

from datetime import UTC, datetime

from matcher.case import Case, Sex, Sharing
from matcher.wording import age

NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()

SHARED_WITH = {
    Sharing.PRIVATE: "nobody",
    Sharing.SITE: "own site",
    Sharing.NETWORK: "own site and network",
    Sharing.EXCHANGE_1: "exchange, level 1",
    Sharing.EXCHANGE_2: "exchange, level 2",
}

SHARED_SHORT = {
    Sharing.PRIVATE: "nobody",
    Sharing.SITE: "own site",
    Sharing.NETWORK: "network",
    Sharing.EXCHANGE_1: "exchange 1",
    Sharing.EXCHANGE_2: "exchange 2",
}


def number_word(number: int) -> str:
    """A word up to twelve, figures beyond."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`three cases`, `one case`, `1,240 cases`."""
    return f"{number_word(number)} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """The text with a capital first letter and nothing else changed."""
    return text[:1].upper() + text[1:]


def proband(case: Case) -> str:
    """`girl, 4 y 2 m`; `child` or `person` where the sex is not given."""
    years = case.age_years
    child = years is not None and years < 16
    names = {
        Sex.FEMALE: "girl" if child else "woman",
        Sex.MALE: "boy" if child else "man",
    }
    if years is None:
        return {Sex.FEMALE: "female", Sex.MALE: "male"}.get(
            case.sex, "sex and age not given"
        )
    return f"{names.get(case.sex, 'child' if child else 'person')}, {age(years)}"


def moment(stamp: str) -> str:
    """An ISO time as `23 Nov 2026, 10:42 UTC`."""
    return f"{_read(stamp):%-d %b %Y, %H:%M} UTC"


def day(stamp: str, now: datetime | None = None) -> str:
    """An ISO time as `today`, `19 Nov`, or `30 Oct 2025` for another year."""
    then, today = _read(stamp), now or datetime.now(UTC)
    if then.date() == today.date():
        return "today"
    return f"{then:%-d %b}" if then.year == today.year else f"{then:%-d %b %Y}"


def recently(stamp: str, now: datetime | None = None) -> str:
    """An ISO time as `today`, as `Tuesday` within the last six days, else as a date."""
    then, today = _read(stamp), now or datetime.now(UTC)
    days = (today.date() - then.date()).days
    return f"{then:%A}" if 0 < days < 7 else day(stamp, today)


def on(stamp: str, now: datetime | None = None) -> str:
    """The same within a sentence: `today`, `on Tuesday`, `on 19 Nov`."""
    said = recently(stamp, now)
    return said if said == "today" else f"on {said}"


def _read(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(UTC)
