"""Who is asking: the clinician behind a request, or nobody the page is for."""

from __future__ import annotations

from flask import abort

from web.accounts import Person, Role, the_person


def the_clinician() -> Person:
    """The clinician of a site who makes this request.

    Raises `NotLoggedIn`; for anybody else the page does not exist.
    """
    person = the_person()
    if not (person.has(Role.CLINICIAN) and person.site):
        abort(404)
    return person
