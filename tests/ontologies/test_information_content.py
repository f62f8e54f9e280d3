from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from ontologies.annotations import build_annotations
from ontologies.errors import UnknownTerm
from ontologies.information_content import (
    InformationContent,
    build_information_content,
)


@pytest.mark.parametrize(
    ("term_id", "value"),
    [
        ("HP:0000001", 0.0),
        ("HP:0000118", 0.0),
        ("HP:0000707", log(2)),
        ("HP:0012638", log(2)),
        ("HP:0001507", log(2)),
        ("HP:0001510", log(8 / 3)),
        ("HP:0000002", log(8 / 3)),
        ("HP:0001250", log(4)),
        ("HP:0004322", log(4)),
        ("HP:0002197", log(8)),
        ("HP:0007359", log(8)),
    ],
)
def test_value_is_minus_log_of_the_share_of_diseases(hpo_slice, term_id, value):
    assert hpo_slice.information_content[term_id] == pytest.approx(value, abs=1e-12)


def test_inheritance_rows_do_not_count(hpo_slice):
    assert hpo_slice.information_content["HP:0000006"] == pytest.approx(log(8))


def test_term_of_no_disease_is_as_rare_as_one_of_a_single_disease(hpo_slice):
    assert hpo_slice.information_content["HP:0003577"] == pytest.approx(log(8))


def test_diseases_without_observed_sign_and_other_vocabularies_do_not_count(hpo_slice):
    assert hpo_slice.information_content.diseases == 8


def test_rarity_is_one_in_so_many_diseases(hpo_slice):
    assert hpo_slice.information_content.rarity("HP:0001250") == pytest.approx(4)


def test_unknown_term_is_named(hpo_slice):
    with pytest.raises(UnknownTerm, match="HP:9999999"):
        hpo_slice.information_content["HP:9999999"]


def test_every_term_has_a_finite_value_and_none_is_negative(release):
    values = release.information_content.values
    assert len(values) == len(release.ontology)
    assert np.isfinite(values).all()
    assert (values >= 0).all() and not np.signbit(values).any()


def test_value_never_falls_on_the_way_down(release):
    arrays = release.ontology.arrays
    values = release.information_content.values
    child = np.repeat(np.arange(len(values)), np.diff(arrays.parent_offsets))
    assert (values[child] >= values[arrays.parent_rows]).all()


def test_real_values_agree_with_counting_on_the_graph(release):
    annotations = release.annotations
    ontology = release.ontology
    below = ontology.descendants("HP:0001627")
    omim = [i for i in annotations.disease_ids if i.startswith("OMIM:")]
    signs = [{each.term_id for each in annotations.observed(i)} for i in omim]
    diseases = sum(1 for each in signs if each)
    affected = sum(1 for each in signs if each & below)
    assert release.information_content.diseases == diseases
    assert release.information_content.rarity("HP:0001627") == pytest.approx(
        diseases / affected
    )


def test_without_any_disease_every_term_has_zero(hpo_slice, tmp_path):
    path = tmp_path / "phenotype.hpoa"
    lines = hpo_slice.annotations_path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:3], *(n for n in lines if "ORPHA:101" in n)]))
    annotations = build_annotations(path, hpo_slice.ontology)
    values = build_information_content(hpo_slice.ontology, annotations).values
    assert values.tolist() == [0.0] * len(hpo_slice.ontology)


def test_saved_values_are_opened_again(hpo_slice, tmp_path):
    hpo_slice.information_content.save(tmp_path)
    opened = InformationContent.open(tmp_path, hpo_slice.ontology)
    assert opened.diseases == 8
    assert opened["HP:0001250"] == hpo_slice.information_content["HP:0001250"]
    assert exp(opened["HP:0001250"]) == pytest.approx(4)
