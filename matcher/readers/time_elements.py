"""When something was or began, as Phenopackets say it: a TimeElement in one of six forms."""

from __future__ import annotations

from matcher.case import Onset
from matcher.readers.ages import gestation_onset, years, years_between
from matcher.readers.fields import Fields
from matcher.readers.identifiers import hpo_id


def read_onset(owner: Fields, name: str) -> Onset | None:
    """The onset at a name, as an age, an HPO onset term or both; None where it says neither."""
    if owner.get(name) is None:
        return None
    element = owner.child(name)
    term_id = hpo_id(element.term("ontologyClass")[0]) or _gestation(element)
    age = _age(element)
    if term_id is None and age is None:
        if element:
            _drop(element, "an age or an onset term")
        return None
    owner.record.mapped(owner.at(name))
    return Onset(years=age, term_id=term_id)


def read_age(subject: Fields) -> float | None:
    """Age in years at the last encounter; None where it is not an age after birth."""
    name = "timeAtLastEncounter"
    if subject.get(name) is None:
        return None
    element = subject.child(name)
    age = _age(element)
    if age is None:
        age = _age_at(subject, element.text("timestamp"))
    if age is not None:
        subject.record.mapped(subject.at(name))
    elif element:
        _drop(element, "an age in years after birth")
    return age


def _age_at(subject: Fields, timestamp: str) -> float | None:
    birth = subject.text("dateOfBirth")
    return years_between(birth, timestamp) if birth and timestamp else None


def _gestation(element: Fields) -> str | None:
    gestation = element.child("gestationalAge")
    weeks = gestation.number("weeks")
    if weeks is None:
        return None
    term_id = gestation_onset(weeks + (gestation.number("days") or 0) / 7)
    element.record.changed(
        gestation.path,
        f"{weeks:g} weeks",
        f"{weeks:g} weeks of gestation were read as the onset term {term_id}.",
    )
    return term_id


def _age(element: Fields) -> float | None:
    age = _duration(element.child("age"))
    if age is not None:
        return age
    ends = element.child("ageRange")
    low, high = _duration(ends.child("start")), _duration(ends.child("end"))
    if low is None or high is None:
        return low if high is None else high
    middle = (low + high) / 2
    element.record.guessed(
        ends.path,
        f"{low:g} to {high:g} years",
        f"The age range of {low:g} to {high:g} years was read as its middle, {middle:g}.",
    )
    return middle


def _duration(age: Fields) -> float | None:
    entered = age.text("iso8601duration")
    found = years(entered) if entered else None
    if entered and found is None:
        age.misfit("iso8601duration", entered, "an ISO 8601 duration such as P4Y6M")
    return found


def _drop(element: Fields, right: str) -> None:
    found = ", ".join(sorted(element.data)) or "nothing"
    element.record.dropped(
        element.path,
        found,
        f"{element.path} is given as {found} where {right} belongs; it was left out.",
    )
