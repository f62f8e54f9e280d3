"""Genes from a VCF or a list: shown, added by a click, and the file never kept."""

from __future__ import annotations

import gzip
import html
import io
import re
from dataclasses import replace
from typing import Any

import pytest

from matcher.case import Sex, Variant, Zygosity
from werkzeug.test import TestResponse

from ....matcher.readers.test_vcf import MISSENSE, row, vcf
from ...conftest import PHF14, SEIZURE, Cast, case_of
from ..test_attacks import ATTACKS

PAGE = "/cases/NORTH-1/genes"
KIF7 = "HGNC:30497"


@pytest.fixture(autouse=True)
def case(cast: Cast) -> None:
    cast.put(replace(case_of("NORTH-1", genes=()), sex=Sex.FEMALE))


def look(cast: Cast, genes: str = "", data: bytes = b"", **more: Any) -> TestResponse:
    files = {"vcf": (io.BytesIO(data), "a.vcf.gz")} if data else {}
    return cast["alice"].post(PAGE, {"genes": genes, **files, **more})


def offers(page: str) -> list[str]:
    return re.findall(r'name="add" value="([^"]+)"', page)


def test_a_variant_of_a_chosen_gene_is_added_when_it_is_ticked(cast: Cast) -> None:
    page = look(cast, "PHF14", gzip.compress(vcf(row(MISSENSE)))).text
    [token] = offers(page)
    before = cast.get("NORTH-1").case.genomic_features

    answer = cast["alice"].post(PAGE + "/add", {"add": token})

    assert before == () and answer.status_code == 303
    assert "moderate impact" in page and "rare" in page
    [gene] = cast.get("NORTH-1").case.genomic_features
    assert gene.gene == PHF14
    assert gene.variant == Variant(
        assembly="GRCh38",
        chromosome="7",
        start=11012974,
        end=11012974,
        reference="A",
        alternate="G",
        zygosity=Zygosity.HETEROZYGOUS,
        hgvs=("NM_1:c.1A>G", "NP_1:p.K1E"),
        label="missense variant",
    )


def test_genes_that_are_not_chosen_are_named_and_not_offered(cast: Cast) -> None:
    page = look(cast, "KIF7", vcf(row(MISSENSE))).text

    assert "Genes not chosen that hold rare variants" in page and "PHF14" in page
    assert len(offers(page)) == 1 and "PHF14 chr7" not in page


def test_a_list_offers_genes_and_asks_which_of_an_ambiguous_name(cast: Cast) -> None:
    page = look(cast, "KIF7 ASP NOTAGENE1").text

    assert "“ASP” may be several genes: which?" in page
    assert "Not known to HGNC: NOTAGENE1" in page
    cast["alice"].post(PAGE + "/add", {"add": offers(page)[0]})
    assert cast.get("NORTH-1").case.genes == (KIF7,)


def test_the_same_added_twice_is_there_once(cast: Cast) -> None:
    [token] = offers(look(cast, "PHF14", vcf(row(MISSENSE))).text)
    for _ in range(2):
        cast["alice"].post(PAGE + "/add", {"add": token})

    assert len(cast.get("NORTH-1").case.genomic_features) == 1
    assert cast.get("NORTH-1").version == 2


def test_a_variant_takes_the_place_of_its_gene_alone(cast: Cast) -> None:
    [gene] = offers(look(cast, "PHF14").text)
    cast["alice"].post(PAGE + "/add", {"add": gene})
    [variant] = offers(look(cast, "", vcf(row(MISSENSE))).text)
    cast["alice"].post(PAGE + "/add", {"add": variant})

    [feature] = cast.get("NORTH-1").case.genomic_features
    assert feature.variant is not None


def test_parents_come_from_the_pedigree(cast: Cast) -> None:
    pedigree = b"F kid dad mum 2 2\nF dad 0 0 1 1\nF mum 0 0 2 1\n"
    data = vcf(row(MISSENSE, "0/1 0/1 0/0"), samples="kid mum dad")

    page = look(cast, "PHF14", data, pedigree=(io.BytesIO(pedigree), "f.ped")).text

    assert "heterozygous, maternal" in page


@pytest.mark.parametrize(
    "data, said",
    [
        (b"no vcf", "This is no VCF"),
        (b"\x1f\x8bbroken", "cannot be unpacked"),
        (vcf(row(MISSENSE), samples="a b"), "name the one of this person"),
    ],
)
def test_what_cannot_be_read_is_said(cast: Cast, data: bytes, said: str) -> None:
    answer = look(cast, "PHF14", data)

    assert answer.status_code == 422 and said in answer.text


@pytest.mark.parametrize("token", ["", "x.y", "W10.x"])
def test_what_was_not_offered_is_not_added(cast: Cast, token: str) -> None:
    answer = cast["alice"].post(PAGE + "/add", {"add": token})

    assert answer.status_code == 422 and cast.get("NORTH-1").version == 1


def test_an_offer_for_another_case_is_none_for_this(cast: Cast) -> None:
    cast.put(case_of("NORTH-2", genes=()))
    [token] = offers(look(cast, "PHF14").text)

    answer = cast["alice"].post("/cases/NORTH-2/genes/add", {"add": token})

    assert answer.status_code == 422 and cast.get("NORTH-2").version == 1


def test_a_new_case_takes_what_is_ticked_of_a_file_with_all_its_details(
    cast: Cast,
) -> None:
    alice = cast["alice"]
    typed = {"form_id": "ab" * 16, "observed": [SEIZURE], "shown": ["variants"]}
    data = io.BytesIO(vcf(row(MISSENSE)))
    sent = {**typed, "action": "read_genes", "genes": "PHF14 KIF7", "vcf": (data, "v")}

    read = alice.post("/cases/new", sent)
    variant, gene = offers(read.text)
    kept = alice.post("/cases/new/draft", {**typed, "add": [variant, gene]}).json
    draft = alice.get("/cases/new", draft="ab" * 16).text
    written = re.search(r'name="variant_written" value="([^"]+)"', draft)
    [found] = re.findall(r'name="found" value="([^"]+)"', draft)
    assert read.status_code == 200 and kept["kept"] and written
    form = {
        **typed,
        "gene": re.findall(r'name="gene" value="(HGNC[^"]+)"', draft),
        "found": [found, "x.y"],
        "variant_gene": [PHF14],
        "variant_written": [html.unescape(written[1])],
        "variant_assembly": ["GRCh38"],
        "variant_zygosity": ["heterozygous"],
        "variant_origin": [""],
        "variant_classification": [""],
        "action": "save",
    }
    saved = alice.post("/cases/new", form)

    assert saved.status_code == 303
    case = cast.get(saved.location.split("/")[2]).case
    assert case.observed == (SEIZURE,) and set(case.genes) == {PHF14, KIF7}
    [placed] = [g.variant for g in case.genomic_features if g.variant]
    assert (placed.label, placed.start) == ("missense variant", 11012974)


def test_a_file_that_cannot_be_read_leaves_the_new_case_as_typed(cast: Cast) -> None:
    sent = {"action": "read_genes", "label": "exome 12", "genes": "PHF14"}
    file = {"vcf": (io.BytesIO(b"no vcf"), "a.vcf")}

    page = cast["alice"].post("/cases/new", {**sent, **file}).text

    assert "This is no VCF" in page and 'value="exome 12"' in page


def test_a_stranger_finds_no_such_page(cast: Cast) -> None:
    told = [
        cast["charlie"].get(PAGE),
        cast["charlie"].post(PAGE, {"genes": "PHF14"}),
        cast["charlie"].post(PAGE + "/add", {"add": "x"}),
    ]

    assert [answer.status_code for answer in told] == [404] * 3


def test_nothing_in_a_file_or_list_is_markup(cast: Cast) -> None:
    rows = [
        row(MISSENSE.replace("NM_1:c.1A>G", each).replace("missense_variant", each))
        for each in ATTACKS
    ]
    names = " ".join(each.replace(" ", "") for each in ATTACKS)
    everything = "\n".join(ATTACKS)

    pages = [
        look(cast, f"PHF14\n{everything}", vcf(*rows)),
        look(cast, "PHF14", vcf(row(MISSENSE, "0/1 " * 8), samples=names)),
        look(cast, everything, vcf(row(MISSENSE)), proband=everything),
    ]

    assert [page.status_code for page in pages] == [200, 422, 422]
    for page in pages:
        assert "alert(1)" in page.text
        assert "<script>" not in page.text and "<img" not in page.text
        assert "49<b>" not in page.text and 'href="javascript' not in page.text
