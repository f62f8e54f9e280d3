"""Import: a file is read, its columns are named, its cases looked over, and some saved."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from matcher.case import Case, PhenotypicFeature, Relation, Sex, Sharing
from matcher.storage.database import rows
from ontologies import Release
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.db import open_database
from web.entry.uploads import KEPT, Kind, Uploads, erase_expired
from web.worker import worker_of

from ...conftest import (
    MICROCEPHALY,
    OLIGODONTIA,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)
from ..test_attacks import ATTACKS

IMPORT = "/cases/import"
HPO = "http://purl.obolibrary.org/obo/hp.owl"
TABLE = (
    "patient;hpo;absent;gene\nA;HP:0001250|floppy baby|HP:0000154;HP:0000252;PHF14\n"
)
PEDIGREE = "F7 kid dad mum 2 2 HP:0001250\nF7 dad 0 0 1 1\nF7 mum 0 0 2 2\n"


def finding(code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": HPO, "code": code}]},
        "valueBoolean": True,
        **more,
    }


def bundle(*more: dict[str, Any]) -> str:
    resources = [
        {
            "resourceType": "Patient",
            "id": "p1",
            "gender": "female",
            "name": [{"family": "Canaria"}],
        },
        *(finding(code) for code in (SEIZURE, OLIGODONTIA, WIDE_MOUTH)),
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/p1"},
            "code": {"text": "floppy baby"},
        },
        *more,
    ]
    return json.dumps(
        {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}
    )


def sent(cast: Cast, data: str | bytes, name: str = "cases.json") -> TestResponse:
    """The answer to a file that Alice sends."""
    content = data.encode() if isinstance(data, str) else data
    return cast["alice"].post(IMPORT, {"file": (io.BytesIO(content), name)})


def waiting(cast: Cast, data: str | bytes, name: str = "cases.json") -> str:
    """The address of a file that waits."""
    answer = sent(cast, data, name)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def boxes(page: str, name: str) -> list[str]:
    return re.findall(rf'<input type="checkbox" name="{name}" value="([^"]+)"', page)


def cases(cast: Cast) -> list[Case]:
    with cast.store() as store:
        return [each.case for each in store.cases()]


def uploads(cast: Cast) -> list[dict[str, Any]]:
    with closing(open_database(cast.settings.database)) as db:
        return rows(db, "SELECT * FROM uploads")


def test_a_fhir_bundle_is_looked_over_and_saved_with_what_was_confirmed(
    cast: Cast,
) -> None:
    place = waiting(cast, bundle())
    page = cast["alice"].get(place).text
    [guess] = boxes(page, "guess")

    answer = cast["alice"].post(place + "/save", {"case": "0", "guess": guess})

    assert "“floppy baby” is <b>Floppy infant</b>" in page and "Canaria" not in page
    assert answer.status_code == 303
    [case] = cases(cast)
    assert case.case_id == "NORTH-0001" and case.sex is Sex.FEMALE
    assert case.observed == (SEIZURE, OLIGODONTIA, WIDE_MOUTH, "HP:0008947")
    assert (case.submitter, case.site) == ("alice", "North")
    assert case.sharing is Sharing.PRIVATE
    assert uploads(cast) == []


def test_what_was_not_confirmed_does_not_enter(cast: Cast) -> None:
    place = waiting(cast, bundle())
    cast["alice"].post(place + "/save", {"case": "0", "sharing": "site"})

    [case] = cases(cast)
    assert "HP:0008947" not in case.observed and case.sharing is Sharing.SITE


def test_a_table_asks_for_its_columns_first(cast: Cast) -> None:
    place = waiting(cast, TABLE, "cases.csv")
    page = cast["alice"].get(place).text
    chosen = re.findall(r'name="(column-\d)".*?<option value="([^"]+)" selected', page)
    cast["alice"].post(
        place + "/columns", {**dict(chosen), "column-2": "observed features"}
    )
    review = cast["alice"].get(place).text
    cast["alice"].post(place + "/save", {"case": boxes(review, "case")})

    assert dict(chosen)["column-1"] == "observed features"
    assert "Is this what the columns hold?" in page and "one guess to confirm" in review
    [case] = cases(cast)
    assert case.observed == (SEIZURE, WIDE_MOUTH, "HP:0000252")
    assert case.genes == ("PHF14",)


def test_columns_can_be_changed_again(cast: Cast) -> None:
    place = waiting(cast, TABLE, "cases.csv")
    cast["alice"].post(place + "/columns", {"column-1": "observed features"})
    before = cast["alice"].get(place).text
    cast["alice"].post(place + "/columns", {"action": "again"})

    assert "Look over the import" in before
    assert "Is this what the columns hold?" in cast["alice"].get(place).text


def test_a_mapping_that_cannot_be_is_named(cast: Cast) -> None:
    place = waiting(cast, TABLE, "cases.csv")
    form = {"column-0": "sex", "column-1": "sex"}

    answer = cast["alice"].post(place + "/columns", form)

    assert answer.status_code == 422 and "said of one column only" in answer.text


def test_pasted_text_is_told_apart_by_itself(cast: Cast) -> None:
    pages = [
        cast["alice"]
        .get(cast["alice"].post(IMPORT, {"text": text}).headers["Location"])
        .text
        for text in (bundle(), TABLE, PEDIGREE)
    ]

    assert [
        "Look over" in pages[0],
        "columns hold" in pages[1],
        "Whose case" in pages[2],
    ] == [
        True,
        True,
        True,
    ]


def test_a_pedigree_makes_a_case_of_the_person_that_is_chosen(cast: Cast) -> None:
    place = waiting(cast, PEDIGREE, "family.ped")
    answer = cast["alice"].post(place + "/family", {"proband": "0"})

    assert answer.status_code == 303 and uploads(cast) == []
    [case] = cases(cast)
    assert (case.family, case.sex, case.observed) == ("F7", Sex.FEMALE, (SEIZURE,))
    assert [(each.relation, each.affected) for each in case.relatives] == [
        (Relation.MOTHER, True),
        (Relation.FATHER, False),
    ]


def test_a_pedigree_adds_to_a_case_and_overwrites_nothing(cast: Cast) -> None:
    before = cast.put(case_of("NORTH-1")).case
    place = waiting(cast, PEDIGREE, "family.ped")
    doubt = PhenotypicFeature(term_id=SEIZURE)
    cast.put(
        Case(case_id="NORTH-2", site="North", submitter="alice", uncertain=(doubt,))
    )
    other = waiting(cast, PEDIGREE, "family.ped")

    cast["alice"].post(place + "/family", {"proband": "1", "case": "NORTH-1"})
    cast["alice"].post(other + "/family", {"proband": "0", "case": "NORTH-2"})

    doubted = cast.get("NORTH-2").case
    assert doubted.relatives and (doubted.features, doubted.uncertain) == ((), (doubt,))
    after = cast.get("NORTH-1").case
    assert (after.family, after.sex) == (before.family, Sex.MALE)
    assert after.features == before.features
    assert after.note == "canary-note"
    [daughter] = after.relatives
    assert (daughter.relation, daughter.affected) == (Relation.DAUGHTER, True)
    page = cast["alice"].get("/cases/NORTH-1").text
    assert "<dt>Daughter</dt><dd>affected; Seizure</dd>" in page


@pytest.mark.parametrize(
    "form",
    [{}, {"proband": "9"}, {"proband": "x"}, {"proband": "0", "case": "HARBOUR-1"}],
)
def test_a_choice_that_is_not_on_the_page_saves_nothing(
    cast: Cast, form: dict[str, str]
) -> None:
    private = case_of("HARBOUR-1", site="Harbour", submitter="charlie")
    cast.put(private, actor="charlie")
    place = waiting(cast, PEDIGREE, "family.ped")

    answer = cast["alice"].post(place + "/family", form)

    assert answer.status_code == 422 and len(uploads(cast)) == 1
    assert cast.get("HARBOUR-1").version == 1


def test_a_case_that_was_imported_before_is_not_saved_again(cast: Cast) -> None:
    first = waiting(cast, bundle())
    cast["alice"].post(first + "/save", {"case": "0"})
    again = waiting(cast, bundle())
    page = cast["alice"].get(again).text

    answer = cast["alice"].post(again + "/save", {"case": "0"})

    assert "Saved before as" in page and boxes(page, "case") == []
    assert answer.status_code == 422 and len(cases(cast)) == 1


def test_a_case_that_was_imported_before_is_updated_when_that_is_confirmed(
    cast: Cast,
) -> None:
    place = waiting(cast, bundle())
    [guess] = boxes(cast["alice"].get(place).text, "guess")
    cast["alice"].post(place + "/save", {"case": "0", "guess": guess})
    [case] = cases(cast)
    mine = (*case.features[1:], PhenotypicFeature(term_id=MICROCEPHALY))
    cast.put(dataclasses.replace(case, features=mine, note="mine"))

    again = waiting(cast, bundle(finding(PROMINENT_JOINTS)))
    page = cast["alice"].get(again).text
    unseen = cast["alice"].post(again + "/save", {"case": "0"})
    told = {"case": "0", "seen": ["NORTH-0001 2"]}
    saved = cast["alice"].post(again + "/save", told)

    assert "<b>Prominent interphalangeal joints</b> is added: observed" in page
    assert "is removed" not in page and 'value="0" checked' not in page
    assert unseen.status_code == 422 and "not the version" in unseen.text
    assert saved.status_code == 303
    after = cast.get("NORTH-0001")
    assert (after.version, after.case.note) == (3, "mine")
    assert set(after.case.observed) == {
        *(feature.term_id for feature in mine),
        PROMINENT_JOINTS,
    }
    assert "It is not yours" not in page and len(cases(cast)) == 1


def test_an_update_is_judged_as_the_case_that_it_would_make(cast: Cast) -> None:
    place = waiting(cast, bundle())
    cast["alice"].post(place + "/save", {"case": "0"})
    doubt = PhenotypicFeature(term_id=PROMINENT_JOINTS)
    case = dataclasses.replace(cast.get("NORTH-0001").case, uncertain=(doubt,))
    more = [PhenotypicFeature(term_id=f"HP:{n:07}") for n in range(1, 200)]

    cast.put(dataclasses.replace(case, features=(*case.features, *more)))
    place = waiting(cast, bundle(finding(PROMINENT_JOINTS)))
    full = cast["alice"].post(place + "/save", {"case": "0", "seen": "NORTH-0001 2"})
    cast.put(case)
    cast["alice"].post(place + "/save", {"case": "0", "seen": "NORTH-0001 3"})

    assert full.status_code == 422 and "203 features are more than" in full.text
    after = cast.get("NORTH-0001").case
    assert PROMINENT_JOINTS in after.observed and after.uncertain == ()


def test_the_rows_of_two_files_without_ids_are_different_people(cast: Cast) -> None:
    for term_id in (SEIZURE, WIDE_MOUTH):
        place = waiting(cast, f"hpo;gene\n{term_id};PHF14\n", "t.csv")
        cast["alice"].post(
            place + "/columns",
            {"column-0": "observed features", "column-1": "genes"},
        )
        assert "Saved before as" not in cast["alice"].get(place).text
        cast["alice"].post(place + "/save", {"case": "0"})

    assert [case.observed for case in cases(cast)] == [(SEIZURE,), (WIDE_MOUTH,)]


def test_somebody_else_with_the_same_id_in_another_file_is_a_case_of_her_own(
    cast: Cast,
) -> None:
    place = waiting(cast, bundle())
    cast["alice"].post(place + "/save", {"case": "0"})
    other = bundle(finding(PROMINENT_JOINTS))
    place = waiting(cast, other)
    offered = boxes(cast["alice"].get(place).text, "apart")

    both = {"case": "0", "apart": "0", "seen": "NORTH-0001 1"}
    unclear = cast["alice"].post(place + "/save", both)
    saved = cast["alice"].post(place + "/save", {"apart": "0"})
    again = waiting(cast, other)
    page = cast["alice"].get(again).text
    twice = cast["alice"].post(again + "/save", {"apart": "0"})

    assert (
        offered == ["0"] and unclear.status_code == 422 and "Tick one" in unclear.text
    )
    assert saved.status_code == 303 and cast.get("NORTH-0001").version == 1
    assert cast.get("NORTH-0002").case.observed[-1] == PROMINENT_JOINTS
    assert "/cases/NORTH-0002" in page and boxes(page, "apart") == []
    assert twice.status_code == 422 and len(cases(cast)) == 2


def test_a_case_that_looks_like_another_is_pointed_out_and_not_ticked(
    cast: Cast,
) -> None:
    cast.put(
        case_of(
            "NORTH-1",
            observed=(WIDE_MOUTH, SEIZURE, OLIGODONTIA),
            excluded=(),
            genes=(),
        )
    )
    page = cast["alice"].get(waiting(cast, bundle())).text

    assert "Looks like a case you have" in page and "NORTH-1" in page
    assert 'name="case" value="0" checked' not in page


def test_a_case_of_a_gene_alone_is_recognised_by_it(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(), excluded=()))
    place = waiting(cast, "patient,gene\nA,PHF14\nB,KIF7\n", "a.csv")
    cast["alice"].post(place + "/columns", {"column-0": "case id", "column-1": "genes"})

    page = cast["alice"].get(place).text

    assert page.count("Looks like a case you have") == 1


def test_a_case_with_too_many_features_is_refused(cast: Cast, release: Release) -> None:
    terms = [i for i in release.ontology.term_ids if release.ontology.is_phenotype(i)]
    place = waiting(cast, bundle(*(finding(term) for term in terms[:201])))

    answer = cast["alice"].post(place + "/save", {"case": "0"})

    assert answer.status_code == 422 and "features are more than 200" in answer.text


def test_a_private_case_of_a_colleague_is_not_given_away(cast: Cast) -> None:
    alike = case_of(
        "NORTH-1",
        submitter="bob",
        sharing=Sharing.PRIVATE,
        excluded=(),
        genes=(),
        observed=(WIDE_MOUTH, SEIZURE, OLIGODONTIA),
    )
    cast.put(alike, actor="bob")

    page = cast["alice"].get(waiting(cast, bundle())).text

    assert "NORTH-1" not in page and "Looks like" not in page


def test_a_case_with_nothing_to_match_is_refused_with_the_reason(cast: Cast) -> None:
    place = waiting(cast, "patient,sex\nA,f\n", "a.csv")
    cast["alice"].post(place + "/columns", {"column-0": "case id"})

    answer = cast["alice"].post(place + "/save", {"case": "0"})
    none = cast["alice"].post(place + "/save", {})

    assert answer.status_code == none.status_code == 422 and cases(cast) == []
    assert (
        "Nothing here can be matched" in answer.text
        and "Tick at least one" in none.text
    )


@pytest.mark.parametrize(
    "data, name, said",
    [
        ("", "a.json", "Choose a file or paste its text."),
        ("{", "a.json", "not JSON"),
        ('{"resourceType": "Patient"}', "a.json", "FHIR"),
        ("\0", "a.csv", "null character"),
        ("F1 a\n", "a.ped", "2 columns"),
        (b"PK\x03\x04", "a.zip", "unpacked"),
        (json.dumps([json.loads(bundle())] * 2), "a.json", "stands in both"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_kept(
    cast: Cast, data: str | bytes, name: str, said: str
) -> None:
    answer = sent(cast, data, name)

    assert answer.status_code in (413, 422) and said in answer.text
    assert uploads(cast) == []


def test_too_many_cases_are_refused(cast: Cast) -> None:
    lines = "\n".join(
        json.dumps({"patient": {"id": f"P{i}", "features": [{"id": SEIZURE}]}})
        for i in range(301)
    )

    assert "more than 300 cases" in sent(cast, lines, "a.jsonl").text


def test_the_file_is_another_persons_nobody_elses(cast: Cast) -> None:
    place = waiting(cast, bundle())
    paths = [
        place,
        place + "/save",
        place + "/discard",
        place + "/columns",
        place + "/family",
    ]

    told = [
        cast["bob"].get(place),
        *(cast["bob"].post(p, {"case": "0"}) for p in paths[1:]),
    ]

    assert [answer.status_code for answer in told] == [404] * 5
    assert len(uploads(cast)) == 1 and cases(cast) == []


def test_the_file_lies_sealed_and_without_its_name(cast: Cast) -> None:
    waiting(cast, bundle(), "Canaria.json")

    [row] = uploads(cast)
    assert b"HP:0001250" not in row["sealed"] and b"Canaria" not in row["sealed"]
    assert "Canaria" not in repr(row)


def test_discarding_erases_the_file(cast: Cast) -> None:
    place = waiting(cast, bundle())
    cast["alice"].post(place + "/discard")

    assert uploads(cast) == [] and cast["alice"].get(place).status_code == 404


def test_after_an_hour_the_file_is_gone(cast: Cast) -> None:
    place = waiting(cast, bundle())
    later = datetime.now(UTC) + KEPT + timedelta(seconds=1)

    with closing(open_database(cast.settings.database)) as db:
        alice = Accounts(db, Passwords()).find("alice")
        upload_id = place.rpartition("/")[2]
        secret = cast.settings.secret_key
        assert Uploads(db, secret, lambda: later).find(alice, upload_id) is None
        erase_expired(db)
        assert len(uploads(cast)) == 1
        erase_expired(db, later)
    assert uploads(cast) == []


def test_the_worker_erases_what_is_expired(cast: Cast) -> None:
    assert erase_expired in worker_of(cast.settings).chores


def test_only_a_few_files_of_a_person_wait(cast: Cast) -> None:
    with closing(open_database(cast.settings.database)) as db:
        alice = Accounts(db, Passwords()).find("alice")
        kept = Uploads(db, cast.settings.secret_key)
        ids = [kept.keep(alice, Kind.CASES, b"{}") for _ in range(7)]
        found = [kept.find(alice, each) is not None for each in ids]

    assert found == [False] * 2 + [True] * 5


def test_no_file_is_written_while_an_upload_is_read(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a temporary file was made")

    cast["alice"].get(IMPORT)
    for name in (
        "TemporaryFile",
        "SpooledTemporaryFile",
        "NamedTemporaryFile",
        "mkstemp",
    ):
        monkeypatch.setattr(tempfile, name, refuse)
        monkeypatch.setattr(f"werkzeug.formparser.{name}", refuse, raising=False)

    padded = json.loads(bundle())
    padded["entry"] += [{"resource": {"resourceType": "Basic", "x": "y" * 900_000}}]
    parts = [
        f'name="csrf_token"\r\n\r\n{cast["alice"].token}',
        f'name="file"; filename="a.json"\r\n\r\n{json.dumps(padded)}',
    ]
    body = "".join(
        f"--B\r\nContent-Disposition: form-data; {each}\r\n" for each in parts
    )
    answer = cast["alice"].client.post(
        IMPORT,
        data=(body + "--B--\r\n").encode(),
        content_type="multipart/form-data; boundary=B",
    )

    assert answer.status_code == 303


def test_a_file_that_is_too_large_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.imports.LARGEST", 100)

    answer = sent(cast, bundle())

    assert answer.status_code == 413 and "over the limit of 100 bytes" in answer.text
    assert uploads(cast) == []


def test_a_form_without_a_token_saves_nothing(cast: Cast) -> None:
    place = waiting(cast, bundle())
    client = cast["alice"].client

    told = [
        client.post(path, data={"case": "0"}).status_code
        for path in (IMPORT, place + "/save", place + "/discard", place + "/columns")
    ]

    assert told == [400] * 4 and cases(cast) == [] and len(uploads(cast)) == 1


@pytest.mark.parametrize("kind", ["bundle", "table", "pedigree", "packet"])
def test_nothing_in_a_file_is_markup(cast: Cast, kind: str) -> None:
    place = waiting(cast, *hostile(kind))
    pages = [cast["alice"].get(place)]
    if kind == "table":
        roles = ("case id", "observed features", "final diagnosis", "sex")
        form = {f"column-{i}": role for i, role in enumerate(roles)}
        cast["alice"].post(place + "/columns", form)
        pages.append(cast["alice"].get(place))
    pages.append(
        cast["alice"].post(place + "/save", {"case": "0", "guess": list(ATTACKS)})
    )
    text = "".join(page.text for page in pages)

    assert {page.status_code for page in pages} <= {200, 303, 404, 422}
    assert "&lt;script&gt;alert(1)" in text or "alert(1)" not in text
    assert "<script>" not in text and "<img" not in text and "49<b>" not in text
    assert 'href="javascript' not in text
    assert "onload=alert(1)>" not in text.replace("&gt;", "")


def hostile(kind: str) -> tuple[str, str]:
    """A file with every attack in every text, and its name."""
    if kind == "table":
        cells = ['"' + attack.replace('"', '""') for attack in ATTACKS]
        header = ",".join(f'{cell} {i}"' for i, cell in enumerate(cells[:4]))
        lines = [
            ",".join([f'{cell} {i}"'] + [f'{cell}"'] * 3)
            for i, cell in enumerate(cells)
        ]
        return "\n".join([header, *lines]), "a.csv"
    if kind == "pedigree":
        lines = [f"{each}\t{each}\t{each}\t0\t1\t2" for each in ATTACKS]
        return "\n".join(lines), "a.ped"
    if kind == "packet":
        return "\n".join(json.dumps(packet(each)) for each in ATTACKS), "a.jsonl"
    more = [resource for attack in ATTACKS for resource in hostile_resources(attack)]
    return bundle(*more), "a.json"


def packet(attack: str) -> dict[str, Any]:
    features = [
        {"type": {"id": attack, "label": attack}, "modifiers": [{"id": attack}]}
    ]
    return {"id": attack, "subject": {"id": attack}, "phenotypicFeatures": features}


def hostile_resources(attack: str) -> list[dict[str, Any]]:
    coded = {
        "coding": [{"system": attack, "code": attack, "display": attack}],
        "text": attack,
    }
    disease = {
        "coding": [{"system": "http://omim.org", "code": attack, "display": attack}]
    }
    about = {"subject": {"reference": "Patient/p1"}}
    return [
        {**finding(SEIZURE), "code": coded, "valueString": attack, "bodySite": [coded]},
        {**about, "resourceType": "Condition", "code": disease, "onsetString": attack},
        {**about, "resourceType": "Condition", "code": coded, "severity": coded},
        {**about, "resourceType": "Procedure", "code": coded, "outcome": coded},
        {
            **about,
            "resourceType": "FamilyMemberHistory",
            "relationship": coded,
            "condition": [{"code": coded}],
        },
    ]
