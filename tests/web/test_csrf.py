"""No form is taken that a page of ours did not show: every route, every method that writes."""

from __future__ import annotations

from flask import Flask

from .conftest import PASSWORD, Cast, case_of
from .pages.test_safe_methods import NAMES

WRITING = ("POST", "PUT", "PATCH", "DELETE")
# Programs prove who they are with a token in a header, which no other site can send.
OF_PROGRAMS = ("mme.", "api_")


def writing_routes(app: Flask) -> list[tuple[str, str]]:
    """Method and path of everything that writes and is meant for browsers."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        return [
            (
                method,
                adapter.build(
                    rule.endpoint, {n: NAMES[n] for n in rule.arguments}, method=method
                ),
            )
            for rule in app.url_map.iter_rules()
            for method in WRITING
            if method in (rule.methods or ())
            and not rule.endpoint.startswith(OF_PROGRAMS)
        ]


def test_no_form_is_taken_without_its_token(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    alice, routes = cast["alice"], writing_routes(cast.app)

    answers = {
        (method, path, kind): alice.client.open(
            path, method=method, data={"name": "alice", "password": PASSWORD, **data}
        ).status_code
        for method, path in routes
        for kind, data in (("none", {}), ("forged", {"csrf_token": "forged"}))
    }

    assert len(routes) > 40
    assert {key: status for key, status in answers.items() if status != 400} == {}
    assert cast.get("NORTH-1").version == 1


def test_token_of_another_session_is_none(cast: Cast) -> None:
    bob = cast["bob"]
    bob.get("/account")

    answer = cast["alice"].client.post(
        "/account/theme", data={"theme": "dark", "csrf_token": bob.token}
    )

    assert answer.status_code == 400
