import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import many as many_module
from matcher.calibration import Knots, Tail, calibrate
from matcher.case import (
    Case,
    Disease,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
)
from matcher.engine.constraints import Constraints
from matcher.evidence import ALL_KINDS, EvidenceKind, EvidenceSettings
from matcher.many import Writer, write_many
from matcher.matching import Matcher, MatchSettings
from matcher.many.resumption import (
    AnotherRun,
    CannotResume,
    DamagedResults,
    NotResults,
    RunUnderWay,
)
from matcher.many import side_by_side
from matcher.many.side_by_side import ProcessEnded, in_processes
from matcher.many.shortlist import Shortlist

TERMS = (
    "HP:0001595",
    "HP:0008070",
    "HP:0002209",
    "HP:0045075",
    "HP:0001263",
    "HP:0011343",
    "HP:0011342",
    "HP:0012469",
    "HP:0000252",
    "HP:0005484",
    "HP:0000486",
    "HP:0000518",
)
PANEL = (("HP:0002209", "HP:0012469"), ("HP:0000518", "HP:0011343"), ("HP:0005484",))
KNOTS = Knots(y=(-1.0, 0.0, 2.0), log_likelihood_ratio=(-2.0, 1.0, 6.0))
UNSOLICITED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def case(case_id, terms=(), genes=(), **more):
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=term) for term in terms),
        genomic_features=tuple(GenomicFeature(gene=gene) for gene in genes),
        **more,
    )


@pytest.fixture(scope="session")
def matcher_of(drawn_release):
    release = SimpleNamespace(
        **vars(drawn_release), release_id="drawn", versions={"hpo": "drawn"}
    )
    panel = [case(str(number), terms) for number, terms in enumerate(PANEL)]
    calibration = calibrate(release, panel, knots=KNOTS, tail=Tail())

    def make(*cases, **more):
        return Matcher(release, cases, calibration, **more)

    return make


genes = st.sampled_from(["KMT2D", "KMT2B", "KARS", "PHF14", "MLL4", "nonsense"])
random_cases = st.builds(
    case,
    case_id=st.sampled_from("abcdefgh"),
    terms=st.lists(
        st.sampled_from([*TERMS, "HP:0000007", "HP:9999999", "HP:0008007"]),
        max_size=8,
    ),
    genes=st.lists(genes, max_size=4),
    onset=st.none() | st.builds(Onset, years=st.floats(0, 90)),
    diseases=st.sampled_from([(), (Disease(disease_id="OMIM:610536"),)]),
    site=st.sampled_from([None, "north"]),
    solved=st.booleans(),
    test=st.booleans(),
)
constraints = st.builds(
    Constraints,
    must_share_gene=st.booleans(),
    must_have=st.none() | st.sampled_from(["HP:0001595", "HP:0000478"]),
    exclude_solved=st.booleans(),
    site=st.sampled_from([None, "north"]),
)
everything = MatchSettings(
    evidence=EvidenceSettings(weights=dict.fromkeys(EvidenceKind, 0.5)), workers=2
)


def values(each):
    return (
        each.rank,
        each.case_id,
        each.score,
        each.probability,
        each.efm,
        each.band,
        each.closeness,
    )


@UNSOLICITED
@given(
    st.lists(random_cases, max_size=8),
    st.lists(random_cases, max_size=5),
    constraints,
    st.none() | st.integers(0, 4),
)
def test_many_at_once_are_ranked_as_one_at_a_time(
    matcher_of, cases, queries, conditions, limit
):
    matcher = matcher_of(*cases, settings=everything)
    asked = {"limit": limit, "evidence": ALL_KINDS, "constraints": conditions}
    found = list(matcher.rank_many(queries, **asked))
    expected = [matcher.answer(query, **asked) for query in queries]
    assert [[values(hit) for hit in each.hits] for each in found] == [
        [values(match) for match in each.matches] for each in expected
    ]
    assert [
        (each.query_id, each.searched, each.unresolved, each.calibrated)
        for each in found
    ] == [
        (each.query_id, each.searched, each.unresolved, each.calibrated)
        for each in expected
    ]


@pytest.fixture
def cohort():
    """Thirty cases, many of them alike to the last term, so that ids decide."""
    return [
        case(
            f"case-{number:02}",
            [TERMS[number % 5], TERMS[(3 * number) % 12]],
            ["KMT2D"] if number % 3 else [],
        )
        for number in range(30)
    ]


@pytest.fixture
def matcher(matcher_of, cohort):
    matcher = matcher_of(*cohort, settings=MatchSettings(workers=2))
    # Several parts, and a case that is gone.
    matcher.add(case("late", TERMS[:3]))
    matcher.add(case("gone", TERMS[:3]))
    matcher.remove("gone")
    return matcher


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_size_of_a_block_changes_nothing(matcher, cohort, size, monkeypatch):
    whole = list(matcher.rank_many(cohort))
    monkeypatch.setattr(many_module, "_QUERIES", size)
    assert list(matcher.rank_many(cohort)) == whole
    assert [each.query_id for each in whole] == [each.case_id for each in cohort]


def test_memory_is_bounded_by_asking_fewer_queries_at_once(
    matcher, cohort, monkeypatch
):
    whole = list(matcher.rank_many(cohort))
    monkeypatch.setattr(many_module, "_PAIRS", 1)
    assert list(matcher.rank_many(cohort)) == whole


@pytest.mark.parametrize("limit", [None, 20])
def test_the_matches_that_fit_a_block_change_nothing(
    matcher, cohort, monkeypatch, limit
):
    whole = list(matcher.rank_many(cohort, limit=limit))
    monkeypatch.setattr(many_module, "_MATCHES", 1)
    assert list(matcher.rank_many(cohort, limit=limit)) == whole


def test_all_matches_of_many_cases_are_not_held_at_once(matcher, cohort, monkeypatch):
    sizes = []
    monkeypatch.setattr(many_module, "_MATCHES", 100)
    monkeypatch.setattr(
        many_module._Run,
        "_block",
        lambda run, queries: sizes.append(len(queries)) or [],
    )
    list(matcher.rank_many(cohort, limit=None))
    list(matcher.rank_many(cohort, limit=20))
    # 31 cases and one that is gone.
    assert set(sizes[:10]) == {3} and set(sizes[10:]) == {5}


def told(ranking):
    """Everything about a ranking that has a text of its own."""
    return f"{ranking.query_id}: {ranking}\n"


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("limit", [None, 2])
def test_what_is_written_of_many_is_what_is_written_of_each(
    matcher, cohort, processes, limit, monkeypatch
):
    monkeypatch.setattr(many_module, "_QUERIES", 4)
    odd = case("odd", ["HP:9999999", *TERMS[:3]])
    written = write_many(
        matcher,
        [*cohort, odd],
        Writer("told", told),
        limit=limit,
        evidence=ALL_KINDS,
        processes=processes,
    )
    assert [(each.query_id, each.unresolved, each.text) for each in written] == [
        (answer.query_id, answer.unresolved, told(answer))
        for answer in (
            matcher.answer(query, limit=limit, evidence=ALL_KINDS)
            for query in [*cohort, odd]
        )
    ]


def test_what_was_written_before_is_not_written_again(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    first = list(write_many(matcher, cohort, Writer("told", told), resume=path))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:21]))
    written = []
    again = Writer("told", lambda ranking: written.append(ranking) or told(ranking))
    assert list(write_many(matcher, cohort, again, resume=path)) == first
    assert [each.query_id for each in written] == [each.case_id for each in cohort[20:]]


def test_another_way_of_writing_is_refused_by_name(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    list(write_many(matcher, cohort, Writer("told", told), resume=path))
    with pytest.raises(AnotherRun) as refused:
        write_many(matcher, cohort, Writer("json", told), resume=path)
    assert refused.value.differing == ("results",)
    with pytest.raises(AnotherRun):
        matcher.rank_many(cohort, resume=path)


def test_a_file_of_results_is_for_its_owner_alone(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    list(matcher.rank_many(cohort[:1], resume=path))
    assert path.stat().st_mode & 0o077 == 0


def test_all_are_asked_of_the_cases_as_they_were_at_the_beginning(matcher, cohort):
    whole = list(matcher.rank_many(cohort))
    begun = matcher.rank_many(cohort)
    first = next(begun)
    matcher.remove("case-02")
    assert [first, *begun] == whole


def test_who_stops_reading_leaves_no_thread_behind(matcher, cohort, monkeypatch):
    executors = []

    class Watched(ThreadPoolExecutor):
        def __init__(self, workers):
            super().__init__(workers)
            executors.append(self)

    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", Watched)
    begun = matcher.rank_many(cohort)
    next(begun)
    begun.close()
    (executor,) = executors
    assert not any(thread.is_alive() for thread in executor._threads)


@pytest.mark.parametrize("processes", [2, 3, 50])
def test_processes_change_nothing(matcher, cohort, processes, monkeypatch):
    monkeypatch.setattr(many_module, "_QUERIES", 4)
    whole = list(matcher.rank_many(cohort))
    assert list(matcher.rank_many(cohort, processes=processes)) == whole
    assert list(matcher.rank_many([], processes=processes)) == []


def test_who_stops_reading_leaves_no_process_behind(matcher, cohort, monkeypatch):
    monkeypatch.setattr(many_module, "_QUERIES", 4)
    begun = matcher.rank_many(cohort, processes=2)
    next(begun)
    assert multiprocessing.active_children()
    begun.close()
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_told_of(matcher, cohort, monkeypatch):
    monkeypatch.setattr(many_module, "_QUERIES", 4)
    here = os.getpid()
    search = matcher.search

    def dying(question, *rest):
        if question.case.case_id == "case-09" and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return search(question, *rest)

    monkeypatch.setattr(matcher, "search", dying)
    with pytest.raises(ProcessEnded, match=r"status -9"):
        list(matcher.rank_many(cohort, processes=2))
    assert not multiprocessing.active_children()


def test_no_query_no_answer(matcher, tmp_path):
    assert list(matcher.rank_many([])) == []
    assert list(matcher.rank_many([], resume=tmp_path / "found.jsonl")) == []


def test_progress_counts_what_was_handed_over(matcher, cohort):
    told = []
    found = matcher.rank_many(cohort[:3], progress=lambda *each: told.append(each))
    list(found)
    assert told == [("Ranking", done, 3) for done in range(4)]


def test_a_shortlist_can_be_explained(matcher, cohort):
    (shortlist,) = matcher.rank_many(cohort[:1], limit=4)
    assert matcher.explained(cohort[0], shortlist) == matcher.answer(cohort[0], limit=4)


def test_an_explanation_leaves_out_who_is_gone(matcher, cohort):
    (shortlist,) = matcher.rank_many(cohort[:1], limit=3)
    matcher.remove(shortlist.hits[0].case_id)
    ranking = matcher.explained(cohort[0], shortlist)
    assert [match.case_id for match in ranking.matches] == [
        hit.case_id for hit in shortlist.hits[1:]
    ]
    assert [match.rank for match in ranking.matches] == [1, 2]


def test_a_shortlist_survives_json(matcher, cohort):
    odd = case("odd", ["HP:9999999"])
    for shortlist in matcher.rank_many([*cohort[:2], odd]):
        text = json.dumps(shortlist.to_json(), allow_nan=False)
        assert Shortlist.from_json(json.loads(text)) == shortlist


@pytest.fixture
def counted(matcher, monkeypatch):
    """How many queries were computed."""
    computed = []
    search = matcher.search

    def counting(question, *rest):
        computed.append(question.case.case_id)
        return search(question, *rest)

    monkeypatch.setattr(matcher, "search", counting)
    return computed


def test_a_finished_run_is_read_and_not_computed_again(
    matcher, cohort, tmp_path, counted
):
    first = list(matcher.rank_many(cohort, resume=tmp_path / "found.jsonl"))
    assert len(counted) == 30
    assert list(matcher.rank_many(cohort, resume=tmp_path / "found.jsonl")) == first
    assert len(counted) == 30


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_a_broken_off_run_goes_on_from_its_last_whole_line(
    matcher, cohort, tmp_path, counted, torn
):
    path = tmp_path / "found.jsonl"
    whole = list(matcher.rank_many(cohort, resume=path))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:12]) + lines[12][:torn])
    counted.clear()
    assert list(matcher.rank_many(cohort, resume=path)) == whole
    assert len(counted) == 30 - 11
    assert path.read_bytes().splitlines(keepends=True) == lines


def test_a_header_that_was_cut_short_is_written_anew(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    whole = list(matcher.rank_many(cohort, resume=path))
    path.write_bytes(path.read_bytes()[:50])
    assert list(matcher.rank_many(cohort, resume=path)) == whole


def run_header(path):
    return json.loads(path.read_text().splitlines()[0])


def test_the_header_names_what_the_results_depend_on(matcher, cohort, tmp_path):
    list(matcher.rank_many(cohort[:1], resume=tmp_path / "found.jsonl"))
    header = run_header(tmp_path / "found.jsonl")
    assert header["release"] == "drawn"
    assert header["calibration"] == matcher.calibration.calibration_id
    assert len(header["queries"]) == len(header["cases"]) == 64


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"limit": 3}, "limit"),
        ({"evidence": frozenset({EvidenceKind.PHENOTYPE})}, "evidence"),
        ({"constraints": Constraints(exclude_solved=True)}, "constraints"),
    ],
)
def test_another_search_is_refused_by_name(matcher, cohort, tmp_path, more, name):
    path = tmp_path / "found.jsonl"
    list(matcher.rank_many(cohort, resume=path))
    before = path.read_bytes()
    with pytest.raises(AnotherRun, match=rf"differs in: {name}\.") as refused:
        matcher.rank_many(cohort, resume=path, **more)
    assert refused.value.differing == (name,)
    assert path.read_bytes() == before


def test_other_queries_and_cases_are_refused_by_name(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    list(matcher.rank_many(cohort, resume=path))
    with pytest.raises(AnotherRun, match=r"differs in: queries\."):
        matcher.rank_many(cohort[::-1], resume=path)
    matcher.add(dataclasses.replace(cohort[0], onset=Onset(years=3)))
    with pytest.raises(AnotherRun, match=r"differs in: cases\."):
        matcher.rank_many(cohort, resume=path)


def test_another_calibration_is_refused_by_name(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    list(matcher.rank_many(cohort, resume=path))
    matcher.calibration = dataclasses.replace(matcher.calibration, expected_partners=2)
    with pytest.raises(AnotherRun, match=r"differs in: calibration\."):
        matcher.rank_many(cohort, resume=path)


def test_cases_may_come_in_any_order(matcher_of, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    first = list(matcher_of(*cohort).rank_many(cohort, resume=path))
    other = matcher_of(*cohort[15:])
    for each in reversed(cohort[:15]):
        other.add(each)
    assert list(other.rank_many(cohort, resume=path)) == first


def removed(lines):
    return [*lines[:4], *lines[5:]]


def swapped(lines):
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


def repeated(lines):
    return [*lines[:5], *lines[4:]]


def garbled(lines):
    return [*lines[:4], b"garbage\n", *lines[5:]]


def other_values(lines):
    return [*lines[:4], b'{"a": 1}\n', *lines[5:]]


def no_text(lines):
    return [*lines, b"\xff\xfe\n"]


@pytest.mark.parametrize(
    "damage", [removed, swapped, repeated, garbled, other_values, no_text]
)
def test_a_line_that_is_not_as_it_was_written_is_refused(
    matcher, cohort, tmp_path, damage
):
    path = tmp_path / "found.jsonl"
    list(matcher.rank_many(cohort, resume=path))
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    before = path.read_bytes()
    with pytest.raises(DamagedResults, match=r"^Line \d+ of '.*found.jsonl' is not"):
        matcher.rank_many(cohort, resume=path)
    assert path.read_bytes() == before


def test_texts_of_cases_that_changed_are_not_taken_for_new_ones(
    matcher, cohort, tmp_path
):
    path = tmp_path / "found.jsonl"
    list(write_many(matcher, cohort, Writer("told", told), resume=path))
    excluded = PhenotypicFeature(term_id="HP:0000518", excluded=True)
    first = cohort[0]
    matcher.add(dataclasses.replace(first, features=(*first.features, excluded)))
    with pytest.raises(AnotherRun, match=r"differs in: cases\."):
        write_many(matcher, cohort, Writer("told", told), resume=path)


def test_processes_do_not_keep_a_descriptor_that_is_not_theirs(tmp_path):
    with (tmp_path / "locked").open("w") as file:
        number = file.fileno()
        found = list(in_processes(is_open, [number] * 4, 2, [number]))
    assert found == [False] * 4


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("text", ["my notes", "my notes\n", '{"a": 1}\n', "[]\n"])
def test_a_file_of_something_else_is_left_alone(matcher, cohort, tmp_path, text):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(NotResults, match=r"notes.txt' holds no results"):
        matcher.rank_many(cohort, resume=path)
    assert path.read_text() == text


def test_one_file_takes_one_run_at_a_time(matcher, cohort, tmp_path):
    path = tmp_path / "found.jsonl"
    begun = matcher.rank_many(cohort, resume=path)
    next(begun)
    with pytest.raises(RunUnderWay):
        matcher.rank_many(cohort, resume=path)
    begun.close()
    assert len(list(matcher.rank_many(cohort, resume=path))) == 30


def test_a_condition_that_cannot_be_written_down_cannot_be_resumed(
    matcher, cohort, tmp_path
):
    conditions = Constraints(admits=lambda circumstances: True)
    with pytest.raises(CannotResume):
        matcher.rank_many(
            cohort, constraints=conditions, resume=tmp_path / "found.jsonl"
        )
    assert not (tmp_path / "found.jsonl").exists()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_killed_process_is_gone_on_from(release, tmp_path, processes):
    path = tmp_path / "found.jsonl"
    script = Path(__file__).with_name("ranker.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[3])}

    def run(stop_after):
        command = [sys.executable, script, path, str(stop_after), processes]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )

    killed = run(20)
    assert killed.returncode == -9, killed.stderr
    assert len(path.read_bytes().splitlines()) == 21
    finished = run(-1)
    assert finished.returncode == 0, finished.stderr
    path.unlink()
    assert run(-1).stdout == finished.stdout
    assert len(finished.stdout.splitlines()) == 150
