from __future__ import annotations

import numpy as np
import pytest

from ontologies.annotations import (
    DiseaseAnnotation,
    DiseaseAnnotations,
    build_annotations,
)
from ontologies.errors import UnknownDisease


@pytest.fixture
def annotations(hpo_slice):
    return hpo_slice.annotations


def test_observed_sign_comes_with_frequency_references_and_onset(annotations):
    assert annotations.observed("OMIM:100001") == (
        DiseaseAnnotation("HP:0007359", 0.75, ("PMID:1", "PMID:2"), "HP:0003577"),
    )


def test_frequency_that_is_not_stated_is_none_and_nan(annotations, hpo_slice):
    (annotation,) = annotations.observed("OMIM:100008")
    assert annotation.frequency is None
    entry = annotations.arrays.row == hpo_slice.ontology.row("HP:0000002")
    assert np.isnan(annotations.arrays.frequency[entry]).all()


def test_not_and_seen_in_none_are_kept_apart_as_excluded(annotations):
    assert [each.term_id for each in annotations.observed("OMIM:100003")] == [
        "HP:0012638"
    ]
    assert annotations.excluded("OMIM:100003")[0].frequency == 0.0
    assert [each.term_id for each in annotations.excluded("OMIM:100004")] == [
        "HP:0001250"
    ]
    assert annotations.observed("OMIM:100009") == ()


def test_each_row_of_the_file_is_an_annotation_of_its_own(annotations):
    shares = [each.frequency for each in annotations.observed("OMIM:100006")]
    assert shares == pytest.approx([1 / 2, 1 / 3])


def test_inheritance_is_no_sign(annotations):
    assert annotations.inheritance("OMIM:100001") == ("HP:0000006",)
    assert annotations.inheritance("OMIM:100002") == ()


def test_retired_term_is_annotated_as_the_live_one(annotations):
    (annotation,) = annotations.observed("ORPHA:101")
    assert annotation.term_id == "HP:0007359"


def test_diseases_are_in_the_order_of_their_ids_with_their_names(annotations):
    assert list(annotations.disease_ids) == sorted(annotations.disease_ids)
    assert annotations.disease_names[0] == "First"
    assert "ORPHA:101" in annotations
    assert "ORPHA:102" not in annotations
    assert 101 not in annotations


def test_disease_without_annotations_is_named(annotations):
    with pytest.raises(UnknownDisease, match="'OMIM:1' has no annotations"):
        annotations.observed("OMIM:1")


@pytest.mark.parametrize(
    ("term_id", "diseases"),
    [
        ("HP:0000001", 8),
        ("HP:0000118", 8),
        ("HP:0000707", 4),
        ("HP:0001510", 3),
        ("HP:0001250", 2),
        ("HP:0007359", 1),
        ("HP:0000006", 0),
    ],
)
def test_count_is_of_diseases_at_or_below_each_once(
    annotations, hpo_slice, term_id, diseases
):
    assert annotations.counts[hpo_slice.ontology.row(term_id)] == diseases


def test_row_with_a_term_the_ontology_does_not_know_is_left_out_and_told(
    hpo_slice, tmp_path
):
    path = tmp_path / "phenotype.hpoa"
    text = hpo_slice.annotations_path.read_text("utf-8")
    path.write_text(text.replace("HP:0000002", "HP:9999999"), "utf-8")
    annotations = build_annotations(path, hpo_slice.ontology)
    assert list(annotations.lost) == ["line 15: OMIM:100008 has HP:9999999"]
    assert "OMIM:100008" not in annotations


def test_saved_annotations_are_opened_memory_mapped(annotations, hpo_slice, tmp_path):
    annotations.save(tmp_path)
    opened = DiseaseAnnotations.open(tmp_path, hpo_slice.ontology)
    assert opened.version == "2026-06-06"
    assert opened.observed("OMIM:100001") == annotations.observed("OMIM:100001")
    assert opened.counts.tolist() == annotations.counts.tolist()
    assert isinstance(opened.arrays.row.base, np.memmap)


def test_real_annotations_are_all_placed(release):
    annotations = release.annotations
    assert annotations.version == "2026-06-06"
    assert len(annotations.lost) == 0
    assert len(annotations.disease_ids) == 13024
    assert len(annotations.arrays.row) == 284703
    assert annotations.arrays.disease_offsets[-1] == 284703
    assert "HP:0000006" in annotations.inheritance("OMIM:154700")


def test_real_signs_are_all_phenotypic_abnormalities(release):
    arrays = release.annotations.arrays
    rows = arrays.row[arrays.observed_phenotype]
    assert release.ontology.arrays.phenotype[rows].all()
