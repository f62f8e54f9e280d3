"""Looking at a page saves nothing, whatever the request carries."""

from __future__ import annotations

import pytest
from flask import Flask

from ..conftest import FLOPPY_INFANT, SEIZURE, Cast, case_of

# What would be saved if the request were taken for a form that was sent.
FORM = {
    "action": "save",
    "version": "1",
    "observed": [SEIZURE, FLOPPY_INFANT],
    "sharing": "network",
    "sex": "female",
}
NAMES = {
    "peer": "Island",
    "node": "Island",
    "remote_id": "P-1",
    "case_id": "NORTH-1",
    "other_id": "NORTH-2",
    "filename": "base.css",
    "session_id": "1",
    "name": "bob",
    "secret": "no link that anybody was given",
    "release_id": "0123456789abcdef",
    "notice": "0123456789abcdef0123456789abcdef",
    "external_id": "I1",
    "link": "0123456789abcdef0123456789abcdef",
    "number": "1",
    "group": "0123456789abcdef",
    "upload_id": "fedcba9876543210fedcba9876543210",
}


def paths(app: Flask) -> list[str]:
    """An address of every route; one with a name that stands in no list above fails."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        return [
            adapter.build(
                rule.endpoint,
                {name: NAMES[name] for name in rule.arguments},
                method=sorted(rule.methods or ())[0],
            )
            for rule in app.url_map.iter_rules()
        ]


@pytest.mark.parametrize("person", ["alice", "bob", "nobody"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_route_saves_a_case_unless_a_form_is_sent(
    cast: Cast, method: str, person: str
) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))
    client = cast[person].client

    answers = {
        path: client.open(path, method=method, data=FORM, buffered=True)
        for path in paths(cast.app)
    }

    assert len(answers) > 20
    assert {path for path, each in answers.items() if each.status_code >= 500} == set()
    with cast.store() as store:
        assert store.revision() == 2
        assert store.count() == 2
