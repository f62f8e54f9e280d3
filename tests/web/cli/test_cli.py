"""The command line: what a new user types, and what comes back."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.text import Text

from matcher.case import Case, PhenotypicFeature
from matcher.readers import Report
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.progress import Progress as Told
from web.cli.cases import inputs
from web.cli import main
from web.cli.cases.inputs import read_inputs
from web.cli.reference import reference_page
from web.cli.cases.spreadsheet import csv_line, harmless
from web.config import load_settings
from web.db import open_database

ROOT = Path(__file__).parents[3]
PATIENTS = str(ROOT / "tests/data/mme_patients.json")
SEIZURE_AND_FLOPPY = ("HP:0001250", "HP:0001252", "HP:0000252")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def succeed(*arguments: str) -> Result:
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return done


def packet(case_id: str, *terms: str) -> dict[str, object]:
    return {
        "id": case_id,
        "subject": {"id": case_id},
        "phenotypicFeatures": [{"type": {"id": term, "label": ""}} for term in terms],
        "metaData": {"phenopacketSchemaVersion": "2.0"},
    }


@pytest.fixture
def packets(tmp_path: Path) -> Path:
    """Three packets as JSON lines: two alike, one not."""
    lines = [
        packet("A", *SEIZURE_AND_FLOPPY),
        packet("B", *SEIZURE_AND_FLOPPY),
        packet("C", "HP:0000518", "HP:0000483", "HP:0000545"),
    ]
    path = tmp_path / "packets.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_match_writes_one_object_a_query_with_the_promised_keys(
    home: Path, packets: Path
) -> None:
    done = succeed("match", str(packets), "--against", str(packets), "--format", "json")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query_id"] for answer in answers] == ["A", "B", "C"]
    assert answers[0].keys() == {"query_id", "matches"}
    best = answers[0]["matches"][0]
    assert best["case_id"] == "B"
    assert set(best) == {
        "rank",
        "case_id",
        "score",
        "probability",
        "efm",
        "band",
        "evidence",
        "reasons",
    }


def test_match_never_returns_the_query(home: Path, packets: Path) -> None:
    done = succeed("match", str(packets), "--against", str(packets), "--format", "json")

    for line in done.stdout.splitlines():
        answer = json.loads(line)
        assert answer["query_id"] not in [m["case_id"] for m in answer["matches"]]


@pytest.mark.parametrize(("top", "expected"), [("1", 1), ("0", 2)])
def test_top_limits_and_zero_gives_all(
    home: Path, packets: Path, top: str, expected: int
) -> None:
    done = succeed(
        "match",
        str(packets),
        "--against",
        str(packets),
        "--top",
        top,
        "--format",
        "json",
    )

    assert len(json.loads(done.stdout.splitlines()[0])["matches"]) == expected


def test_match_tells_reasons_in_words(home: Path, packets: Path) -> None:
    done = succeed("match", str(packets), "--against", str(packets))

    assert "Seizure in both" in done.stdout


def test_match_writes_csv_with_a_column_for_each_kind_of_evidence(
    home: Path, packets: Path
) -> None:
    done = succeed("match", str(packets), "--against", str(packets), "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 6
    assert float(rows[0]["lnlr_phenotype"]) == float(rows[0]["score"])
    assert rows[0]["lnlr_gene"] == ""


def test_csv_holds_no_formula(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "formula.jsonl"
    lines = [packet("=1+1", *SEIZURE_AND_FLOPPY), packet("@x", *SEIZURE_AND_FLOPPY)]
    path.write_text("\n".join(map(json.dumps, lines)))

    done = succeed("match", str(path), "--against", str(path), "--format", "csv")

    assert [row["case_id"] for row in csv.DictReader(io.StringIO(done.stdout))] == [
        "'@x",
        "'=1+1",
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Case 1 (a-b)", "Case 1 (a-b)"),
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("\xa0=5", "' =5"),
        ("\u200b=4", "'\ufffd=4"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("a;=2+5;b", "a;'=2+5;b"),
        ('a; "-2', "a;' \"-2"),
        ("a\r\n=3", "a  =3"),
        ("\x9b31m\u202e", "\ufffd31m\ufffd"),
    ],
)
def test_cell_is_neither_formula_nor_command(text: str, written: str) -> None:
    assert harmless(text) == written


def test_csv_quotes_every_cell() -> None:
    assert csv_line(["a;b", 1, 'c"d', ""]) == '"a;b","1","c""d",""'


def stored_under(case_id: str) -> None:
    """Put a case into the store as an earlier version, or a person, may have named it."""
    features = tuple(PhenotypicFeature(term_id=term) for term in SEIZURE_AND_FLOPPY)
    with CaseStore(open_database(load_settings().database)) as store:
        store.put(Case(case_id=case_id, features=features), actor="test")


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_id_from_the_store_moves_no_cursor_and_no_line(
    home: Path, tmp_path: Path, output: str
) -> None:
    stored_under("a\n=1+1\x9b31m\u202e")
    path = tmp_path / "query.json"
    path.write_text(json.dumps(packet("query", *SEIZURE_AND_FLOPPY)))

    done = succeed("match", str(path), "--against", "store", "--format", output)

    assert all(line.isprintable() for line in done.stdout.split("\n"))
    assert all(line.isprintable() for line in done.stderr.split("\n"))
    assert not [line for line in done.stdout.split("\n") if line.startswith("=")]
    if output == "json":
        (match,) = json.loads(done.stdout)["matches"]
        assert match["case_id"] == "a\n=1+1\x9b31m\u202e"


def test_reader_of_the_output_may_go_away(home: Path, packets: Path) -> None:
    command = (sys.executable, "-m", "web.cli", "match", str(packets))
    with subprocess.Popen(
        (*command, "--against", str(packets), "--format", "csv"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        told = running.stderr.read()
    assert "3 cases read" in told
    assert "Traceback" not in told and "BrokenPipe" not in told
    assert running.returncode == 1


def test_only_the_named_evidence_counts(home: Path) -> None:
    arguments = ("match", PATIENTS, "--against", PATIENTS, "--format", "json")

    done = succeed(*arguments, "--evidence", "gene")

    for line in done.stdout.splitlines():
        for match in json.loads(line)["matches"]:
            assert [evidence["kind"] for evidence in match["evidence"]] == ["gene"]


def test_unknown_evidence_is_named_with_the_choices(home: Path) -> None:
    done = call("match", PATIENTS, "--against", PATIENTS, "--evidence", "horoscope")

    assert done.exit_code == 2
    assert "horoscope" in done.stderr and "phenotype" in done.stderr


def test_name_of_a_file_is_no_markup(packets: Path, tmp_path: Path) -> None:
    folder = tmp_path / "[/red]\x9b"
    folder.mkdir(parents=True)
    packets.rename(folder / "a.jsonl")
    told: list[str] = []

    @contextmanager
    def listening() -> Iterator[Told]:
        yield lambda task, done, total: told.append(task)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inputs, "shown", listening)
        assert len(read_inputs([str(folder)], Report())) == 3
    assert Text.from_markup(told[-1]).plain.endswith("/[/red]\ufffd")


def test_a_duplicate_id_names_both_files(home: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for path in (first, second):
        path.write_text(json.dumps(packet("twin", *SEIZURE_AND_FLOPPY)))

    done = call("match", str(first), str(second), "--against", PATIENTS)

    assert done.exit_code == 1
    assert (
        "twin" in done.stderr
        and "first.json" in done.stderr
        and "second.json" in done.stderr
    )


def test_unknown_terms_are_named_and_do_not_stop_the_match(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(packet("odd", "HP:9999999", *SEIZURE_AND_FLOPPY)))

    done = succeed("match", str(path), "--against", PATIENTS, "--format", "json")

    assert json.loads(done.stdout)["matches"]
    assert "HP:9999999" in done.stderr


@pytest.mark.parametrize("command", ["match", "import"])
def test_the_report_names_terms_that_count_for_nothing(
    home: Path, tmp_path: Path, command: str
) -> None:
    path, report = tmp_path / "odd.json", tmp_path / "report.json"
    path.write_text(json.dumps(packet("odd", "HP:9999999", "HP:0000001", "HP:0001250")))
    rest = ("--against", str(path)) if command == "match" else ()

    succeed(command, str(path), *rest, "--report", str(report))

    entries = json.loads(report.read_text())["entries"]
    told = [e["value"] for e in entries if e["field"] == "features.resolved"]
    assert told == ["HP:9999999", "HP:0000001"]


def test_a_report_that_cannot_be_written_is_said_before_the_work(home: Path) -> None:
    done = call(
        "match", "nowhere.json", "--against", "store", "--report", "/nonexistent/r"
    )

    assert done.exit_code == 2 and "/nonexistent/r" in done.stderr


def test_an_empty_store_is_said(home: Path) -> None:
    done = call("match", PATIENTS, "--against", "store")

    assert done.exit_code == 1 and "secondcase import" in done.stderr


def test_an_export_that_cannot_be_written_is_one_sentence(
    home: Path, packets: Path
) -> None:
    succeed("import", str(packets))

    done = call("export", "/nonexistent/x")

    assert done.exit_code == 1 and "/nonexistent/x" in done.stderr


def test_a_submitter_must_be_of_the_site(home: Path, packets: Path) -> None:
    succeed(
        "user",
        "add",
        "alice",
        "--site",
        "Harbour",
        "--password",
        "correct horse battery",
    )

    stranger = call("import", str(packets), "--submitter", "nobody")
    elsewhere = call("import", str(packets), "--submitter", "alice", "--site", "North")

    assert stranger.exit_code == 1 and "nobody" in stranger.stderr
    assert elsewhere.exit_code == 1 and "Harbour" in elsewhere.stderr


def test_the_report_holds_what_was_guessed(home: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    succeed("match", PATIENTS, "--against", PATIENTS, "--report", str(report))

    assert json.loads(report.read_text())["counts"]["mapped"]["features"] > 0


def test_stored_cases_can_be_matched(home: Path, packets: Path) -> None:
    succeed("import", str(packets))

    done = succeed("match", str(packets), "--against", "store", "--format", "json")

    assert json.loads(done.stdout.splitlines()[0])["matches"][0]["case_id"] == "B"


def test_importing_again_changes_nothing(home: Path, packets: Path) -> None:
    succeed("import", str(packets))

    done = succeed("import", str(packets))

    assert "0 new, 0 updated, 3 unchanged." in done.stdout


def test_a_changed_case_is_only_replaced_when_asked(home: Path, packets: Path) -> None:
    succeed("import", str(packets))
    packets.write_text(json.dumps(packet("A", "HP:0001250")))

    refused = call("import", str(packets))
    done = succeed("import", str(packets), "--update")

    assert refused.exit_code == 1 and "A is stored already" in refused.stderr
    assert "1 updated" in done.stdout


def test_erased_case_leaves_none_of_its_words_and_never_comes_back(
    home: Path, tmp_path: Path
) -> None:
    said = Case(case_id="GONE-1", label="said-of-nobody-else")
    kept = Case(case_id="KEPT-1", label="kept-word")
    with CaseStore(open_database(load_settings().database)) as store:
        store.put_many([said, kept], actor="test")

    refused = CliRunner().invoke(main, ["erase", "GONE-1"], input="n\n")
    with CaseStore(open_database(load_settings().database)) as store:
        assert (refused.exit_code, store.count()) == (1, 2)

    assert "GONE-1 is erased." in succeed("erase", "GONE-1", "--yes").stderr
    found = b"".join(file.read_bytes() for file in home.glob("secondcase.db*"))
    assert b"kept-word" in found and b"said-of-nobody-else" not in found
    again = call("erase", "GONE-1", "--yes")
    assert again.exit_code == 1 and "GONE-1" in again.stderr


def test_export_and_import_keep_the_cases(
    home: Path, packets: Path, tmp_path: Path
) -> None:
    succeed("import", str(packets), "--site", "North")
    target = tmp_path / "out.jsonl"

    succeed("export", str(target))

    done = succeed("import", str(target), "--site", "North")
    assert "3 unchanged" in done.stdout
    assert target.stat().st_mode & 0o077 == 0


def test_terms_are_found_for_each_query_in_order(home: Path) -> None:
    done = succeed("terms", "seizres", "floppy baby", "--format", "json")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == ["seizres", "floppy baby"]
    assert answers[0]["terms"][0]["term_id"] == "HP:0001250"
    assert set(answers[0]["terms"][0]) == {"term_id", "label", "matched", "score"}
    assert len(answers[0]["terms"]) >= 10


def test_queries_are_read_from_a_table(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "queries.tsv"
    path.write_text("query\taccepted\nmicrocephaly\tHP:0000252\n")

    done = succeed("terms", "--file", str(path), "--format", "json")

    assert json.loads(done.stdout)["terms"][0]["term_id"] == "HP:0000252"


def test_a_note_is_annotated_with_spans(home: Path, tmp_path: Path) -> None:
    note = "A girl with seizures. No microcephaly."
    path = tmp_path / "note.txt"
    path.write_text(note)

    done = succeed("annotate", str(path), "--format", "json")

    found = {term["term_id"]: term for term in json.loads(done.stdout)["terms"]}
    assert found["HP:0001250"]["status"] == "observed"
    assert found["HP:0000252"]["status"] == "excluded"
    [[start, end]] = found["HP:0001250"]["spans"]
    assert note[start:end] == "seizures"


def test_people_are_added_and_listed(home: Path) -> None:
    password = "correct horse battery"

    succeed("user", "add", "alice", "--site", "North", "--password", password)

    assert "alice" in succeed("user", "list").stdout


def test_a_weak_password_is_refused_with_the_reason(home: Path) -> None:
    done = call("user", "add", "alice", "--password", "short")

    assert done.exit_code == 1 and "12" in done.stderr


def test_a_node_gets_a_token_once(home: Path) -> None:
    token = succeed("node", "add", "Island").stdout.strip()

    assert len(token) >= 43
    assert token not in succeed("node", "list").stdout
    assert "revoked" not in succeed("node", "list").stdout
    succeed("node", "revoke", "Island")
    assert "revoked" in succeed("node", "list").stdout


def test_a_system_gets_a_token_once(home: Path) -> None:
    both = ("--scope", "submit", "--scope", "match")

    token = succeed("token", "add", "seqr", "--site", "North", *both).stdout.strip()

    listed = succeed("token", "list").stdout
    assert len(token) >= 43 and token not in listed
    assert "seqr" in listed and "North" in listed and "match+submit" in listed
    assert "never used" in listed and "active" in listed
    assert "Token 1 of seqr" in succeed("token", "revoke", "1").stdout
    assert "revoked 2" in succeed("token", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "two words", "--scope", "match"), "letters, digits"),
        (("add", "seqr"), "Missing option '--scope'"),
        (("add", "seqr", "--scope", "everything"), "'everything' is not one of"),
        (("revoke", "7"), "no token 7"),
        (("revoke", "seqr"), "'seqr' is not a valid integer"),
    ],
)
def test_a_token_that_cannot_be_is_refused_in_words(
    home: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = call("token", *arguments)

    assert done.exit_code in (1, 2)
    assert said in done.stderr and "Traceback" not in done.output


def test_status_names_release_licence_and_hash(home: Path, release: Release) -> None:
    done = succeed("ontology", "status")

    assert release.release_id in done.stdout and "HPO licence" in done.stdout


def test_doctor_is_content_with_a_whole_installation(home: Path) -> None:
    assert succeed("doctor").stdout.count("well") == 8


def test_doctor_says_what_to_do_without_a_release(home: Path) -> None:
    (home / "releases" / "active").unlink()

    done = call("doctor")

    assert done.exit_code == 1 and "secondcase ontology fetch" in done.stdout


def test_a_missing_path_is_one_sentence(home: Path) -> None:
    done = call("match", "nowhere.json", "--against", "store")

    assert done.exit_code == 1
    assert "nowhere.json" in done.stderr and "Traceback" not in done.output


def test_the_reference_page_is_that_of_the_code() -> None:
    assert (ROOT / "docs/cli.md").read_text() == reference_page(main)


@pytest.mark.parametrize("costly", ["numba", "pronto", "web.pages", "web.api"])
def test_looking_up_a_term_waits_for_no_part_of_the_service(costly: str) -> None:
    words = ["import sys, web.cli.cases.words", f"sys.exit({costly!r} in sys.modules)"]
    found = subprocess.run([sys.executable, "-c", "; ".join(words)])
    assert found.returncode == 0
