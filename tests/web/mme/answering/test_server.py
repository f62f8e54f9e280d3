"""The endpoints for peers, over real HTTP on loopback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.readers import read_cases
from matcher.storage.database import backup
from matcher.storage.store import CaseStore
from ontologies import Release
from web import create_app
from web.audit import Audit, Entry
from web.config import load_settings
from web.db import open_database
from web.mme.answering import turns

from web.mme.nodes import Nodes
from web.mme.answering.view import PeerView, Told
from web.service import service

from ...serving import served
from ..mme_patients import mme_test_patients

pytestmark = pytest.mark.usefixtures("everybody_agreed")

VENDOR = "application/vnd.ga4gh.matchmaker.v1.0+json"
TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")
CANARY = "canary-3f9a"
LEVEL_2_FIELD = "inheritanceMode"
# A busy machine is no failure.
PATIENCE_SECONDS = 60
GENE_VARIANT = GenomicFeature(
    gene="EFTUD2",
    variant=Variant(assembly="GRCh37", chromosome="17", start=42929131, hgvs=(CANARY,)),
)


@dataclass(frozen=True)
class Site:
    """A node that answers on loopback."""

    address: str
    token: str
    database: Path

    def post(self, patient: object, **headers: str) -> httpx.Response:
        return self.send({"patient": patient}, **headers)

    def send(self, message: object, **headers: str) -> httpx.Response:
        sent = {"X-Auth-Token": self.token, "Content-Type": VENDOR, "Accept": VENDOR}
        return httpx.post(
            f"{self.address}/match",
            content=json.dumps(message),
            headers={**sent, **headers},
            timeout=PATIENCE_SECONDS,
        )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", headers={"X-Auth-Token": self.token})


@contextlib.contextmanager
def running(folder: Path, release: Release, cases: list[Case]) -> Iterator[Site]:
    settings = load_settings({}, directory=folder)
    db = open_database(settings.database)
    token = Nodes(db).add("Island")
    with CaseStore(db) as store:
        store.put_many(cases, actor="test")
    app = create_app(settings, release=release)
    with served(app) as address:
        yield Site(address, token, settings.database)


def case(case_id: str, sharing: Sharing, **more: Any) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in TERMS)
    contact = Contact(name="Clinical genetics", href="mailto:genetics@north.example")
    return Case(
        case_id=case_id, features=features, contact=contact, sharing=sharing, **more
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Iterator[Site]:
    secret: dict[str, Any] = {
        "note": CANARY,
        "family": CANARY,
        "submitter": CANARY,
        "label": CANARY,
        "genomic_features": (GENE_VARIANT,),
    }
    cases = [case(f"{level}-case", level, **secret) for level in Sharing]
    cases.append(case("test-case", Sharing.EXCHANGE_2, test=True))
    with running(tmp_path_factory.mktemp("node"), release, cases) as site:
        yield site


def patient(*terms: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "theirs-1",
        "contact": {"name": "Dr Example", "href": "mailto:a@island.example"},
        "features": [{"id": term_id} for term_id in terms],
        **more,
    }


def found(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [result["patient"]["id"] for result in response.json()["results"]]


def refused(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    message: str = response.json()["message"]
    return message


def test_only_cases_shared_with_the_exchange_are_found(site: Site) -> None:
    assert set(found(site.post(patient(*TERMS)))) == {
        "exchange-1-case",
        "exchange-2-case",
    }


def test_nothing_private_leaves_even_at_the_highest_level(site: Site) -> None:
    bodies = site.post(patient(*TERMS)).json()["results"]

    level_one = [b for b in bodies if b["patient"]["id"] == "exchange-1-case"]
    assert CANARY not in json.dumps(bodies).replace("exchange", "")
    assert "variant" not in level_one[0]["patient"]["genomicFeatures"][0]


def test_level_two_shows_variants(site: Site) -> None:
    bodies = site.post(patient(*TERMS)).json()["results"]

    [body] = [b["patient"] for b in bodies if b["patient"]["id"] == "exchange-2-case"]
    assert body["genomicFeatures"][0]["variant"]["referenceName"] == "17"


def test_a_test_query_sees_test_cases_only(site: Site) -> None:
    assert found(site.post(patient(*TERMS, test=True))) == ["test-case"]


def test_scores_are_told_in_bands(site: Site) -> None:
    for result in site.post(patient(*TERMS)).json()["results"]:
        tenths = result["score"]["patient"] * 10
        assert 0 < tenths <= 10 and tenths == pytest.approx(round(tenths))


def test_every_disclosure_is_audited(site: Site) -> None:
    site.post(patient(*TERMS, id="audited"))

    db = open_database(site.database)
    with contextlib.closing(db):
        audit = Audit(db)
        last = list(audit.entries())[-1]
        assert audit.first_break() is None
    assert last.actor == "Island" and last.facts["query"] == "audited"
    assert set(last.case_ids) == {"exchange-1-case", "exchange-2-case"}


def last_entry(site: Site) -> Entry:
    with contextlib.closing(open_database(site.database)) as db:
        return list(Audit(db).entries())[-1]


@pytest.mark.parametrize(
    "asked, reason, query",
    [
        (patient("HP:0001250", id="thin"), "too little", "thin"),
        (patient(id="empty"), "nothing usable", None),
        ("no patient", "not a match request", None),
    ],
)
def test_every_refusal_is_audited_with_its_reason(
    site: Site, asked: object, reason: str, query: str | None
) -> None:
    site.post(asked)

    last = last_entry(site)
    assert last.action == "refused a peer" and last.case_ids == ()
    assert last.facts["reason"] == reason and last.facts.get("query") == query


def test_what_was_not_taken_as_it_stood_is_audited_by_field(site: Site) -> None:
    bad = [{"id": CANARY}, {"id": TERMS[0], "observed": CANARY}, {CANARY: 1}]
    asked = patient(*TERMS)
    asked["features"] += [*bad, {"id": CANARY}]
    site.post(asked)
    in_part = last_entry(site).facts["in_part"]

    site.post(patient(id="empty") | {"features": bad[1:]})

    assert in_part == {"patient.features.id": 3, "patient.features.observed": 1}
    assert last_entry(site).facts["reason"] == "nothing usable"
    assert last_entry(site).facts["in_part"] == {
        "patient.features.id": 1,
        "patient.features.observed": 1,
    }
    with contextlib.closing(open_database(site.database)) as db:
        assert not any(CANARY in str(entry.facts) for entry in Audit(db).entries())


def test_a_test_query_is_audited_as_one(site: Site) -> None:
    site.post(patient(*TERMS, test=True))

    last = last_entry(site)
    assert last.facts["test"] is True and last.case_ids == ("test-case",)


@pytest.mark.parametrize("asked", [TERMS, TERMS[:1]])
def test_without_an_audit_nothing_is_told(
    tmp_path: Path, release: Release, asked: tuple[str, ...]
) -> None:
    with running(tmp_path, release, [case("kept", Sharing.EXCHANGE_2)]) as site:
        with contextlib.closing(open_database(site.database)) as db:
            db.execute(
                "CREATE TRIGGER full BEFORE INSERT ON audit "
                "BEGIN SELECT RAISE(FAIL, 'no room'); END"
            )

        response = site.post(patient(*asked))

        assert "audit" in refused(response, 503)
        assert "kept" not in response.text and "results" not in response.text


def test_too_few_terms_get_no_results_and_the_reason(site: Site) -> None:
    response = site.post(patient("HP:0001250"))

    assert found(response) == []
    assert "at least 3" in response.json()["_warnings"][-1]


def test_one_gene_is_enough_to_ask(site: Site) -> None:
    asked = patient(genomicFeatures=[{"gene": {"id": "EFTUD2"}}])

    assert "exchange-1-case" in found(site.post(asked))


def test_a_profile_without_anything_usable_is_refused(site: Site) -> None:
    assert "theirs-1" in refused(site.post(patient()), 422)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_refused(site: Site, token: str) -> None:
    assert "X-Auth-Token" in refused(
        site.post(patient(*TERMS), **{"X-Auth-Token": token}), 401
    )


def test_a_revoked_token_is_refused(site: Site) -> None:
    db = open_database(site.database)
    with contextlib.closing(db):
        token = Nodes(db).add("Valley")
        Nodes(db).revoke("Valley")

    refused(site.post(patient(*TERMS), **{"X-Auth-Token": token}), 401)


def test_no_token_is_kept_in_plain_text(site: Site) -> None:
    files = site.database.parent.glob("secondcase.db*")

    assert not any(site.token.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json", "Accept": "*/*"},
        {"Content-Type": "application/json; charset=UTF-8"},
        {"Content-Type": "application/vnd.ga4gh.matchmaker+json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": VENDOR.replace("1.0", "1.7")},
    ],
)
def test_headers_of_real_peers_are_taken(site: Site, headers: dict[str, str]) -> None:
    assert found(site.post(patient(*TERMS), **headers))


@pytest.mark.parametrize("minor", [0, 1])
def test_the_answer_is_in_the_version_of_the_question(site: Site, minor: int) -> None:
    version = VENDOR.replace("1.0", f"1.{minor}")

    response = site.post(
        patient(*TERMS), **{"Content-Type": version, "Accept": version}
    )

    assert response.headers["Content-Type"] == version


def test_another_major_version_is_refused_with_those_there_are(site: Site) -> None:
    newer = VENDOR.replace("v1.0", "v2.0")

    response = site.post(patient(*TERMS), **{"Content-Type": newer, "Accept": newer})

    assert "2.0" in refused(response, 406)
    assert response.json()["supportedVersions"] == ["1.0", "1.1"]


def test_a_body_that_is_no_json_type_is_refused(site: Site) -> None:
    assert "text/xml" in refused(
        site.post(patient(*TERMS), **{"Content-Type": "text/xml"}), 415
    )


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"patient": 1}', '{"patient": NaN}']
)
def test_broken_bodies_are_refused_in_json(site: Site, body: str) -> None:
    headers = {"X-Auth-Token": site.token, "Content-Type": VENDOR}

    response = httpx.post(f"{site.address}/match", content=body, headers=headers)

    assert refused(response, 400)


def test_a_slash_at_the_end_is_no_redirect(site: Site) -> None:
    headers = {"X-Auth-Token": site.token, "Content-Type": VENDOR}
    body = json.dumps({"patient": patient(*TERMS)})

    response = httpx.post(f"{site.address}/match/", content=body, headers=headers)

    assert response.status_code == 200


def test_heartbeat_names_the_versions(site: Site) -> None:
    beat = site.get("/heartbeat").json()["heartbeat"]

    assert VENDOR in beat["accept"] and beat["production"] is False


def test_metrics_count_shared_real_cases_only(site: Site) -> None:
    metrics = site.get("/metrics").json()["metrics"]

    assert metrics["numberOfCases"] == 2
    assert metrics["numberOfUniqueFeatures"] == len(TERMS)


@pytest.mark.parametrize("path", ["/heartbeat", "/metrics"])
def test_heartbeat_and_metrics_need_a_token(site: Site, path: str) -> None:
    refused(httpx.get(f"{site.address}{path}"), 401)


def test_the_case_that_asks_is_not_its_own_match(site: Site) -> None:
    asked = patient(
        *TERMS, id="exchange-1-case", genomicFeatures=[{"gene": {"id": "EFTUD2"}}]
    )

    assert found(site.post(asked)) == ["exchange-2-case"]


def test_a_case_that_is_not_alike_is_not_told(site: Site) -> None:
    assert found(site.post(patient("HP:0000677", "HP:0006237", "HP:0000405"))) == []


def test_of_more_features_than_anybody_names_the_first_are_used(site: Site) -> None:
    answer = site.post(
        patient(*(f"HP:{number:07}" for number in range(1, 202)), *TERMS)
    )

    [said] = [each for each in answer.json()["_warnings"] if "were used" in each]
    assert said == "Of 205 different features the first 200 were used."


def test_of_an_endless_message_a_bounded_part_is_read(site: Site) -> None:
    given = {"features": 501, "genomicFeatures": 201, "disorders": 51}
    item = {"id": TERMS[0], "gene": {"id": "EFTUD2"}}

    answer = site.post(patient() | {name: [item] * n for name, n in given.items()})

    told = answer.json()["_warnings"]
    assert [line for line in told if "were read" in line] == [
        "Of 501 features only 500 were read.",
        "Of 201 genomicFeatures only 200 were read.",
        "Of 51 disorders only 50 were read.",
    ]


def test_another_case_with_an_id_of_ours_hides_nothing(site: Site) -> None:
    asked = patient(*TERMS[:3], id="exchange-1-case")

    assert "exchange-1-case" in found(site.post(asked))


@pytest.fixture(scope="module")
def test_patients(
    tmp_path_factory: pytest.TempPathFactory, release: Release
) -> Iterator[tuple[Site, list[Case]]]:
    cases = [
        replace(each, sharing=Sharing.EXCHANGE_2)
        for each in read_cases(mme_test_patients())
    ]
    with running(tmp_path_factory.mktemp("patients"), release, cases) as site:
        yield site, cases


def test_test_patients_find_those_with_the_same_gene(
    test_patients: tuple[Site, list[Case]], release: Release
) -> None:
    site, cases = test_patients
    by_id = {each.case_id: each for each in cases}

    def genes(case_id: str) -> set[str]:
        resolved = (release.genes.resolve(gene).gene for gene in by_id[case_id].genes)
        return {gene.hgnc_id for gene in resolved if gene}

    raw = json.loads(mme_test_patients().read_text())
    missed = []
    for asked in raw:
        partners = {
            i for i in by_id if i != asked["id"] and genes(i) & genes(asked["id"])
        }
        first = found(site.post(asked))[: len(partners)]
        if partners and not partners & set(first):
            missed.append(asked["id"])
    assert missed == []


@pytest.mark.parametrize(
    "patient_too_thin",
    [
        patient("HP:0001250", genomicFeatures=[{"gene": {"id": "NOSUCHGENE1"}}]),
        patient("HP:0001250", "HP:0012638", "HP:0000707"),
    ],
)
def test_neither_an_unknown_gene_nor_ancestors_make_a_profile(
    site: Site, patient_too_thin: dict[str, Any]
) -> None:
    assert found(site.post(patient_too_thin)) == []


@pytest.mark.parametrize("name", ["Content-Type", "Accept"])
def test_an_endless_version_is_no_error_of_ours(site: Site, name: str) -> None:
    endless = VENDOR.replace("1.0", "1." + "9" * 5_000)

    response = site.post(patient(*TERMS), **{name: endless})

    assert response.status_code in (200, 415) and len(response.text) < 50_000


def test_warnings_are_bounded(site: Site) -> None:
    features = [{"id": f"nonsense {number}"} for number in range(2_000)]

    response = site.post(patient(*TERMS) | {"features": features})

    assert len(response.content) < 100_000


def test_a_third_question_at_a_time_is_told_to_wait(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AT_A_TIME", 0)

    response = site.post(patient(*TERMS))

    assert refused(response, 429) and response.headers["Retry-After"] == "1"


def test_a_damaged_case_is_left_out_and_the_others_answer(
    tmp_path: Path, release: Release
) -> None:
    cases = [case(name, Sharing.EXCHANGE_1) for name in ("whole", "damaged")]
    with running(tmp_path, release, cases) as site:
        assert len(found(site.post(patient(*TERMS)))) == 2
        db = open_database(site.database)
        with contextlib.closing(db):
            db.execute("UPDATE revisions SET actor = 'x' WHERE case_id = 'damaged'")

        assert found(site.post(patient(*TERMS))) == ["whole"]
        assert site.get("/metrics").json()["metrics"]["numberOfCases"] == 1


def change_while_it_answers(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]
) -> None:
    """Do something else to the store after the cases were ranked, before they are told."""
    read = PeerView.told
    changes = [change]

    def told(view: PeerView, case_ids: Iterable[str], revision: int) -> dict[str, Told]:
        # Once: they are read again with the audit entry.
        while changes:
            changes.pop()()
        return read(view, case_ids, revision)

    monkeypatch.setattr(PeerView, "told", told)


@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.EXCHANGE_1, None])
def test_a_case_that_changed_since_it_was_ranked_is_not_told(
    tmp_path: Path,
    release: Release,
    monkeypatch: pytest.MonkeyPatch,
    sharing: Sharing | None,
) -> None:
    cases = [case(name, Sharing.EXCHANGE_2) for name in ("kept", "changed")]
    with running(tmp_path, release, cases) as site:
        assert len(found(site.post(patient(*TERMS)))) == 2
        with CaseStore.open(site.database) as store:

            def change() -> None:
                with CaseStore.open(site.database) as other:
                    if sharing is None:
                        other.delete("changed", "test")
                    else:
                        other.put(case("changed", sharing), actor="test")

            change_while_it_answers(monkeypatch, change)

            assert found(site.post(patient(*TERMS))) == ["kept"]
            assert store.revision() == 3


def test_a_lower_sharing_level_tells_less_at_once(
    tmp_path: Path, release: Release
) -> None:
    onset = {"inheritance": ("HP:0000007",)}
    with running(
        tmp_path, release, [case("kept", Sharing.EXCHANGE_2, **onset)]
    ) as site:
        assert LEVEL_2_FIELD in site.post(patient(*TERMS)).text
        with CaseStore.open(site.database) as store:
            store.put(case("kept", Sharing.EXCHANGE_1, **onset), actor="test")

        response = site.post(patient(*TERMS))

        assert found(response) == ["kept"] and LEVEL_2_FIELD not in response.text


def test_a_restored_database_answers_with_what_is_in_it(
    tmp_path: Path, release: Release
) -> None:
    with running(tmp_path, release, [case("lost", Sharing.EXCHANGE_2)]) as site:
        with contextlib.closing(open_database(site.database)) as db:
            backup(db, tmp_path / "copy.db")
        with CaseStore.open(site.database) as store:
            store.put(case("later", Sharing.EXCHANGE_2), actor="test")
        assert found(site.post(patient(*TERMS))) == ["later", "lost"]
        with contextlib.closing(open_database(tmp_path / "copy.db")) as copy:
            CaseStore(copy).delete("lost", "test")
            CaseStore(copy).put(case("restored", Sharing.EXCHANGE_2), actor="test")
            backup(copy, site.database)

        assert found(site.post(patient(*TERMS))) == ["restored"]


def test_peers_are_answered_by_as_many_threads_as_people(
    tmp_path: Path, release: Release
) -> None:
    settings = load_settings({"SECONDCASE_PROCESSES": "64"}, directory=tmp_path)
    app = create_app(settings, release=release)

    with app.app_context():
        assert service().peers.settings == service().matcher.settings
        assert service().peers.settings.workers == 1
