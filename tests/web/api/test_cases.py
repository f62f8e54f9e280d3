"""Putting, getting, listing and deleting cases by the API."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from matcher.case import Contact, Sharing
from web.audit import Audit
from web.db import open_database
from web.errors import NOTHING_HERE
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.limiting import limit
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes

from ..conftest import MICROCEPHALY, SEIZURE, Cast, case_of
from .conftest import TERMS, Systems, packet, patient, refused

CASE = "/cases/I1"
CALLS = [
    ("PUT", CASE),
    ("GET", CASE),
    ("DELETE", CASE),
    ("GET", "/cases"),
    ("GET", f"{CASE}/matches"),
    ("POST", "/match"),
]


def revision(cast: Cast) -> int:
    with cast.store() as store:
        return store.revision()


@pytest.mark.parametrize("body", [packet(), patient()], ids=["packet", "patient"])
def test_case_is_kept_under_the_id_of_the_system(systems: Systems, body: Any) -> None:
    made = systems["seqr"].put(CASE, body)

    assert made.status_code == 201 and made.headers["ETag"] == '"1"'
    assert made.get_json()["status"] == "created"
    case = systems.cast.get(made.get_json()["case_id"])
    assert case.external_id == "I1" and case.actor == "api:seqr"
    assert case.case.observed == TERMS
    assert (case.site, case.case.sharing) == ("North", Sharing.SITE)


def test_number_of_the_case_says_nothing_of_the_external_id(systems: Systems) -> None:
    assert systems["seqr"].put(CASE, packet()).get_json()["case_id"] == "NORTH-0001"


def test_same_case_again_is_no_new_version(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())
    before = revision(systems.cast)

    again = systems["seqr"].put(CASE, packet())

    assert again.status_code == 200 and again.headers["ETag"] == '"1"'
    assert again.get_json()["status"] == "unchanged"
    assert revision(systems.cast) == before


def test_changed_case_is_the_next_version(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    changed = systems["seqr"].put(CASE, packet(SEIZURE, MICROCEPHALY))

    assert changed.status_code == 200 and changed.headers["ETag"] == '"2"'
    assert changed.get_json()["status"] == "changed"
    assert systems.cast.get("NORTH-0001").case.observed == (SEIZURE, MICROCEPHALY)


def test_sharing_stays_until_another_is_given(systems: Systems) -> None:
    systems["seqr"].put(f"{CASE}?sharing=network", packet())
    kept = systems["seqr"].put(CASE, packet(SEIZURE))
    changed = systems["seqr"].put(f"{CASE}?sharing=private", packet(SEIZURE))

    assert [kept.get_json()["sharing"], changed.get_json()["sharing"]] == [
        "network",
        "private",
    ]


def edit(cast: Cast) -> None:
    """A colleague adds a note on the page."""
    with cast.store() as store:
        case = store.get("NORTH-0001").case
        store.put(replace(case, note="seen again"), actor="alice")


def test_change_of_a_person_survives_the_same_case_sent_again(
    systems: Systems,
) -> None:
    systems["seqr"].put(CASE, packet())
    edit(systems.cast)

    again = systems["seqr"].put(CASE, packet())

    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')
    assert systems.cast.get("NORTH-0001").case.note == "seen again"


def test_change_of_a_person_is_not_overwritten_unseen(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())
    edit(systems.cast)

    unseen = systems["seqr"].put(CASE, packet(SEIZURE))
    seen = systems["seqr"].put(CASE, packet(SEIZURE), If_Match='"2"')

    [fault] = refused(unseen, 409)["errors"]
    assert fault["field"] == "If-Match" and '"2"' in fault["message"]
    assert seen.get_json()["version"] == 3


@pytest.mark.parametrize(
    ("header", "value"),
    [("If_Match", '"2"'), ("If_Match", "nonsense"), ("If_None_Match", "*")],
)
def test_change_from_another_version_is_refused(
    systems: Systems, header: str, value: str
) -> None:
    systems["seqr"].put(CASE, packet())

    answer = systems["seqr"].put(CASE, packet(SEIZURE), **{header: value})

    [fault] = refused(answer, 412)["errors"]
    assert fault["field"] == header.replace("_", "-") and fault["value"] == value
    assert systems.cast.get("NORTH-0001").version == 1


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If_Match", "*", 412),
        ("If_Match", '"1"', 412),
        ("If_None_Match", "*", 201),
        ("If_None_Match", '"1"', 201),
    ],
)
def test_condition_on_a_case_that_is_not_there(
    systems: Systems, header: str, value: str, status: int
) -> None:
    answer = systems["seqr"].put(CASE, packet(), **{header: value})

    assert answer.status_code == status


def test_star_stands_for_any_version(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    answer = systems["seqr"].put(CASE, packet(SEIZURE), If_Match="*")

    assert answer.get_json()["version"] == 2


def test_case_is_answered_as_it_was_put(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    body = systems["seqr"].get(CASE).get_json()

    assert (body["external_id"], body["version"]) == ("I1", 1)
    assert (body["format"], body["changed_by"]) == ("phenopacket", "api:seqr")
    features = body["case"]["phenotypicFeatures"]
    assert [each["type"]["id"] for each in features] == list(TERMS)


def test_case_is_answered_as_a_patient_on_demand(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    body = systems["seqr"].get(f"{CASE}?format=mme").get_json()

    features = body["case"]["patient"]["features"]
    assert [each["id"] for each in features] == list(TERMS)


def test_case_that_is_known_is_not_sent_again(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    known = systems["seqr"].get(CASE, If_None_Match='"1"')
    other = systems["seqr"].get(CASE, If_None_Match='"2"')

    assert (known.status_code, known.data) == (304, b"")
    assert other.status_code == 200


def test_deleted_case_is_gone(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    assert systems["seqr"].delete(CASE).status_code == 204

    refused(systems["seqr"].get(CASE), 404)
    refused(systems["seqr"].delete(CASE), 404)
    assert systems["seqr"].get("/cases").get_json()["total"] == 0


def test_deletion_from_another_version_is_refused(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    refused(systems["seqr"].delete(CASE, If_Match='"7"'), 412)

    assert systems["seqr"].delete(CASE, If_Match='"1"').status_code == 204


def test_deleted_case_comes_back_under_its_number(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())
    systems["seqr"].delete(CASE)

    body = systems["seqr"].put(CASE, packet()).get_json()

    assert (body["case_id"], body["version"]) == ("NORTH-0001", 3)
    assert body["status"] == "created"


def test_erased_case_does_not_come_back(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())
    with systems.cast.store() as store:
        store.erase("NORTH-0001", "alice")

    problem = refused(systems["seqr"].put(CASE, packet()), 410)

    assert "erased" in problem["detail"]
    assert [each["field"] for each in problem["errors"]] == ["external_id"]
    with systems.cast.store() as store:
        assert store.count() == 0


def test_external_id_is_nowhere_after_an_erasure(systems: Systems) -> None:
    systems["seqr"].put("/cases/canary-7f3a", packet())
    with systems.cast.store() as store:
        store.erase("NORTH-0001", "alice")

    database = systems.cast.settings.database
    files = [path for path in database.parent.iterdir() if path.is_file()]
    assert database in files
    assert [path for path in files if b"canary-7f3a" in path.read_bytes()] == []


def test_list_goes_on_where_it_ended(systems: Systems) -> None:
    for number in range(5):
        systems["seqr"].put(f"/cases/I{number}", packet())

    first = systems["seqr"].get("/cases?limit=3").get_json()
    rest = systems["seqr"].get(f"/cases?limit=3&after={first['next']}").get_json()

    assert [each["external_id"] for each in first["cases"]] == ["I0", "I1", "I2"]
    assert [each["external_id"] for each in rest["cases"]] == ["I3", "I4"]
    assert (first["total"], rest["next"]) == (5, None)


def test_list_names_only_what_the_system_submitted(systems: Systems) -> None:
    systems["scout"].put(CASE, packet())
    systems["harbour"].put(CASE, packet())
    systems.cast.put(case_of("NORTH-9"))

    assert systems["seqr"].get("/cases").get_json()["cases"] == []


@pytest.mark.parametrize("who", ["scout", "harbour"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_case_of_another_is_answered_as_a_missing_one(
    systems: Systems, who: str, method: str
) -> None:
    systems["seqr"].put(f"{CASE}?sharing=network", packet())

    of_another = systems[who].call(method, CASE)
    missing = systems[who].call(method, "/cases/I2")

    assert refused(of_another, 404) == refused(missing, 404)
    assert systems.cast.get("NORTH-0001").version == 1


def test_id_of_another_system_of_the_site_cannot_be_taken(systems: Systems) -> None:
    systems["seqr"].put(CASE, packet())

    [fault] = refused(systems["scout"].put(CASE, packet(SEIZURE)), 409)["errors"]

    assert (fault["place"], fault["field"]) == ("path", "external_id")
    assert systems.cast.get("NORTH-0001").actor == "api:seqr"


def test_each_site_has_ids_of_its_own(systems: Systems) -> None:
    north = systems["seqr"].put(CASE, packet()).get_json()
    harbour = systems["harbour"].put(CASE, packet()).get_json()

    assert [north["case_id"], harbour["case_id"]] == ["NORTH-0001", "HARBOUR-0001"]


def test_contact_of_the_body_is_kept_else_the_site_is_named(systems: Systems) -> None:
    systems["seqr"].put("/cases/I1", packet())
    systems["seqr"].put("/cases/I2", patient())

    first, second = (systems.cast.get(f"NORTH-000{n}").case.contact for n in (1, 2))
    assert first == Contact(institution="North")
    assert second is not None and second.href == "mailto:a@north.example"


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("who", ["nobody", "stranger", "peer"])
def test_call_without_a_good_token_is_refused(
    systems: Systems, who: str, method: str, path: str
) -> None:
    answer = systems[who].call(method, path, json=packet())

    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [("asker", *call) for call in CALLS[:4]] + [("scout", *call) for call in CALLS[4:]],
)
def test_call_out_of_scope_is_answered_as_a_missing_one(
    systems: Systems, who: str, method: str, path: str
) -> None:
    systems["seqr"].put(CASE, packet())

    answer = systems[who].call(method, path, json=packet())

    assert refused(answer, 404)["detail"] == NOTHING_HERE


def test_log_in_counts_for_nothing(systems: Systems) -> None:
    alice = systems.cast["alice"]

    refused(alice.client.get("/api/v1/cases"), 401)


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_token_counts_with_its_scheme_alone(systems: Systems, scheme: str) -> None:
    header = f"{scheme} {systems.tokens['seqr']}".strip()

    answer = systems["nobody"].get("/cases", Authorization=header)

    refused(answer, 401)


def test_token_is_no_token_of_a_peer(systems: Systems) -> None:
    headers = {"X-Auth-Token": systems.tokens["seqr"]}

    answer = systems.cast.app.test_client().post(
        "/match", json=patient(), headers=headers
    )

    assert answer.status_code == 401


CONSENT = (
    "consent_given_by=parent&consent_given_on=2026-01-05&consent_form=Matching+3.1"
)


def test_level_two_without_a_consent_is_refused(systems: Systems) -> None:
    faults = refused(systems["seqr"].put(f"{CASE}?sharing=exchange-2", packet()), 422)[
        "errors"
    ]

    assert [(f["place"], f["field"]) for f in faults] == [("query", "sharing")]
    assert "consent_form" in faults[0]["message"]
    assert systems["seqr"].get("/cases").get_json()["total"] == 0


def test_level_two_is_taken_with_the_facts_of_a_consent(systems: Systems) -> None:
    path = f"{CASE}?sharing=exchange-2&{CONSENT}&consent_expires_on=2199-01-01"

    made = systems["seqr"].put(path, packet())
    again = systems["seqr"].put(path, packet())
    later = systems["seqr"].put(f"{CASE}?sharing=exchange-2", packet(SEIZURE))

    assert [each.status_code for each in (made, again, later)] == [201, 200, 200]
    assert again.get_json()["status"] == "unchanged" and made.get_json()["version"] == 1
    with closing(open_database(systems.cast.settings.database)) as db:
        [consent] = Consents(db).of_case(made.get_json()["case_id"])
        entries = list(Audit(db).entries(made.get_json()["case_id"]))
    assert consent.recorded_by == "api:seqr" and consent.facts.scope == 2
    assert [(each.actor, each.action) for each in entries] == [
        ("api:seqr", "consent recorded")
    ]


def test_a_consent_that_was_withdrawn_is_not_taken_again(systems: Systems) -> None:
    path = f"{CASE}?sharing=exchange-2&{CONSENT}"
    case_id = systems["seqr"].put(path, packet()).get_json()["case_id"]
    with closing(open_database(systems.cast.settings.database)) as db:
        Consents(db).withdraw(case_id, "alice")

    faults = refused(systems["seqr"].put(path, packet()), 422)["errors"]

    assert faults[0]["field"] == "consent_given_on" and "ended" in faults[0]["message"]
    assert systems.cast.get(case_id).case.sharing is Sharing.SITE
    assert refused(systems["seqr"].put(f"{CASE}?sharing=exchange-2", packet()), 422)


@pytest.mark.parametrize(
    "query, field",
    [
        ("sharing=exchange-2&consent_form=A", "consent_given_by"),
        ("sharing=exchange-2&consent_given_by=parent", "consent_given_on"),
        (f"sharing=site&{CONSENT}", "consent_form"),
        (CONSENT, "consent_form"),
        (f"sharing=exchange-2&{CONSENT}&consent_expires_on=2026-01-06", "consent_exp"),
        (f"sharing=exchange-2&{CONSENT.replace('2026', '2199')}", "consent_given_on"),
        (f"sharing=exchange-2&{CONSENT.replace('parent', 'x')}", "consent_given_by"),
    ],
)
def test_a_consent_that_cannot_be_is_refused_with_its_field(
    systems: Systems, query: str, field: str
) -> None:
    faults = refused(systems["seqr"].put(f"{CASE}?{query}", packet()), 422)["errors"]

    assert [fault["field"].startswith(field) for fault in faults] == [True]


def limits_of(systems: Systems, case_id: str) -> dict[str, str]:
    with closing(open_database(systems.cast.settings.database)) as db:
        return {k: str(v) for k, v in Limits(db).in_force(case_id).items()}


def test_peers_may_be_told_less_of_a_case(systems: Systems) -> None:
    with closing(open_database(systems.cast.settings.database)) as db:
        Nodes(db).add("Hill Clinic")
    path = f"{CASE}?sharing=exchange-1&not_to=Island&level_1_to=Hill+Clinic"

    made = systems["seqr"].put(path, packet())
    again = systems["seqr"].put(path, packet())
    kept = systems["seqr"].put(CASE, packet(SEIZURE))
    lifted = systems["seqr"].put(f"{CASE}?not_to=", packet(SEIZURE))

    told = {"not_to": ["Island"], "level_1_to": ["Hill Clinic"]}
    assert [each.status_code for each in (made, again, kept)] == [201, 200, 200]
    assert made.get_json()["version"] == 1 and made.get_json()["peers"] == told
    assert again.get_json()["status"] == "unchanged"
    assert kept.get_json()["peers"] == told
    assert lifted.get_json()["status"] == "changed"
    assert systems["seqr"].get(CASE).get_json()["peers"] == {
        "not_to": [],
        "level_1_to": [],
    }
    with closing(open_database(systems.cast.settings.database)) as db:
        entries = list(Audit(db).entries(made.get_json()["case_id"]))
    assert [(each.actor, each.facts["node"]) for each in entries[:2]] == [
        ("api:seqr", "Hill Clinic"),
        ("api:seqr", "Island"),
    ]


def test_a_system_lifts_no_limit_that_a_person_has_set(systems: Systems) -> None:
    path = f"{CASE}?sharing=exchange-1"
    case_id = systems["seqr"].put(path, packet()).get_json()["case_id"]
    with closing(open_database(systems.cast.settings.database)) as db:
        limit(db, case_id, "Island", Most.LEVEL_1, "alice")

    systems["seqr"].put(f"{CASE}?not_to=Island", packet())
    assert limits_of(systems, case_id) == {"Island": "nothing"}
    systems["seqr"].put(f"{CASE}?not_to=", packet())

    assert limits_of(systems, case_id) == {"Island": "exchange-1"}
    with closing(open_database(systems.cast.settings.database)) as db:
        limit(db, case_id, "Island", Most.NOTHING, "alice")
    systems["seqr"].put(f"{CASE}?level_1_to=Island", packet())
    assert limits_of(systems, case_id) == {"Island": "nothing"}


@pytest.mark.parametrize(
    "query, field, why",
    [
        ("not_to=Valley", "not_to", "no peer of this site"),
        ("not_to=Island&level_1_to=Island", "not_to", "name it once"),
    ],
)
def test_a_peer_that_cannot_be_limited_is_named(
    systems: Systems, query: str, field: str, why: str
) -> None:
    [fault] = refused(systems["seqr"].put(f"{CASE}?{query}", packet()), 422)["errors"]

    assert fault["field"] == field and why in fault["message"]
    assert systems["seqr"].get("/cases").get_json()["total"] == 0
