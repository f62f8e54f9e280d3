"""The file that names the active release, its calibration, and those before it."""

from __future__ import annotations

import pytest

from ontologies.errors import ActiveReleaseChanged, NothingBefore
from ontologies.pointer import MOST_BEFORE, Edition, Pointed, pointed, switching

A, B, C = Edition("a"), Edition("b", "default"), Edition("c", "0123456789abcdef")
D = Edition("d", "default")


def test_nothing_is_active_before_the_first(tmp_path):
    assert pointed(tmp_path) == Pointed()


@pytest.mark.parametrize("text", ["a", "a\n", "a \n\n"])
def test_a_line_without_a_calibration_names_the_release_alone(tmp_path, text):
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "active").write_text(text)

    assert pointed(tmp_path) == Pointed(A)


def test_what_is_written_is_read(tmp_path):
    state = Pointed(C, (B, A, B), (D, Edition("e")))
    with switching(tmp_path) as held:
        held.point(state)
        assert held.pointed == state

    assert pointed(tmp_path) == state
    assert (tmp_path / "releases" / "active").read_text() == (
        "c 0123456789abcdef\nb default\na\nb default\n- d default\n- e\n"
    )


def test_what_a_killed_process_left_is_swept_up(tmp_path):
    (tmp_path / "releases").mkdir()
    left = tmp_path / "releases" / ".active-abc"
    left.write_text("c")

    with switching(tmp_path):
        assert not left.exists()


def test_switches_are_undone_one_by_one():
    state = Pointed().switched(A).switched(B).switched(C)

    assert state == Pointed(C, (B, A))
    assert state.switched(C) == state
    assert state.undone() == Pointed(B, (A,), (C,))
    assert state.undone().undone() == Pointed(A, (), (B, C))
    with pytest.raises(NothingBefore, match="ontology activate"):
        Pointed(A).undone()


def test_so_many_are_remembered_and_no_more():
    state = Pointed(A)
    for number in range(MOST_BEFORE + 10):
        state = state.switched(Edition(str(number)))

    assert len(state.before) == MOST_BEFORE
    # That they were active is remembered, once for each release.
    assert state.once[-1] == A
    assert len(state.editions) == MOST_BEFORE + 11
    assert state.undone().switched(A).undone().switched(A).once.count(A) == 0


def test_the_latest_calibration_of_a_release_counts():
    state = Pointed(B, (A, Edition("a", "x"), C), (D,))

    assert state.calibration_of("a") == ""
    assert state.calibration_of("d") == D.calibration
    assert state.calibration_of("c") == C.calibration
    assert state.calibration_of("z") is None


def test_who_expects_something_else_is_told_what_is_there():
    Pointed(C).require(C)
    for expected in (A, Edition("c"), None):
        with pytest.raises(ActiveReleaseChanged, match="Active is c with calibration"):
            Pointed(C).require(expected)
