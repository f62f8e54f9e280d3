"""Every way a path can hold cases, and every way it can fail to."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest

from matcher.errors import (
    DuplicateCase,
    NoCasesFound,
    NoSuchInput,
    UnreadableCases,
)
from matcher.readers import Limits, Report, files, iterate_cases, read_cases
from matcher.readers.report import Kind

DATA = Path(__file__).parents[2] / "data"


def packet(case_id: str) -> dict[str, object]:
    return {
        "id": case_id,
        "subject": {"id": case_id},
        "phenotypicFeatures": [{"type": {"id": "HP:0001250", "label": "Seizure"}}],
        "metaData": {"phenopacketSchemaVersion": "2.0"},
    }


def patient(case_id: str) -> dict[str, object]:
    return {"id": case_id, "features": [{"id": "HP:0001250"}]}


def write(path: Path, *values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(value) for value in values), "utf-8")
    return path


def ids(path: Path) -> list[str]:
    return [case.case_id for case in read_cases(path)]


def test_one_phenopacket_is_one_case() -> None:
    assert ids(DATA / "phenopacket.json") == ["made-up-1"]


def test_list_of_mme_patients_is_read_item_by_item() -> None:
    assert ids(DATA / "mme_patients.json") == ["made-up-A", "made-up-B"]


def test_one_bare_mme_patient_is_one_case(tmp_path: Path) -> None:
    assert ids(write(tmp_path / "a.json", patient("A"))) == ["A"]


def test_mme_envelope_is_opened(tmp_path: Path) -> None:
    assert ids(write(tmp_path / "a.json", {"patient": patient("A")})) == ["A"]


def test_lines_may_mix_formats(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", packet("P"), patient("M"), {"patient": patient("E")}
    )
    assert ids(path) == ["P", "M", "E"]


def test_format_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert ids(write(tmp_path / "cases.txt", packet("P"), patient("M"))) == ["P", "M"]


def test_minified_list_on_one_line_is_not_taken_for_lines(tmp_path: Path) -> None:
    assert ids(write(tmp_path / "a.json", [patient("A"), patient("B")])) == ["A", "B"]


def test_folder_is_read_recursively_in_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "b" / "2.json", packet("2"))
    write(tmp_path / "a" / "deep" / "1.json", packet("1"))
    write(tmp_path / "c.jsonl", patient("3"), patient("4"))
    assert ids(tmp_path) == ["3", "4", "1", "2"]


def test_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "cases.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("GENE2/b.json", json.dumps(packet("b")))
        archive.writestr("../../escape.json", json.dumps(packet("escape")))
    assert ids(path) == ["escape", "b"]
    assert [p.name for p in tmp_path.rglob("*")] == ["cases.zip"]


def test_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(packet("P")).encode()))
    assert ids(path) == ["P"]


def test_file_from_a_windows_editor_is_read_and_its_mark_reported(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(patient("A")).encode())
    report = Report()
    read_cases(path, report=report)
    assert report.counts[Kind.GUESSED]["encoding"] == 1


def test_latin_1_text_is_read_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    text = json.dumps({**patient("A"), "label": "Fräulein"}, ensure_ascii=False)
    path.write_bytes(text.encode("cp1252"))
    report = Report()
    assert read_cases(path, report=report)[0].label == "Fräulein"
    assert report.entries[0].kind is Kind.GUESSED


def test_duplicate_id_names_both_files(tmp_path: Path) -> None:
    write(tmp_path / "one.json", packet("same"))
    write(tmp_path / "two.json", patient("same"))
    with pytest.raises(DuplicateCase) as caught:
        read_cases(tmp_path)
    assert "one.json" in str(caught.value) and "two.json" in str(caught.value)
    assert caught.value.case_id == "same"


def test_further_duplicates_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *(patient(i) for i in "AABBB"))
    with pytest.raises(DuplicateCase, match="2 more ids stand twice"):
        read_cases(path)


def test_broken_member_is_named_with_its_reason_and_hides_no_other(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cases.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.json", json.dumps(packet("good")))
        archive.writestr("bad.json", '{"id": ')
        archive.writestr("fhir.json", '{"resourceType": "Patient"}')
    read = []
    with pytest.raises(UnreadableCases) as caught:
        for case, source in iterate_cases(path):
            read.append((case.case_id, source))
    assert read == [("good", f"{path}!good.json")]
    assert "2 problems" in str(caught.value)
    assert "bad.json: This is not JSON" in str(caught.value)
    assert "fhir.json: This is a FHIR 'Patient'" in str(caught.value)


def test_twenty_problems_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *({"no": i} for i in range(30)))
    with pytest.raises(UnreadableCases) as caught:
        read_cases(path)
    assert len(caught.value.problems) == 30
    assert "a.jsonl:20:" in str(caught.value)
    assert "a.jsonl:21:" not in str(caught.value)
    assert "and 10 more" in str(caught.value)


def test_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps(patient("A"))
    path.write_text(f'\n{{"id": oops}}\n{good}\n\n{{"id": 1,}}\n', "utf-8")
    with pytest.raises(UnreadableCases) as caught:
        read_cases(path)
    places = [str(problem).split(": ")[0] for problem in caught.value.problems]
    assert places == [f"{path}:2", f"{path}:5"]


def test_broken_item_of_a_list_is_named_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [patient("A"), "text", {"features": []}])
    with pytest.raises(UnreadableCases) as caught:
        read_cases(path)
    assert "a.json#2: This is 'text'" in str(caught.value)
    assert "a.json#3: The patient has no id" in str(caught.value)


@pytest.mark.parametrize("content", ["", "  \n "])
def test_empty_file_is_a_problem(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, "utf-8")
    with pytest.raises(UnreadableCases, match="empty"):
        read_cases(path)


def test_first_line_that_only_looks_whole_is_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"id": "A", "contact": {}\n, "features": []}', "utf-8")
    assert ids(path) == ["A"]


def test_missing_path_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(NoSuchInput, match="absent"):
        read_cases(tmp_path / "absent")


def test_folder_without_cases_is_an_error_and_its_files_are_reported(
    tmp_path: Path,
) -> None:
    (tmp_path / "README.md").write_text("words", "utf-8")
    report = Report()
    with pytest.raises(NoCasesFound):
        read_cases(tmp_path, report=report)
    assert report.entries[0].value == "README.md"
    assert report.entries[0].kind is Kind.DROPPED


def test_empty_list_holds_no_case(tmp_path: Path) -> None:
    with pytest.raises(NoCasesFound):
        read_cases(write(tmp_path / "a.json", []))


def bomb(path: Path, members: int = 1) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            text = json.dumps({**patient(str(number)), "label": "x" * 5000})
            archive.writestr(f"{number}.json", text)
    return path


def test_member_is_unpacked_up_to_its_limit_only(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.zip")
    with pytest.raises(UnreadableCases, match="limit of 1,000 bytes"):
        read_cases(path, limits=Limits(document=1000))


def test_all_members_together_have_a_limit(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.zip", members=3)
    assert len(read_cases(path, limits=Limits(decompressed=20_000))) == 3
    with pytest.raises(UnreadableCases, match="Everything unpacked is over the limit"):
        read_cases(path, limits=Limits(decompressed=12_000))


def test_gzip_has_the_same_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 1_000_000))
    with pytest.raises(UnreadableCases, match="limit of 1,000 bytes"):
        read_cases(path, limits=Limits(document=1000))


def test_plain_file_has_a_limit_for_each_document(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", patient("A"), patient("B" * 2000))
    with pytest.raises(UnreadableCases, match="limit of 1,000 bytes") as caught:
        read_cases(path, limits=Limits(document=1000))
    assert len(caught.value.problems) == 1


def test_archive_inside_a_zip_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    inner = bomb(tmp_path / "inner.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "inner.zip")
    with pytest.raises(UnreadableCases, match="inner.zip: .* unpack it first"):
        read_cases(path)


def test_encrypted_member_is_a_problem(tmp_path: Path) -> None:
    path = bomb(tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableCases, match="encrypted"):
        read_cases(path)


@pytest.mark.parametrize("keep", [10, 60, -30])
def test_cut_off_zip_is_a_problem(tmp_path: Path, keep: int) -> None:
    path = bomb(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnreadableCases, match="cannot be unpacked"):
        read_cases(path)


def test_damaged_member_is_a_problem(tmp_path: Path) -> None:
    path = bomb(tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(UnreadableCases, match="0.json: This cannot be unpacked"):
        read_cases(path)


def test_cut_off_gzip_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(packet("P")).encode())[:-12])
    with pytest.raises(UnreadableCases, match="cannot be unpacked"):
        read_cases(path)


def test_unreadable_file_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "a.json", packet("A"))
    (tmp_path / "b.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnreadableCases, match="b.json: No such file"):
        read_cases(tmp_path)


def test_names_in_a_zip_can_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("\x1b[2J.json", "{}")
    with pytest.raises(UnreadableCases) as caught:
        read_cases(path)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("name", ["cases.jsonl", "folder", "cases.zip"])
def test_progress_ends_with_all_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        write(path / "a.json", patient("A"))
        write(path / "b.json", patient("B"))
    elif name == "cases.zip":
        bomb(path, members=3)
    else:
        write(path, patient("A"), patient("B"))
    steps: list[tuple[int, int]] = []
    read_cases(path, progress=lambda done, total: steps.append((done, total)))
    assert len(steps) > 1
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] > 0


@pytest.mark.parametrize("target", ["pipe", "/dev/zero"])
def test_pipe_or_device_in_a_folder_is_named_and_not_opened(
    tmp_path: Path, target: str
) -> None:
    write(tmp_path / "a.json", patient("A"))
    special = tmp_path / "b.json"
    if target == "pipe":
        os.mkfifo(special)
    else:
        special.symlink_to(target)
    report = Report()
    assert [case.case_id for case in read_cases(tmp_path, report=report)] == ["A"]
    (entry,) = [e for e in report.entries if e.field == "file"]
    assert entry.source == str(special)
    assert entry.message == "Not a file but a pipe or a device, so it was not read."


def test_pipe_that_is_named_itself_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(NoSuchInput):
        read_cases(tmp_path / "a.json")


def test_lines_of_all_files_together_have_a_limit(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, patient(f"{name}-1"), patient(f"{name}-2"))
    assert len(read_cases(tmp_path, limits=Limits(lines=4))) == 4
    with pytest.raises(UnreadableCases, match="b.jsonl: There are more than 3 lines"):
        read_cases(tmp_path, limits=Limits(lines=3))


@pytest.mark.parametrize(("most", "fits"), [(4, True), (3, False)])
def test_compressed_lines_are_counted_before_they_are_read(
    tmp_path: Path, most: int, fits: bool
) -> None:
    lines = "\n".join(json.dumps(patient(name)) for name in "ABCD")
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode()))
    report = Report()
    if fits:
        assert len(read_cases(path, limits=Limits(lines=most))) == 4
    else:
        with pytest.raises(UnreadableCases, match="more than 3 lines"):
            read_cases(path, report=report, limits=Limits(lines=most))
        assert report.cases == 0


def test_empty_lines_count_as_well(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}" + "\n" * 20)
    (tmp_path / "b.jsonl").write_text("{\n" + "\n" * 20)
    with pytest.raises(UnreadableCases) as caught:
        read_cases(tmp_path, limits=Limits(lines=10))
    assert "more than 10 lines" in str(caught.value)


def test_document_of_millions_of_values_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_VALUES", 1000)
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"[" + b"[]," * 600 + b"1]"))
    with pytest.raises(UnreadableCases, match="more than 1,000 values"):
        read_cases(path)


def test_reading_ends_at_ten_thousand_problems(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("[" + ",".join(["0"] * 12_000) + "]")
    with pytest.raises(UnreadableCases) as caught:
        read_cases(tmp_path)
    assert len(caught.value.problems) == 10_000
