"""Every way a path can hold cases, and every way it can fail to."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from matcher.errors import (
    DuplicateCase,
    NoCasesFound,
    NoSuchInput,
    UnreadableCases,
)
from matcher.readers import Limits, Report, iterate_cases, read_cases
from matcher.readers.report import Kind

DATA = Path(__file__).parent.parent / "data"


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
