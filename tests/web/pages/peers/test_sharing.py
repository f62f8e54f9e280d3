"""What a clinician is shown of what peers see, and how a consent is recorded and withdrawn."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from matcher.calibration import Calibration
from matcher.case import Case, Sharing
from matcher.storage.database import Database, write_transaction
from ontologies import Release
from web import create_app
from web.accounts.passwords import Passwords
from web.audit import Audit
from web.config import Settings
from web.db import open_database
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.disclosures import Disclosures
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes
from web.mme.answering.view import sent, told

from ...conftest import OLIGODONTIA, SEIZURE, Cast, case_of

PAGE = "/cases/NORTH-1/sharing"
RECORD, WITHDRAW = "/cases/NORTH-1/consent", "/cases/NORTH-1/consent/withdraw"
FORM = {
    "scope": "2",
    "given_by": "parent",
    "given_on": "2026-01-05",
    "form": "Matching 3.1",
    "expires_on": "",
}


@pytest.fixture(autouse=True)
def shared(cast: Cast) -> Case:
    return cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_2)).case


@contextmanager
def database(cast: Cast) -> Iterator[Database]:
    with closing(open_database(cast.settings.database)) as db:
        yield db


def allowed(cast: Cast, case: Case) -> bool:
    with database(cast) as db:
        return bool(Consents(db).allowed([case]))


def test_the_preview_is_the_message_itself(cast: Cast, release: Release) -> None:
    page = cast["alice"].get(PAGE).text

    shown = [
        json.loads(html.unescape(text))
        for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S)
    ]
    stored = cast.get("NORTH-1").case
    levels = (Sharing.EXCHANGE_1, Sharing.EXCHANGE_2)
    assert shown == [
        sent(Case(**{**fields(stored), "sharing": level}), release) for level in levels
    ]
    assert "canary-note" not in page.split("<main", 1)[-1]


def fields(case: Case) -> dict[str, object]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


def test_a_case_that_is_not_shared_is_previewed_as_well(cast: Cast) -> None:
    cast.put(case_of("NORTH-2", sharing=Sharing.PRIVATE))

    page = cast["alice"].get("/cases/NORTH-2/sharing").text

    assert page.count("<pre") == 2 and "its level now" not in page


def test_the_page_says_that_a_consent_is_missing(cast: Cast, shared: Case) -> None:
    before = cast["alice"].get(PAGE).text
    answer = cast["alice"].post(RECORD, FORM)
    after = cast["alice"].get(PAGE).text

    assert answer.status_code == 303 and allowed(cast, shared)
    assert "so no peer finds this case" in before
    assert "so no peer finds this case" not in after and "Matching 3.1" in after


def test_recording_lets_peers_find_the_case_by_a_new_version(
    cast: Cast, release: Release
) -> None:
    before = cast.get("NORTH-1")
    cast["alice"].post(RECORD, FORM)

    after = cast.get("NORTH-1")
    assert after.revision > before.revision and after.case == before.case
    assert told(after.case, release) is not None


def test_withdrawing_names_who_has_seen_it(cast: Cast, shared: Case) -> None:
    cast["alice"].post(RECORD, FORM)
    with database(cast) as db:
        Nodes(db).add("Island")
        [island] = Nodes(db)
        with write_transaction(db):
            Disclosures(db).take(island, ["NORTH-1"])

    cast["alice"].post(WITHDRAW)
    page = cast["alice"].get(PAGE).text

    assert "must be told: Island" in page
    assert cast.get("NORTH-1").case.sharing is Sharing.SITE
    assert not allowed(cast, shared)


def test_both_are_audited(cast: Cast) -> None:
    cast["alice"].post(RECORD, FORM)
    cast["alice"].post(WITHDRAW)

    with database(cast) as db:
        audit = Audit(db)
        done = [(e.actor, e.action, e.case_ids) for e in audit.entries()]
        assert audit.first_break() is None
    assert done == [
        ("alice", "consent recorded", ("NORTH-1",)),
        ("alice", "consent withdrawn", ("NORTH-1",)),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "9"},
        {"given_by": "Dr Smith"},
        {"given_on": "yesterday"},
        {"given_on": "2199-01-01"},
        {"form": ""},
        {"expires_on": "2020-01-01"},
    ],
)
def test_what_is_wrong_is_named_and_nothing_recorded(
    cast: Cast, shared: Case, wrong: dict[str, str]
) -> None:
    answer = cast["alice"].post(RECORD, {**FORM, **wrong})

    [field] = wrong
    assert answer.status_code == 422 and f'id="{field}-problem"' in answer.text
    assert not allowed(cast, shared)


@pytest.mark.parametrize("path", [RECORD, WITHDRAW])
@pytest.mark.parametrize("person", ["bob", "charlie"])
def test_only_who_entered_the_case_changes_its_consent(
    cast: Cast, shared: Case, person: str, path: str
) -> None:
    cast["alice"].post(RECORD, {**FORM, "scope": "1"})

    assert cast[person].post(path, FORM).status_code == 404
    assert not allowed(cast, shared)
    assert cast.get("NORTH-1").case.sharing is Sharing.EXCHANGE_2


def test_a_colleague_reads_and_a_stranger_does_not(cast: Cast) -> None:
    colleague = cast["bob"].get(PAGE)

    assert colleague.status_code == 200 and "Only alice" in colleague.text
    assert cast["charlie"].get(PAGE).status_code == 404


@pytest.mark.parametrize("path", [RECORD, WITHDRAW])
def test_a_form_without_a_token_changes_nothing(
    cast: Cast, shared: Case, path: str
) -> None:
    assert cast["alice"].client.post(path, data=FORM).status_code == 400
    assert not allowed(cast, shared)


def test_features_of_hardly_anybody_are_pointed_out(cast: Cast) -> None:
    for number in range(2, 7):
        oligodontia = case_of(
            f"NORTH-{number}", observed=(OLIGODONTIA,), sharing=Sharing.NETWORK
        )
        cast.put(oligodontia)
        cast.put(case_of(f"NORTH-{number}0", observed=(SEIZURE,)))

    page = cast["alice"].get(PAGE).text

    [said] = re.findall(r"site, fewer than 5 have: (.*?)</p>", page)
    # What is not shared is not told by what is missing here.
    assert "Oligodontia" not in said and "Seizure" in said


def alone(cast: Cast) -> list[str]:
    """What is said of the features that no other case has together."""
    section = r'aria-labelledby="alone-h">(.*?)</section>'
    return re.findall(section, cast["alice"].get(PAGE).text, re.S)


def test_features_that_no_other_case_has_together_are_pointed_out(cast: Cast) -> None:
    [said] = alone(cast)
    assert "like no other case" in said and "Ask for consent to level 2" in said

    cast.put(case_of("NORTH-2", sharing=Sharing.SITE))
    cast.put(case_of("HARBOUR-2", site="Harbour", sharing=Sharing.PRIVATE))
    assert alone(cast) == [said]

    cast.put(case_of("NORTH-3", sharing=Sharing.NETWORK))
    assert alone(cast) == []


def test_nothing_is_asked_for_that_is_on_record(cast: Cast) -> None:
    cast["alice"].post(RECORD, FORM)
    assert alone(cast) == []

    cast["alice"].post(WITHDRAW)
    assert len(alone(cast)) == 1


def test_the_page_says_that_peers_are_told_broader_terms(
    settings: Settings, release: Release, calibration: Calibration
) -> None:
    careful = replace(settings, singled_out_by=3)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(
        careful, release=release, calibration=calibration, passwords=passwords
    )
    cast = Cast(app=app, settings=careful)

    [said] = alone(cast)
    first, second = re.findall("<pre.*?</pre>", cast["alice"].get(PAGE).text, re.S)

    assert "peers are told broader terms" in said
    # Level 2 is what a consent lets them be told.
    assert "HP:0000677" not in first and "HP:0000677" in second


def test_the_form_of_a_case_takes_level_two_with_a_consent_only(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", sharing=Sharing.SITE))
    form = {"action": "save", "version": "2", "observed": OLIGODONTIA, "sex": "female"}
    form["sharing"] = "exchange-2"

    refused = cast["alice"].post("/cases/NORTH-1/edit", form)
    new = cast["alice"].post("/cases/new", form)
    cast["alice"].post(RECORD, FORM)
    taken = cast["alice"].post("/cases/NORTH-1/edit", form)

    assert (refused.status_code, new.status_code, taken.status_code) == (422, 422, 303)
    assert "needs a consent on record" in refused.text
    assert cast.get("NORTH-1").case.sharing is Sharing.EXCHANGE_2


def test_the_preview_generalises_as_the_message_does(
    settings: Settings, release: Release, calibration: Calibration
) -> None:
    broad = replace(settings, rare_below=50)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(
        broad, release=release, calibration=calibration, passwords=passwords
    )

    page = Cast(app=app, settings=broad)["alice"].get(PAGE).text

    assert page.count("<pre") == 2 and "HP:0000677" not in page.split("<main", 1)[-1]


PEERS = "/cases/NORTH-1/peers"


def know(cast: Cast, *names: str) -> None:
    with database(cast) as db:
        for name in names:
            Nodes(db).add(name)


def in_force(cast: Cast) -> dict[str, Most]:
    with database(cast) as db:
        return Limits(db).in_force("NORTH-1")


def test_one_peer_is_told_less_with_its_history(cast: Cast) -> None:
    know(cast, "Island", "Hill")

    first = cast["alice"].post(PEERS, {"peer": "Island", "most": "exchange-1"})
    cast["alice"].post(PEERS, {"peer": "Island", "most": "nothing"})
    page = cast["alice"].get(PAGE).text

    assert first.status_code == 303 and in_force(cast) == {"Island": Most.NOTHING}
    assert "What was set before" in page and "level 1 at most: no variants" in page
    with database(cast) as db:
        done = [(e.action, e.facts) for e in Audit(db).entries()]
    assert done == [
        ("limit for a peer set", {"node": "Island", "most": "exchange-1"}),
        ("limit for a peer set", {"node": "Island", "most": "nothing"}),
    ]


@pytest.mark.parametrize("most, shown", [("exchange-1", 1), ("nothing", 0), ("", 2)])
def test_the_preview_of_a_peer_is_what_it_sees(
    cast: Cast, release: Release, most: str, shown: int
) -> None:
    know(cast, "Island")
    if most:
        cast["alice"].post(PEERS, {"peer": "Island", "most": most})

    page = cast["alice"].get(PAGE, peer="Island").text

    messages = re.findall(r'aria-label="Message.*?>(.*?)</pre>', page, re.S)
    questions = re.findall(r'aria-label="Question.*?>(.*?)</pre>', page, re.S)
    assert "What Island would see" in page
    assert len(messages) == len(questions) == shown
    assert ("is told nothing of this case" in page) is (shown == 0)
    if shown:
        one = replace(cast.get("NORTH-1").case, sharing=Sharing.EXCHANGE_1)
        assert json.loads(html.unescape(messages[0])) == sent(one, release)
        asked = json.loads(html.unescape(questions[0]))
        assert asked["features"] == sent(one, release)["features"]


@pytest.mark.parametrize("person", ["bob", "charlie"])
def test_only_who_entered_the_case_limits_it(cast: Cast, person: str) -> None:
    know(cast, "Island")

    answer = cast[person].post(PEERS, {"peer": "Island", "most": "nothing"})

    assert answer.status_code == 404 and in_force(cast) == {}


def test_an_unknown_peer_or_limit_changes_nothing(cast: Cast) -> None:
    know(cast, "Island")

    cast["alice"].post(PEERS, {"peer": "Nowhere", "most": "nothing"})
    page = cast["alice"].get(PAGE).text
    odd = cast["alice"].post(PEERS, {"peer": "Island", "most": "everything"})

    assert "Nowhere" in page and odd.status_code == 400
    assert in_force(cast) == {}


def test_a_consent_that_leaves_out_a_peer_binds(cast: Cast) -> None:
    know(cast, "Island", "Hill")
    cast["alice"].post(RECORD, {**FORM, "not_to": ["Island", "Nowhere"]})

    cast["alice"].post(PEERS, {"peer": "Island", "most": "as others"})
    page = cast["alice"].get(PAGE).text

    assert "not to Island" in page and "A consent on record leaves out Island" in page
    assert in_force(cast) == {"Island": Most.NOTHING}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (RECORD, {**FORM, "given_on": "2026-01-06"}),
        (WITHDRAW, {}),
        (PEERS, {"peer": "Island", "most": "nothing"}),
    ],
)
def test_what_cannot_be_audited_is_not_done(
    cast: Cast, path: str, form: dict[str, str]
) -> None:
    with database(cast) as db:
        Nodes(db).add("Island")
    cast["alice"].post(RECORD, FORM)

    with cast.unrecordable():
        assert cast["alice"].post(path, form).status_code == 503
