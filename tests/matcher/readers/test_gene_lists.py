"""Lists of genes: resolved, ambiguous, unknown."""

from __future__ import annotations

import pytest

from matcher.errors import TooManyValues
from matcher.readers.gene_lists import MOST_GENES, read_gene_list
from ontologies import Release


@pytest.mark.parametrize("between", ["\n", ",", "; ", "\t", " | "])
def test_genes_are_read_whatever_parts_them(release: Release, between: str) -> None:
    found = read_gene_list(
        between.join(["PHF14", "KIF7", "PHF14", "ENSG00000106443"]), release
    )

    assert [gene.symbol for gene in found.genes] == ["PHF14", "KIF7"]


def test_ambiguous_and_unknown_names_stand_apart(release: Release) -> None:
    found = read_gene_list("# panel 3\nSHFM1D\nMLL\nAGS1\nNOTAGENE1\nASP\n", release)

    assert "NOTAGENE1" in found.unknown
    assert [each.entered for each in found.ambiguous] == ["ASP"]
    assert len(found.ambiguous[0].candidates) > 1
    assert "# panel 3" not in found.unknown


def test_a_list_without_end_is_refused(release: Release) -> None:
    with pytest.raises(TooManyValues):
        read_gene_list("\n".join(f"G{i}" for i in range(MOST_GENES + 1)), release)
