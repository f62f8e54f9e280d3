"""A curator stages a release, reads what it changes, activates and undoes it."""

from __future__ import annotations

import re

import pytest

from ontologies.curation.records import read_record
from ontologies.files.sources import Kind
from web import matching
from web.curating.doing import REFUSED, STAGED, given_folder
from web.curating.jobs import State
from web.pages.curation.studies import EXTENSION
from web.switching.activating import ACTIVATED, ROLLED_BACK
from web.switching.discarding import DISCARDED

from .conftest import GENERALIZED, LATER, REASON, SHORT, Curation


def heading(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.S)
    assert found is not None
    return found[1]


def words(text: str) -> str:
    """The text of a page, its marks left out."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_releases_are_listed_with_what_they_are(curation: Curation) -> None:
    page = curation.dana.get("/curation")

    assert heading(page.text) == "HPO 2026-06-06 is in use; 2026-06-06 waits for you"
    assert '<a href="/curation" aria-current="page">Curation</a>' in page.text
    for release in (curation.place.older, curation.place.newer):
        assert release.release_id in page.text


def test_page_of_a_release_says_all_findings_and_changes(curation: Curation) -> None:
    page = curation.dana.get(curation.newer)

    assert heading(page.text) == "HPO 2026-06-06 is ready"
    assert "its content differs" in page.text
    assert "1 annotations, added" in page.text
    assert "Reason for accepting" in page.text


def test_uploaded_ontology_is_staged_and_its_changes_shown(
    curation: Curation, later: dict[str, str]
) -> None:
    job = curation.stage(later)

    assert job.state() is State.DONE
    assert not given_folder(job.job_id).exists()
    assert curation.audited()[-1].action == STAGED
    page = curation.dana.get(f"/curation/releases/{job.release_id}")
    assert f"HPO {LATER} is ready; " in heading(page.text)
    told = words(page.text)
    assert "Obsoleted 1 " in told and "Renamed 1 " in told
    assert "need a decision" in heading(page.text)
    assert curation.active == curation.place.edition(curation.place.older)


def test_refused_file_is_told_with_every_reason_and_not_kept(
    curation: Curation, later: dict[str, str]
) -> None:
    broken = later["hp.obo"].replace("is_a: HP:0001507", "is_a: HP:9999999")
    before = curation.dana.get("/curation").text.count("See what it changes")

    job = curation.stage({"hp.obo": broken})

    assert job.state() is State.FAILED
    page = curation.dana.get("/curation").text
    assert "No release was staged" in page and "HP:9999999" in page
    assert page.count("See what it changes") == before
    assert curation.audited()[-1].action == REFUSED
    assert not given_folder(job.job_id).exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": "files"}, "Choose a file"),
        ({"source": "elsewhere"}, "Choose where the release comes from"),
    ],
)
def test_form_without_a_source_is_told_what_is_missing(
    curation: Curation, fields: dict[str, str], said: str
) -> None:
    curation.dana.get("/curation")

    answer = curation.dana.post("/curation/stage", fields)

    assert answer.status_code == 422 and said in answer.text


def test_warnings_want_a_reason_which_is_kept(curation: Curation) -> None:
    assert curation.activate(curation.newer, reason="ok") == 422
    assert curation.active.release_id == curation.place.older.release_id

    assert curation.activate(curation.newer) == 303

    assert curation.active.release_id == curation.place.newer.release_id
    entry = curation.audited()[-1]
    assert (entry.actor, entry.action) == ("dana", ACTIVATED)
    assert entry.facts["reasons"] == [REASON]
    assert REASON in curation.dana.get(curation.newer).text


def test_release_with_errors_cannot_be_activated(
    curation: Curation, later: dict[str, str]
) -> None:
    stanzas = later["hp.obo"].split("\n\n")
    lost = "\n\n".join(each for each in stanzas if f"id: {SHORT}\n" not in each)
    job = curation.stage({**later, "hp.obo": lost})
    address = f"/curation/releases/{job.release_id}"

    page = curation.dana.get(address)
    assert "cannot be used: " in heading(page.text)
    assert "/activate" not in page.text
    assert curation.activate(address) == 422
    assert curation.active.release_id == curation.place.older.release_id


def test_of_two_curators_one_wins_and_the_other_is_told(curation: Curation) -> None:
    seen = curation.form()
    curation.cast["cleo"].get(curation.newer)
    assert curation.activate(curation.newer) == 303

    answer = curation.cast["cleo"].post(f"{curation.newer}/activate", seen)

    told = curation.cast["cleo"].get(answer.headers["Location"]).text
    assert f"Active is {curation.active.release_id}" in told
    switched = [each.actor for each in curation.audited() if each.action == ACTIVATED]
    assert switched == ["dana"]


def test_one_who_is_overtaken_while_it_is_prepared_is_told(
    curation: Curation,
) -> None:
    from web.curating import doing
    from web.curating.jobs import Jobs, Kind

    wanted = {"expected": ["0123456789abcdef", ""], "reason": REASON}
    newer = curation.place.newer.release_id
    job = Jobs(curation.db).begin(
        Kind.ACTIVATE, actor="dana", wanted=wanted, release_id=newer
    )

    ended = doing.run(curation.db, curation.place.settings, job.job_id)

    assert ended.state() is State.FAILED
    page = curation.dana.get(curation.newer).text
    assert "The release was not activated" in page
    assert curation.place.older.release_id in page


def test_rolling_back_leads_to_the_release_before(curation: Curation) -> None:
    before = curation.active
    curation.activate(curation.newer)
    page = curation.dana.get("/curation").text
    assert "Roll back to 2026-06-06" in page
    assert "It takes seconds." in page

    curation.dana.post("/curation/roll-back", curation.form("Ranks look odd"))

    assert curation.active == before
    entry = curation.audited()[-1]
    assert (entry.actor, entry.action) == ("dana", ROLLED_BACK)
    assert entry.facts["reasons"] == ["Ranks look odd"]


def test_page_says_when_rolling_back_reads_every_case(
    curation: Curation, monkeypatch: pytest.MonkeyPatch
) -> None:
    curation.activate(curation.newer)
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    for index in curation.place.directory.glob("*.index"):
        index.unlink()

    page = curation.dana.get("/curation").text

    assert "No index by it is kept, so 12 cases are read first." in page


def test_nothing_is_rolled_back_by_a_page_that_is_out_of_date(
    curation: Curation,
) -> None:
    seen = curation.form()
    curation.activate(curation.newer)

    curation.dana.post("/curation/roll-back", seen)

    assert curation.active.release_id == curation.place.newer.release_id


def test_impact_is_counted_for_a_curator_and_named_for_a_clinician(
    curation: Curation,
) -> None:
    curation.dana.get(curation.newer)
    curation.dana.post(f"{curation.newer}/impact")

    told = curation.dana.get(curation.newer).text
    assert "12 cases ranked by both" in told
    assert "shown to clinicians only" in told
    assert not re.search(r"\bP0\d\d\b", told)
    named = curation.cast["cleo"].get(curation.newer).text
    assert re.search(r"\bP0\d\d\b", named)


def test_lists_that_were_shown_are_counted_and_named_for_a_clinician(
    curation: Curation,
) -> None:
    asked = ["P000", "P003"]
    for case_id in asked:
        assert (
            curation.cast["alice"].get(f"/cases/{case_id}/matches").status_code == 200
        )
    curation.dana.get(curation.newer)
    curation.dana.post(f"{curation.newer}/impact")

    told = words(curation.dana.get(curation.newer).text)
    assert "Two lists, each the last that somebody was shown of a case" in told
    assert "0 are not as they were shown today already" in told
    assert "Lists that change most" not in curation.dana.get(curation.newer).text
    named = curation.cast["cleo"].get(curation.newer).text
    table = named.partition("Lists that change most")[2].partition("</table>")[0]
    curation.db.execute(
        "UPDATE impacts SET result = json_remove(result, '$.kept_lists')"
    )
    told = curation.dana.get(curation.newer).text
    assert "This run did not look at them" in told
    assert set(re.findall(r"/cases/(P\d+)", table)) <= {*asked} and "<tr>" in table


def test_impact_beside_another_release_is_not_told(
    curation: Curation, later: dict[str, str]
) -> None:
    job = curation.stage(later)
    address = f"/curation/releases/{job.release_id}"
    curation.dana.post(f"{address}/impact")
    assert "cases ranked by both" in curation.dana.get(address).text

    curation.activate(curation.newer)

    told = curation.dana.get(address).text
    assert "cases ranked by both" not in told
    assert "beside another release" in told


def test_changes_are_filtered_found_and_exported(
    curation: Curation, later: dict[str, str]
) -> None:
    job = curation.stage(later)
    address = f"/curation/releases/{job.release_id}/changes"

    renamed = curation.dana.get(address, part="terms", change="renamed").text
    assert "Low height" in renamed and GENERALIZED not in renamed
    found = curation.dana.get(address, find="low HEIGHT").text
    assert SHORT in found and GENERALIZED not in found
    exported = curation.dana.get(f"{address}.csv", part="terms", change="renamed")
    assert exported.mimetype == "text/csv"
    lines = exported.text.splitlines()
    assert len(lines) == 2 and '"Low height"' in lines[1]


def test_what_was_worked_out_is_remembered_for_few_releases(
    curation: Curation,
) -> None:
    curation.dana.get(curation.newer)
    made = curation.cast.app.extensions[EXTENSION]
    (study,) = made._made.values()

    curation.dana.get(curation.newer)

    assert list(made._made.values()) == [study]


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_for_others_there_is_no_such_page(curation: Curation, name: str) -> None:
    visitor = curation.cast[name]
    status = 302 if name == "nobody" else 404

    for path in ("/curation", curation.newer, f"{curation.newer}/changes"):
        assert visitor.get(path).status_code == status
    for path in ("/curation/stage", "/curation/roll-back", f"{curation.newer}/impact"):
        assert visitor.post(path).status_code == status


def test_staged_release_is_discarded_and_one_that_was_active_is_not(
    curation: Curation, later: dict[str, str]
) -> None:
    address = f"/curation/releases/{curation.stage(later).release_id}"
    assert f"Discard {LATER}" in curation.dana.get(address).text

    answer = curation.dana.post(f"{address}/discard")

    told = curation.dana.get(answer.headers["Location"]).text
    assert "Dana discarded a release" in told and f"HPO {LATER}" not in told
    assert address not in told and curation.dana.get(address).status_code == 404
    assert curation.dana.post(f"{address}/discard").status_code == 404
    entry = curation.audited()[-1]
    assert (entry.actor, entry.action) == ("dana", DISCARDED)

    curation.activate(curation.newer)
    older = f"/curation/releases/{curation.place.older.release_id}"
    assert "Discard" not in curation.dana.get(older).text
    curation.dana.post(f"{older}/discard")
    told = curation.dana.get("/curation").text
    assert "only a staged release can be discarded" in told
    assert curation.audited()[-1].action == ACTIVATED


def test_an_id_that_no_folder_can_have_is_none(curation: Curation) -> None:
    address = f"/curation/releases/{'a' * 300}"
    curation.dana.get("/curation")

    assert curation.dana.get(address).status_code == 404
    assert curation.dana.post(f"{address}/discard").status_code == 404


def test_what_is_wrong_with_a_damaged_release_or_record_is_told(
    curation: Curation,
) -> None:
    folder, told = curation.place.newer.folder, []
    part = next(folder.glob("annotations/*.npy"))
    record = folder.parents[1] / "curation" / f"{folder.name}.json"
    whole = part.read_bytes()

    part.write_bytes(b"x" * len(whole))
    for _ in range(2):
        answer = curation.dana.get(curation.newer)
        told.append(curation.dana.get(answer.headers["Location"]).text)
        part.write_bytes(whole)
        record.parent.mkdir(exist_ok=True)
        record.write_text("{")

    assert part.name in told[0] and "damaged" in told[0]
    assert record.name in told[1]


def test_what_a_publisher_offers_now_is_staged(
    curation: Curation, monkeypatch: pytest.MonkeyPatch
) -> None:
    genes = {each.kind: each for each in curation.place.older.manifest.ingredients}
    served = genes[Kind.GENES].path(curation.place.directory).read_bytes()
    monkeypatch.setattr(
        "ontologies.curation.latest.download_unpinned",
        lambda address, target, *_: target.write_bytes(served),
    )
    assert "What HGNC offers now" in curation.dana.get("/curation").text

    curation.dana.post("/curation/stage", {"source": "latest hgnc"})

    job = curation.latest_job()
    assert (job.state(), job.problems) == (State.DONE, ())
    assert job.release_id == curation.place.older.release_id
    assert read_record(job.release_id, curation.place.directory).stagings[
        -1
    ].origins == {"genes": "hgnc_complete_set.txt"}
