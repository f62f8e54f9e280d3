"""What an operator does with a peer by a form: the same as by the command line, each audited."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from web.audit import Audit
from web.mme import tending
from web.mme.nodes import UnknownNode
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.security import token_digest

from .conftest import TOKEN, URL, Operations

FORM = {"address": URL, "daily_budget": "50", "contact": "ops@island.example"}


def token_in(answer: TestResponse) -> str:
    """The token that the page shows."""
    [token] = re.findall(
        r'<code class="breakable" id="token">(\S+)</code>', answer.text
    )
    assert isinstance(token, str)
    return token


def post(operations: Operations, action: str, **form: object) -> TestResponse:
    return operations.olga.post(f"/node/peers/Island/{action}", form)


def test_a_peer_is_added_and_its_token_shown_once(operations: Operations) -> None:
    added = operations.olga.post(
        "/node/add", {"name": "Island", "outbound_token": TOKEN, **FORM}
    )

    token = token_in(added)
    node = operations.nodes.by_token(token)
    assert node is not None and node.name == "Island" and node.is_asked
    assert node.address == URL and node.contact == "ops@island.example"
    assert added.headers["Cache-Control"] == "no-store"
    again = operations.olga.get("/node/peers/Island").text
    assert token not in again and TOKEN not in again
    assert token not in operations.olga.get("/node").text
    assert token_digest(token) not in again
    assert [each.action for each in operations.audited()] == [tending.ADDED]
    assert token not in str(operations.audited())


def test_everything_that_can_be_set_is_set(operations: Operations) -> None:
    operations.know("Island")

    answer = post(
        operations,
        "change",
        address="http://10.0.0.7/mme/match/",
        contact=" Dr  Island ",
        disclaimer="Be careful.",
        terms="Be kind.",
        daily_budget="1,200",
        outbound_token=TOKEN,
        minor="1",
        coordinates="one",
        gene_ids="symbol",
        plain_labels="1",
        allow_private="1",
    )

    assert answer.status_code == 303, answer.text
    node = operations.nodes.get("Island")
    assert node.address == "http://10.0.0.7/mme" and node.allow_private
    assert node.contact == "Dr Island" and node.daily_budget == 1200
    assert node.disclaimer == "Be careful." and node.terms == "Be kind."
    assert operations.nodes.outbound_token(node) == TOKEN
    assert node.quirks == Quirks(
        minor=1,
        coordinates=Coordinates.ONE,
        gene_ids=GeneIds.SYMBOL,
        trailing_slash=True,
        plain_labels=True,
    )
    [entry] = operations.audited()
    assert entry.actor == "olga" and entry.action == tending.CHANGED
    assert "Be kind." not in str(entry) and TOKEN not in str(entry)


def test_what_is_emptied_is_gone_and_the_token_stays(operations: Operations) -> None:
    operations.asked("Island", contact="Dr Island", terms="Be kind.")

    post(operations, "change", address=URL, daily_budget="50")

    node = operations.nodes.get("Island")
    assert node.contact == "" and node.terms == "" and node.has_outbound_token


def test_a_token_is_forgotten_when_that_is_ticked(operations: Operations) -> None:
    operations.asked("Island")

    post(operations, "change", forget_token="1", **FORM)

    assert not operations.nodes.get("Island").has_outbound_token


@pytest.mark.parametrize(
    "field, entered, wanted",
    [
        ("address", "http://island.example", "--allow-private"),
        ("address", "https://127.0.0.1/mme", "inside this site"),
        ("daily_budget", "many", "a whole number from 0 to 1,000,000"),
        ("daily_budget", "9999999", "0 to 1,000,000 is right"),
        ("outbound_token", "two words", "visible characters without blanks"),
        ("contact", "x" * 20_001, "at most 20,000 characters"),
        ("ca_file", "/nowhere/ca.pem", "is not a file"),
        ("minor", "7", "must be one of: 1.0, 1.1"),
    ],
)  # fmt: skip
def test_a_wrong_entry_says_what_is_right_and_changes_nothing(
    operations: Operations, field: str, entered: str, wanted: str
) -> None:
    before = operations.asked("Island")

    answer = post(operations, "change", **{**FORM, field: entered})

    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text and wanted in answer.text
    assert operations.nodes.get("Island") == before and operations.audited() == []


@pytest.mark.parametrize("name", ["", "Is/land", "Island"])
def test_a_name_that_cannot_be_is_refused(operations: Operations, name: str) -> None:
    operations.know("Island")

    answer = operations.olga.post("/node/add", {**FORM, "name": name})

    assert answer.status_code == 422 and '<a href="#name">Name</a>' in answer.text
    assert [each.name for each in operations.nodes] == ["Island"]


def test_a_token_that_was_typed_never_comes_back(operations: Operations) -> None:
    answer = operations.olga.post(
        "/node/add", {**FORM, "name": "", "outbound_token": TOKEN}
    )

    assert answer.status_code == 422 and TOKEN not in answer.text


def test_rotation_goes_step_by_step(operations: Operations) -> None:
    operations.know("Island")

    newer = token_in(post(operations, "rotate"))

    refused = post(operations, "rotate")
    page = operations.olga.get("/node/peers/Island").text
    assert refused.status_code == 303 and "two good tokens" in page
    post(operations, "revoke-old")
    node = operations.nodes.get("Island")
    assert operations.nodes.by_token(newer) == node
    assert [t.revoked_at is None for t in operations.nodes.tokens(node)] == [
        False,
        True,
    ]


def test_a_revoked_peer_is_refused_and_let_in_again(operations: Operations) -> None:
    operations.know("Island")

    post(operations, "revoke")
    assert not operations.nodes.get("Island").is_active

    token = token_in(post(operations, "rotate"))
    assert operations.nodes.by_token(token) is not None


def test_a_peer_is_removed_only_by_who_is_sure(operations: Operations) -> None:
    operations.know("Island")

    post(operations, "remove")
    assert operations.nodes.get("Island")

    post(operations, "remove", sure="1")
    with pytest.raises(UnknownNode):
        operations.nodes.get("Island")
    assert operations.audited()[-1].facts == {"node": "Island"}


@pytest.mark.parametrize(
    "action", ["change", "rotate", "revoke-old", "revoke", "remove", "probe"]
)
def test_nobody_else_and_no_unknown_peer(operations: Operations, action: str) -> None:
    before = operations.know("Island")
    path = f"/node/peers/{{}}/{action}"
    form = {**FORM, "sure": "1"}

    assert operations.cast["alice"].post(path.format("Island"), form).status_code == 404
    assert operations.olga.post(path.format("Nowhere"), form).status_code == 404
    assert (
        operations.olga.client.post(path.format("Island"), data=form).status_code == 400
    )
    assert operations.nodes.get("Island") == before and operations.audited() == []


def test_what_cannot_be_audited_is_not_done(
    operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.know("Island")
    monkeypatch.setattr(Audit, "_insert", unwritable)

    answer = post(operations, "revoke")

    assert answer.status_code == 503
    assert operations.nodes.get("Island").is_active


def unwritable(*_: object) -> None:
    raise OSError
