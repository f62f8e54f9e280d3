"""Who is asking: the clinician, curator or operator behind a request, or nobody the page is for."""

from __future__ import annotations

from flask import abort

from web.accounts import Person, Role, the_person


def the_clinician() -> Person:
    """The clinician of a site who makes this request.

    Raises `NotLoggedIn`; for anybody else the page does not exist.
    """
    person = the_person()
    if not is_clinician(person):
        abort(404)
    return person


def the_operator() -> Person:
    """The operator who makes this request.

    Raises `NotLoggedIn`; for anybody else the page does not exist.
    """
    person = the_person()
    if not person.has(Role.OPERATOR):
        abort(404)
    return person


def the_curator() -> Person:
    """The curator who makes this request.

    Raises `NotLoggedIn`; for anybody else the page does not exist.
    """
    person = the_person()
    if not person.has(Role.CURATOR):
        abort(404)
    return person


def the_decider() -> Person:
    """The curator or clinician who makes this request, so that she may decide about cases.

    Raises `NotLoggedIn`; for anybody else the page does not exist.
    """
    person = the_person()
    if not (person.has(Role.CURATOR) or is_clinician(person)):
        abort(404)
    return person


def is_clinician(person: Person) -> bool:
    """Whether the person has cases: a clinician, and of some site."""
    return person.has(Role.CLINICIAN) and bool(person.site)
