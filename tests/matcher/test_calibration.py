import dataclasses
import math
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import calibration as calibration_module
from matcher.calibration import (
    Band,
    BandRules,
    Calibration,
    Knots,
    Tail,
    calibrate,
    default_calibration,
    shipped_knots,
    shipped_tail,
    wire_score,
)
from matcher.case import Case, PhenotypicFeature
from matcher.evidence import Background, EvidenceSettings
from matcher.engine.profile import ProfileReader
from matcher.panel import QueryScale, silent
from matcher.similarity import phenotype_score
from matcher.simulation import simulate_cases

KNOTS = Knots(y=(-1.0, 0.0, 2.0), log_likelihood_ratio=(-2.0, 1.0, 5.0))


def panel_cases(*profiles):
    return [
        Case(
            case_id=str(n), features=tuple(PhenotypicFeature(term_id=t) for t in terms)
        )
        for n, terms in enumerate(profiles)
    ]


@pytest.fixture
def small_release(drawn_release):
    return SimpleNamespace(**vars(drawn_release), release_id="drawn", versions={})


@pytest.fixture
def small(small_release):
    cases = panel_cases(
        ["HP:0002209"], ["HP:0045075", "HP:0012469"], ["HP:0000518"], [], ["HP:0011343"]
    )
    return calibrate(
        small_release, cases, knots=KNOTS, tail=Tail(factor=0.9, exponent=0.8)
    )


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (-1.0, -2.0),
        (-0.5, -0.5),
        (0.0, 1.0),
        (1.0, 3.0),
        (2.0, 5.0),
        (5.0, 8.0),
        (-2.0, -6.0),
    ],
)
def test_ratio_is_straight_between_knots_and_goes_on_by_one_above_and_four_below(
    y, expected
):
    assert KNOTS.curve()(np.array([y]))[0] == pytest.approx(expected)


@settings(deadline=None)
@given(st.lists(st.floats(-6, 9), min_size=2, max_size=2, unique=True))
def test_shipped_ratio_rises_with_every_bit_of_closeness(pair):
    lower, higher = shipped_knots().curve()(np.sort(np.array(pair)))
    assert lower < higher or pair[0] == pytest.approx(pair[1])


def test_shipped_numbers_name_the_command_that_found_them():
    assert "benchmarks/calibration.py" in shipped_knots().origin
    assert 0.5 < shipped_tail().exponent < 1


def test_odds_are_the_prior_times_the_likelihood_ratio(small):
    expected = dataclasses.replace(small, expected_partners=2.0)
    probability = expected.probability(3.0, 100)
    assert probability / (1 - probability) == pytest.approx(2 / 100 * math.exp(3.0))


@pytest.mark.parametrize("total", [-1e6, -800.0, 800.0, 1e6])
def test_probability_of_overwhelming_evidence_is_a_probability(small, total):
    assert small.probability(total, 10) in (0.0, 1.0)


def test_probability_of_a_search_among_nobody_is_that_of_one(small):
    assert small.probability(0.0, 0) == small.probability(0.0, 1) == 0.5


def test_score_for_a_peer_does_not_depend_on_how_many_were_searched():
    assert wire_score(6.0) == 0.5
    assert (
        0
        <= wire_score(-1e4)
        < wire_score(0.0)
        < wire_score(9.0)
        < wire_score(20.0)
        <= 1
    )


@pytest.mark.parametrize(
    ("probability", "efm", "band"),
    [
        (0.25, 9.0, Band.CONTACT),
        (0.2499, 9.0, Band.LOOK),
        (0.02, 9.0, Band.LOOK),
        (0.0199, 9.0, Band.BACKGROUND),
        (0.0199, 1.0, Band.BACKGROUND),
        (0.0199, 0.99, Band.LOOK),
        (0.0199, None, Band.BACKGROUND),
        (0.9, None, Band.CONTACT),
    ],
)
def test_band_begins_where_its_rule_says(probability, efm, band):
    assert BandRules().band(1.0, probability, efm) is band


def test_bands_can_be_set():
    rules = BandRules(contact=0.5, look=0.1, look_false_matches=0.0)
    assert rules.band(1.0, 0.4, 0.0) is Band.LOOK
    assert rules.band(1.0, 0.05, 0.0) is Band.BACKGROUND


@pytest.mark.parametrize("total", [0.0, -2.0])
def test_what_speaks_for_nothing_is_background_in_the_smallest_world(total):
    assert BandRules().band(total, 0.9, 0.0) is Band.BACKGROUND


def test_false_matches_fall_off_exponentially_above_the_tail():
    scale = QueryScale(hubness=0.0, scores=np.arange(100.0), threshold=98.0, excess=2.0)
    assert scale.share_beyond(98.0) == pytest.approx(0.02)
    assert scale.share_beyond(100.0) == pytest.approx(0.02 * math.exp(-1))
    assert scale.share_beyond(50.0) == pytest.approx(0.5)
    assert scale.share_beyond(-5.0) == 1.0


def test_threshold_is_the_98th_percentile_and_excess_the_mean_beyond():
    scores = np.append(np.arange(101.0), np.nan)
    scale = QueryScale.of(1.0, scores[::-1])
    assert scale.threshold == pytest.approx(98.0)
    assert scale.excess == pytest.approx(1.5)


def test_a_panel_without_scores_expects_everybody_to_match():
    scale = QueryScale.of(0.0, np.array([np.nan]))
    assert scale.share_beyond(3.0) == 1.0


def test_a_panel_of_equal_scores_has_no_tail():
    scale = QueryScale.of(0.0, np.ones(50))
    assert scale.share_beyond(1.0) == 0.02
    assert scale.share_beyond(1.1) == 0.0
    assert scale.share_beyond(0.9) == 1.0


@settings(deadline=None)
@given(st.floats(-3, 9), st.floats(0, 3), st.integers(0, 10**7))
def test_false_matches_are_at_most_all_and_fall_with_closeness(y, more, searched):
    scale = QueryScale.of(0.0, np.linspace(-3, 1, 200))
    tail = Tail(factor=0.9, exponent=0.75)
    closer, farther = (
        searched * tail.share(scale.share_beyond(at)) for at in (y + more, y)
    )
    assert 0 <= closer <= farther <= searched


def test_expected_false_matches_take_the_tail_of_real_cases(small):
    scale = small.panel.scale(small.panel.profiles[0])
    share = scale.share_beyond(0.1)
    assert small.false_matches(scale, 0.1, 500) == pytest.approx(500 * 0.9 * share**0.8)


def test_panel_cases_are_compared_with_the_others_only(small):
    alone = dataclasses.replace(small.panel, nearest=10)
    own = alone.hubness_of(small.panel.profiles)
    assert (own[[0, 1, 2, 4]] != small.panel.hubness[[0, 1, 2, 4]]).all()
    assert small.panel.hubness[3] == own[3] == 0.0


def test_scale_and_stored_hubness_of_a_profile_agree(small):
    profiles = small.panel.profiles
    hubness = small.panel.hubness_of(profiles)
    for position in range(len(profiles)):
        assert small.panel.scale(profiles[position]).hubness == hubness[position]


def test_scale_of_a_query_is_its_y_to_every_case_of_the_panel(small):
    panel = small.panel
    query = panel.profiles[1]
    x = np.empty(len(panel))
    panel.kernels.similarity(
        panel.kernels.table(panel.terms, query), panel.profiles, 0, x
    )
    scale = panel.scale(query)
    y = [
        phenotype_score(float(x[n]), scale.hubness, float(panel.hubness[n]))
        for n in range(len(panel))
    ]
    assert scale.scores == pytest.approx(np.sort([each for each in y if each == each]))


def test_a_saved_calibration_comes_back_the_same(small, small_release, tmp_path):
    kept = dataclasses.replace(
        small,
        background=Background(annotated=4, diseases=9, counts={"HGNC:6215": 2}),
        expected_partners=1.5,
        bands=BandRules(contact=0.3),
    )
    kept.save(tmp_path / "kept")
    kept.save(tmp_path / "kept")
    opened = Calibration.open(tmp_path / "kept", small_release)
    assert opened.calibration_id == kept.calibration_id
    assert (opened.knots, opened.tail, opened.bands) == (
        kept.knots,
        kept.tail,
        kept.bands,
    )
    assert opened.background == kept.background
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_saved_calibration_is_on_the_disk_before_it_has_its_name(
    small, tmp_path, monkeypatch
):
    sync, rename, done = os.fsync, Path.rename, []

    def note(descriptor):
        sync(descriptor)
        done.append(os.fstat(descriptor).st_ino)

    def note_name(path, target):
        done.append("named")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "rename", note_name)
    folder = tmp_path / "calibrations" / "one"
    small.save(folder)

    at = done.index("named")
    assert {path.stat().st_ino for path in (folder, *folder.iterdir())} == {*done[:at]}
    assert done[at + 1 :] == [folder.parent.stat().st_ino]


def test_a_calibration_of_another_release_is_refused(small, small_release, tmp_path):
    small.save(tmp_path / "kept")
    small_release.release_id = "other"
    with pytest.raises(ValueError, match="belongs to release drawn, not to other"):
        Calibration.open(tmp_path / "kept", small_release)


@pytest.mark.parametrize(
    "change",
    [
        {"expected_partners": 2.0},
        {"knots": Knots(y=(0.0, 1.0), log_likelihood_ratio=(0.0, 1.0))},
        {"tail": Tail()},
        {"background": Background(annotated=5, diseases=1077)},
        {"release_id": "other"},
    ],
)
def test_calibration_id_names_everything_a_score_depends_on(small, change):
    assert dataclasses.replace(small, **change).calibration_id != small.calibration_id


def test_calibration_id_does_not_depend_on_bands(small):
    other = dataclasses.replace(small, bands=BandRules(contact=0.9))
    assert other.calibration_id == small.calibration_id


@pytest.fixture
def few_panel_cases(monkeypatch):
    monkeypatch.setattr(calibration_module, "PANEL_CASES", 12)


def test_default_is_made_once_with_progress(release, few_panel_cases, tmp_path):
    told = []
    first = default_calibration(
        release,
        directory=tmp_path,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (12, 12)
    told.clear()
    second = default_calibration(release, directory=tmp_path, progress=silent)
    assert second.calibration_id == first.calibration_id
    assert told == []
    assert len(list((tmp_path / "calibrations").iterdir())) == 1


def test_default_panel_is_two_thousand_simulated_cases_and_ten_neighbours(release):
    panel = default_calibration(release).panel
    drawn = simulate_cases(release, 2000, seed=1)
    reader = ProfileReader(release.ontology, panel.terms, panel.kernels)
    expected = reader.pack(list(drawn))
    assert (len(panel), panel.nearest) == (2000, 10)
    assert np.array_equal(panel.profiles.offsets, expected.offsets)
    assert np.array_equal(panel.profiles.rows, expected.rows)


def test_default_is_made_anew_for_another_background(
    release, few_panel_cases, tmp_path, monkeypatch
):
    first = default_calibration(release, directory=tmp_path)
    other = Background(annotated=5, diseases=9)
    monkeypatch.setattr(Background, "of_release", lambda release: other)
    second = default_calibration(release, directory=tmp_path)
    assert second.background == other
    assert second.calibration_id != first.calibration_id


def test_default_holds_nobody(release, few_panel_cases, tmp_path):
    default = default_calibration(release, directory=tmp_path)
    assert default.background.listings == 0
    assert default.background.gene_share(
        "HGNC:6215", EvidenceSettings()
    ) == pytest.approx(1 / release.genes.annotated)
