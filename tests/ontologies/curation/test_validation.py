from __future__ import annotations

import pytest

from ontologies.curation.admission import accept_warnings, judge
from ontologies.curation.findings import Kind, Severity
from ontologies.curation.records import read_record
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
from ontologies.curation.validation import validate
from ontologies.errors import BlockedRelease, NoReason, UnacceptedWarnings
from ontologies.library import activate, active_release_id, open_release

LATER = ("2026-06-06", "2027-06-06")
REASON = "Checked against the release notes of the project."


def put(directory, tmp_path, text, name="hp.obo"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return stage([Given(path)], by="dana", directory=directory).release


@pytest.fixture
def found(small, slice_text, tmp_path):
    """What is said about the slice with some of its text replaced, by kind."""

    def validated(*replacements, added=""):
        text = slice_text
        for old, new in (LATER, *replacements):
            assert old in text
            text = text.replace(old, new)
        release = put(small, tmp_path, f"{text.rstrip()}\n\n{added}")
        findings = validate(release, open_release(directory=small), directory=small)
        return {each.kind: each for each in findings}

    return validated


def test_release_that_only_grows_has_nothing_to_be_said_but_what_the_active_one_has(
    small, found
):
    before = {each.kind for each in validate(open_release(directory=small))}
    grown = found(added="[Term]\nid: HP:0000003\nname: Tall\nis_a: HP:0000002\n")
    assert grown.keys() - {Kind.OBSOLETE_TERM} == before


def test_annotated_id_that_was_replaced_is_a_warning_with_the_id(found):
    finding = found()[Kind.OBSOLETE_TERM]
    assert (finding.severity, finding.ids) == (Severity.WARNING, ("HP:0040168",))


def test_swapped_names_block(found):
    finding = found(
        ("name: Seizure\n", "name: X\n"),
        ("name: Short stature\n", "name: Seizure\n"),
        ("name: X\n", "name: Short stature\n"),
    )[Kind.SWAPPED_NAMES]
    assert finding.severity is Severity.ERROR
    assert finding.ids == ("HP:0001250", "HP:0004322")


def test_name_that_another_takes_over_is_a_warning(found):
    kinds = found(
        ("name: Seizure\n", "name: X\n"), ("name: Short stature\n", "name: Seizure\n")
    )
    assert kinds[Kind.MOVED_NAME].ids == ("HP:0004322",)
    assert Kind.SWAPPED_NAMES not in kinds


def test_another_root_blocks(found):
    kinds = found(("HP:0000001", "HP:0000009"))
    assert kinds[Kind.MISSING_ROOT].severity is Severity.ERROR
    assert kinds[Kind.OTHER_ROOT].ids == ("HP:0000009",)
    assert kinds[Kind.VANISHED].severity is Severity.ERROR


def test_lost_successor_and_live_alternative_are_warnings(found):
    kinds = found(
        ("consider: HP:0000005", "consider: HP:0404040"),
        ("name: Seizure\n", "name: Seizure\nalt_id: HP:0004322\nalt_id: XX:1\n"),
    )
    assert kinds[Kind.LOST_SUCCESSOR].ids == ("HP:0003494",)
    assert kinds[Kind.LIVE_ALTERNATIVE].ids == ("HP:0004322",)
    assert kinds[Kind.UNKNOWN_PREFIX].ids == ("XX:1",)
    assert {
        kinds[k].severity for k in (Kind.LOST_SUCCESSOR, Kind.LIVE_ALTERNATIVE)
    } == {Severity.WARNING}


def test_same_label_on_two_terms_is_a_warning(found):
    finding = found(("name: Growth delay\n", "name: seizure\n"))[Kind.SAME_LABEL]
    assert finding.ids == ("HP:0001250", "HP:0001510")


def test_older_and_same_versions_are_told(small, slice_text, tmp_path):
    active = open_release(directory=small)
    older = put(small, tmp_path, slice_text.replace("2026-06-06", "2020-01-01"))
    kinds = {each.kind: each for each in validate(older, active)}
    assert kinds[Kind.OLDER_VERSION].ids == ("hpo",)
    assert kinds[Kind.VERSION_AHEAD].severity is Severity.WARNING
    other = put(small, tmp_path, slice_text.replace("name: Seizure\n", "name: Fit\n"))
    assert Kind.SAME_VERSION in {each.kind for each in validate(other, active)}


def test_shrinkage_is_a_warning_and_half_of_it_blocks(small, hpo_slice, tmp_path):
    header, columns, *rows = (
        hpo_slice.annotations_path.read_text()
        .replace("2026-06-06", "2027-06-06")
        .split("\n", 3)[1:]
    )
    rows = rows[0].splitlines()
    active = open_release(directory=small)
    for kept, severity in ((12, Severity.WARNING), (3, Severity.ERROR)):
        text = "\n".join((header, columns, *rows[:kept], ""))
        release = put(small, tmp_path, text, "phenotype.hpoa")
        shrunk = [e for e in validate(release, active) if e.kind is Kind.SHRUNK]
        (about,) = (e for e in shrunk if e.ids == ("rows of annotations",))
        assert about.severity is severity
        assert about.sentence.startswith(f"14 rows of annotations became {kept},")


def test_unknown_terms_and_diseases_of_annotations_are_told(small, hpo_slice, tmp_path):
    text = hpo_slice.annotations_path.read_text().replace("HP:0000002", "HP:0505050")
    text = text.replace("ORPHA:101\t", "XYZ:101\t").replace("2026-06-06", "2027-06-06")
    release = put(small, tmp_path, text, "phenotype.hpoa")
    kinds = {each.kind: each for each in validate(release)}
    assert kinds[Kind.UNKNOWN_TERM].ids == ("HP:0505050",)
    assert kinds[Kind.UNKNOWN_TERM].severity is Severity.ERROR  # 1 of 14 rows
    assert kinds[Kind.UNKNOWN_PREFIX].ids == ("XYZ:101",)


def test_errors_come_first_and_block(small, slice_text, tmp_path):
    text = slice_text.replace("HP:0000118", "HP:0000119").replace(*LATER)
    release = put(small, tmp_path, text)
    verdict = judge(release.release_id, directory=small)
    order = [each.severity for each in verdict.findings]
    assert order == sorted(order, key=list(Severity).index)
    assert verdict.errors and not verdict.is_admitted
    with pytest.raises(
        BlockedRelease, match="no term of this release, so that nothing"
    ):
        verdict.require()


def test_warnings_need_a_reason_that_is_kept_with_the_release(
    small, slice_text, tmp_path
):
    text = slice_text.replace(*LATER).replace("name: Growth delay\n", "name: seizure\n")
    release = put(small, tmp_path, text)
    verdict = judge(release.release_id, directory=small)
    assert not verdict.errors
    with pytest.raises(UnacceptedWarnings, match="warning.s. that need a reason"):
        verdict.require()
    accepted = accept_warnings(release.release_id, REASON, by="dana", directory=small)
    accepted.require()
    again = judge(release.release_id, directory=small)
    assert again.is_admitted and again.findings == verdict.findings
    (acceptance,) = read_record(release.release_id, small).acceptances
    assert (acceptance.by, acceptance.reason) == ("dana", REASON)
    assert set(acceptance.warnings) == {each.key for each in verdict.open_warnings}


@pytest.mark.parametrize("reason", ["", "   ", "ok", "nevermindnevermind"])
def test_reason_must_say_something(small, reason):
    with pytest.raises(NoReason, match="say in a sentence"):
        accept_warnings(active_release_id(small), reason, by="dana", directory=small)


def test_reason_covers_no_warning_that_comes_later(small, slice_text, tmp_path):
    text = slice_text.replace(*LATER).replace("name: Growth delay\n", "name: seizure\n")
    release = put(small, tmp_path, text)
    accept_warnings(release.release_id, REASON, by="dana", directory=small)
    newest = put(small, tmp_path, slice_text.replace("2026-06-06", "2030-01-01"))
    activate(newest, directory=small)
    verdict = judge(release.release_id, directory=small)
    assert {e.kind for e in verdict.open_warnings} == {Kind.OLDER_VERSION}
    assert (
        "older than the active one of 2030-01-01" in verdict.open_warnings[0].sentence
    )


def test_nothing_to_accept_is_not_recorded(small):
    release_id = active_release_id(small)
    accept_warnings(release_id, REASON, by="dana", directory=small)
    first = read_record(release_id, small)
    accept_warnings(release_id, REASON, by="dana", directory=small)
    assert read_record(release_id, small) == first
