"""When something began, in the five ways FHIR says it, and how old the person was."""

from __future__ import annotations

import re

from matcher.case import Onset
from matcher.readers.ages import MAX_YEARS, years, years_between
from matcher.readers.fhir.coding import Concept
from matcher.readers.fields import Fields
from matcher.readers.identifiers import hpo_id, is_hpo_id
from matcher.readers.typed_ages import typed_years

_PER_YEAR = {
    "a": 1.0,
    "y": 1.0,
    "mo": 12.0,
    "m": 12.0,
    "wk": 52.18,
    "w": 52.18,
    "d": 365.25,
    "h": 8766.0,
    "min": 525_960.0,
}
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def quantity_years(quantity: Fields) -> float | None:
    """An Age or a duration in years; None where there is none or its unit is not known."""
    value = quantity.number("value") if quantity else None
    if value is None:
        return None
    unit = (quantity.text("code") or quantity.text("unit")).strip().casefold()
    per_year = _PER_YEAR.get(unit) or _PER_YEAR.get(unit[:1])
    if unit in ("month", "months"):
        per_year = _PER_YEAR["mo"]
    age = value / per_year if per_year else -1.0
    if not 0 <= age <= MAX_YEARS:
        quantity.misfit("value", value, "an age with a unit such as a, mo, wk or d")
        return None
    return round(age, 4)


def age_at(birth: str, moment: str) -> float | None:
    """Years from a date of birth to another date, either of them perhaps without its day."""
    begun, ended = _day(birth), _day(moment)
    return years_between(begun, ended) if begun and ended else None


def _day(date: str) -> str:
    found = _DATE.match(date.strip())
    if not found:
        return ""
    return {4: found[0] + "-07-01", 7: found[0] + "-15"}.get(len(found[0]), found[0])


def read_onset(owner: Fields, birth: str) -> Onset | None:
    """The onset of a Condition: an age, the start of a period, a range, a date or text."""
    found = _onset(owner, birth)
    if found is not None:
        owner.record.mapped(owner.at("onset"))
    return found


def _onset(owner: Fields, birth: str) -> Onset | None:
    if owner.get("onsetAge") is not None:
        return _of_years(quantity_years(owner.child("onsetAge")))
    if owner.get("onsetPeriod") is not None:
        return _dated(owner, owner.child("onsetPeriod").text("start"), birth)
    if owner.get("onsetRange") is not None:
        return _between(owner.child("onsetRange"))
    if owner.get("onsetDateTime") is not None:
        return _dated(owner, owner.text("onsetDateTime"), birth)
    return _worded(owner, "onsetString", owner.text("onsetString"))


def extended_onset(extension: Fields, birth: str) -> Onset | None:
    """The onset that an extension holds in whichever value."""
    term_id, _ = Concept(extension.child("valueCodeableConcept")).hpo()
    term_id = term_id or Concept(extension.child("valueCoding")).hpo()[0]
    if term_id:
        return Onset(term_id=term_id)
    for name in ("valueAge", "valueQuantity", "valueDuration"):
        if extension.get(name) is not None:
            return _of_years(quantity_years(extension.child(name)))
    if extension.get("valuePeriod") is not None:
        return _dated(extension, extension.child("valuePeriod").text("start"), birth)
    if extension.get("valueRange") is not None:
        return _between(extension.child("valueRange"))
    if extension.get("valueDateTime") is not None:
        return _dated(extension, extension.text("valueDateTime"), birth)
    return _worded(extension, "valueString", extension.text("valueString"))


def _of_years(age: float | None) -> Onset | None:
    return None if age is None else Onset(years=age)


def _dated(owner: Fields, date: str, birth: str) -> Onset | None:
    if not date:
        return None
    age = age_at(birth, date)
    if age is None:
        owner.record.dropped(
            owner.at("onset"),
            None,
            "An onset is given as a date, and no age can be told from it without a date of "
            "birth before it; it was left out.",
        )
    return _of_years(age if age is None else round(age, 4))


def _between(ends: Fields) -> Onset | None:
    low, high = (quantity_years(ends.child(name)) for name in ("low", "high"))
    if low is None or high is None:
        return _of_years(low if high is None else high)
    middle = (low + high) / 2
    ends.record.guessed(
        ends.path,
        f"{low:g} to {high:g} years",
        f"The onset from {low:g} to {high:g} years was read as its middle, {middle:g}.",
    )
    return Onset(years=middle)


def _worded(owner: Fields, name: str, words: str) -> Onset | None:
    if not words:
        return None
    if is_hpo_id(hpo_id(words)):
        return Onset(term_id=hpo_id(words))
    exact = years(words)
    age = typed_years(words) if exact is None else exact
    if age is None:
        owner.misfit(name, words, "an age such as 5 months or P5M")
    elif exact is None:
        owner.record.guessed(
            owner.at(name), words, f"The onset {words!r} was read as {age:g} years."
        )
    return _of_years(age)
