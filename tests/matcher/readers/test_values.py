"""How single values are read: ids, ages, assemblies, chromosomes, alleles, addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.case import Zygosity
from matcher.errors import MalformedCase
from matcher.readers import ages, alleles, cases_in, identifiers
from matcher.readers.fields import Fields, flag, printable
from matcher.readers.mme_contacts import is_web_address, mail_addresses
from matcher.readers.report import CaseRecord, Kind, Report


@pytest.mark.parametrize(
    "entered, right",
    [
        ("HP:0001250", "HP:0001250"),
        ("hp:0001250", "HP:0001250"),
        (" HP:0001250\t", "HP:0001250"),
        ("HP_0001250", "HP:0001250"),
        ("hp_0001250", "HP:0001250"),
        ("HP: 0001250", "HP:0001250"),
        ("HP0001250", "HP:0001250"),
        ("http://purl.obolibrary.org/obo/HP_0001250", "HP:0001250"),
        ("HP:0001250 ! Seizure", "HP:0001250"),
        ("HP:125", "HP:125"),
        ("MP:0001250", "MP:0001250"),
        ("HP:٠٠٠١٢٥٠", "HP:٠٠٠١٢٥٠"),
        ("", ""),
    ],
)
def test_shape_of_hpo_ids_is_mended(entered: str, right: str) -> None:
    assert identifiers.hpo_id(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("MIM:610536", "OMIM:610536"),
        ("OMIM:610536", "OMIM:610536"),
        ("omim:610536", "OMIM:610536"),
        ("#610536", "OMIM:610536"),
        ("# 610536", "OMIM:610536"),
        ("610536", "OMIM:610536"),
        ("https://www.omim.org/entry/610536", "OMIM:610536"),
        ("http://identifiers.org/omim/610536", "OMIM:610536"),
        ("Orphanet:79113", "ORPHA:79113"),
        ("ORPHA:79113", "ORPHA:79113"),
        ("ORDO:79113", "ORPHA:79113"),
        ("Orphanet_79113", "ORPHA:79113"),
        ("ORDO:Orphanet_79113", "ORPHA:79113"),
        ("http://www.orpha.net/ORDO/Orphanet_79113", "ORPHA:79113"),
        ("MONDO:0012516", "MONDO:0012516"),
        ("mondo_0012516", "MONDO:0012516"),
        ("DECIPHER:18", "DECIPHER:18"),
        ("something else", "something else"),
        ("12", "12"),
    ],
)
def test_shape_of_disease_ids_is_mended(entered: str, right: str) -> None:
    assert identifiers.disease_id(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("PMID:15266616", "PMID:15266616"),
        ("pmid: 15266616", "PMID:15266616"),
        ("PMID_15266616_100", "PMID:15266616"),
        ("https://pubmed.ncbi.nlm.nih.gov/15266616", "PMID:15266616"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/22305528", "PMID:22305528"),
        ("DOI:10.1000/1", None),
        ("", None),
    ],
)
def test_publications_are_found_in_ids_and_addresses(
    entered: str, right: str | None
) -> None:
    assert identifiers.pmid(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("NCBITaxon:9606", "NCBITaxon:9606"),
        ("9606", "NCBITaxon:9606"),
        ("taxon:10090", "NCBITaxon:10090"),
        ("NCBITaxon_10090", "NCBITaxon:10090"),
        ("mouse", "mouse"),
    ],
)
def test_shape_of_species_is_mended(entered: str, right: str) -> None:
    assert identifiers.taxon_id(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("P4Y", 4.0),
        ("P6M", 0.5),
        ("P1Y6M", 1.5),
        ("P0D", 0.0),
        ("P2W", 14 / 365.25),
        ("P1M1D", 1 / 12 + 1 / 365.25),
        ("P1.5Y", 1.5),
        ("P1,5Y", 1.5),
        ("PT24H", 1 / 365.25),
        ("p3y", 3.0),
    ],
)
def test_durations_are_read_in_years(entered: str, right: float) -> None:
    assert ages.years(entered) == pytest.approx(right)


@pytest.mark.parametrize(
    "entered", ["", "P", "PT", "4Y", "P4", "P-4Y", "P4YT", "P200Y", "four", "P٤Y"]
)
def test_what_is_no_duration_of_a_life_is_none(entered: str) -> None:
    assert ages.years(entered) is None


@pytest.mark.parametrize(
    "age, right", [(4.0, "P4Y"), (0.5, "P6M"), (1.5, "P1Y6M"), (0.0, "P0D")]
)
def test_durations_are_written_as_people_do(age: float, right: str) -> None:
    assert ages.duration(age) == right


@given(st.floats(0, 150))
def test_written_durations_are_read_back_without_loss(age: float) -> None:
    assert ages.years(ages.duration(age)) == age


@pytest.mark.parametrize(
    "weeks, right",
    [
        (8, "HP:0011460"),
        (11, "HP:0034199"),
        (13.9, "HP:0034199"),
        (14, "HP:0034198"),
        (27.9, "HP:0034198"),
        (28, "HP:0034197"),
    ],
)
def test_weeks_of_gestation_are_an_onset_term(weeks: float, right: str) -> None:
    assert ages.gestation_onset(weeks) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("GRCh37", "GRCh37"),
        ("GRCh37.p13", "GRCh37"),
        ("grch38", "GRCh38"),
        ("hg19", "GRCh37"),
        ("hg38", "GRCh38"),
        ("b37", "GRCh37"),
        ("37", "GRCh37"),
        ("hs37d5", "GRCh37"),
        ("NCBI36", "NCBI36"),
        ("hg18", "NCBI36"),
        ("T2T-CHM13v2.0", "T2T-CHM13v2.0"),
        ("", None),
    ],
)
def test_assemblies_have_one_name(entered: str, right: str | None) -> None:
    assert alleles.assembly(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("17", "17"),
        ("chr17", "17"),
        ("Chr07", "7"),
        ("chrX", "X"),
        ("x", "X"),
        ("23", "X"),
        ("24", "Y"),
        ("M", "MT"),
        ("MT", "MT"),
        ("chrM", "MT"),
        ("NC_000017.11", "17"),
        ("NC_000023.10", "X"),
        ("NC_012920.1", "MT"),
        ("GL000192.1", "GL000192.1"),
        ("", None),
    ],
)
def test_chromosomes_have_one_name(entered: str, right: str | None) -> None:
    assert alleles.chromosome(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [("a", "A"), (" Ac ", "AC"), ("-", None), (".", None), ("", None), ("<DEL>", None)],
)
def test_alleles_are_capital_bases(entered: str, right: str | None) -> None:
    assert alleles.bases(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("<DEL>", "SO:0000159"),
        ("DEL", "SO:0000159"),
        ("<DUP:TANDEM>", "SO:1000173"),
        ("<DEL:ME>", "SO:0000159"),
        ("<ODD>", "SO:0001785"),
        ("G]17:198982]", "SO:0001873"),
        ("ACGT", None),
        ("", None),
    ],
)
def test_symbolic_alleles_are_kinds_of_structural_variant(
    entered: str, right: str | None
) -> None:
    assert alleles.symbolic_type(entered) == right


@pytest.mark.parametrize(
    "entered, right",
    [
        ("1", Zygosity.HETEROZYGOUS),
        ("2", Zygosity.HOMOZYGOUS),
        ("Heterozygous", Zygosity.HETEROZYGOUS),
        ("GENO:0000134", Zygosity.HEMIZYGOUS),
        ("0", None),
        ("?", None),
    ],
)
def test_zygosity_is_read_from_numbers_words_and_ids(
    entered: str, right: Zygosity | None
) -> None:
    assert alleles.zygosity(entered) == right


@pytest.mark.parametrize(
    "value, right",
    [
        (True, True),
        ("yes", True),
        ("YES ", True),
        ("true", True),
        (1, True),
        (False, False),
        ("NO", False),
        ("no", False),
        (0, False),
        ("unknown", None),
        (None, None),
        ([], None),
        (2, None),
    ],
)
def test_truth_is_told_or_not_told(value: object, right: bool | None) -> None:
    assert flag(value) is right


@pytest.mark.parametrize(
    "href, right",
    [
        ("mailto:a@x.org,b@y.org", ("a@x.org", "b@y.org")),
        ("mailto:a@x.org; b@y.org", ("a@x.org", "b@y.org")),
        ("MAILTO:a@x.org?subject=Hello", ("a@x.org",)),
        ("a@x.org", ("a@x.org",)),
        ("mailto:a%40x.org", ("a@x.org",)),
        ("mailto:a@x.org,a@x.org", ("a@x.org",)),
        ("mailto:", ()),
        ("", ()),
        ("https://example.org", ()),
        ("mailto:a@x.org\nBcc: b@y.org", ()),
        ('mailto:"><script>@x', ()),
    ],
)
def test_mail_addresses_are_split_and_checked(
    href: str, right: tuple[str, ...]
) -> None:
    assert mail_addresses(href) == right


@pytest.mark.parametrize(
    "text, right",
    [
        ("https://example.org/records/2", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("http://[::1", False),
        ("example.org", False),
    ],
)
def test_only_web_addresses_may_be_opened(text: str, right: bool) -> None:
    assert is_web_address(text) is right


def fields(data: dict[str, object]) -> Fields:
    return Fields(data, CaseRecord(Report(), "test"))


def dropped(of: Fields) -> dict[str, int]:
    return dict(of.record.report.counts[Kind.DROPPED])


def test_names_are_found_in_either_spelling() -> None:
    found = fields({"phenotypic_features": [{}], "metaData": {"createdBy": "x"}})
    assert len(found.children("phenotypicFeatures")) == 1
    assert found.child("metaData").text("createdBy") == "x"


@pytest.mark.parametrize("value", [None, "", "missing"])
def test_nothing_is_nothing_of_every_type(value: object) -> None:
    found = fields({} if value == "missing" else {"name": value})
    assert found.text("name") == ""
    assert found.number("name") is None
    assert not found.child("name")
    assert found.children("name") == []
    assert found.term("name") == ("", "")
    assert dropped(found) == {}


@pytest.mark.parametrize("value", [True, [1], {"a": 1}, 10**30, float("inf")])
def test_text_of_the_wrong_type_is_dropped_and_told(value: object) -> None:
    found = fields({"name": value})
    assert found.text("name") == ""
    assert dropped(found) == {"name": 1}


@pytest.mark.parametrize("value", [True, [1], "many", "NaN", "1e999", float("nan")])
def test_number_of_the_wrong_type_is_dropped_and_told(value: object) -> None:
    found = fields({"name": value})
    assert found.number("name") is None
    assert dropped(found) == {"name": 1}


def test_numbers_may_be_text_and_text_may_be_a_number() -> None:
    found = fields({"a": "12.5", "b": 12, "c": 12.0, "d": 1.5})
    assert found.number("a") == 12.5
    assert (found.text("b"), found.text("c"), found.text("d")) == ("12", "12", "1.5")


def test_items_of_the_wrong_type_are_dropped_and_nulls_passed_over() -> None:
    found = fields({"list": [None, {"a": 1}, "text", 3], "object": 3})
    assert [child.data for child in found.children("list")] == [{"a": 1}]
    assert not found.child("object")
    assert dropped(found) == {"list": 2, "object": 1}


def test_a_list_of_the_wrong_type_is_dropped_and_told() -> None:
    found = fields({"list": {"a": 1}})
    assert found.items("list") == []
    assert dropped(found) == {"list": 1}


def test_unknown_names_are_counted_where_they_hold_anything() -> None:
    found = fields({"known_name": 1, "other": 2, "_mark": 3, "empty": [], "null": None})
    found.ignore_but(frozenset({"knownName"}))
    assert dropped(found) == {"other": 1, "_mark": 1}


def test_control_characters_are_taken_out_of_text() -> None:
    assert fields({"name": " a\x00\x1b[2Jb\n"}).text("name") == "a[2Jb"


def test_a_list_is_read_up_to_a_limit_and_the_rest_told() -> None:
    found = fields({"list": [{}] * 5_001})
    assert len(found.children("list")) == 5_000
    assert "Of 5,001 list only 5,000 were read" in found.record.report.warnings[0]
    assert len(found.children("list", unlimited=True)) == 5_001


def test_endless_text_is_dropped_and_told() -> None:
    found = fields({"name": "x" * 100_001})
    assert found.text("name") == ""
    assert dropped(found) == {"name": 1}


def test_many_unknown_names_are_counted_together() -> None:
    found = fields({f"name{number}": number for number in range(500)})
    found.ignore_but(frozenset())
    assert dropped(found) == {"others": 500}


@pytest.mark.parametrize(
    "case_id, reason", [("", "has no id"), ("x" * 256, "256 characters")]
)
def test_case_id_must_be_there_and_short(case_id: str, reason: str) -> None:
    assert identifiers.checked_id("x" * 255, "patient") == "x" * 255
    with pytest.raises(MalformedCase, match=reason):
        identifiers.checked_id(case_id, "patient")


@pytest.mark.parametrize(
    "case_id",
    ["a\n=1+1", "a\rb", "a\tb", "a\0b", "\x9b31m", "\u202etxt", "a\u200bb", "a\xa0b"],
)
@pytest.mark.parametrize("data", [{"features": []}, {"phenotypicFeatures": []}])
def test_unprintable_id_is_refused_by_name(
    case_id: str, data: dict[str, object]
) -> None:
    with pytest.raises(MalformedCase, match="cannot be printed") as caught:
        list(cases_in({**data, "id": case_id}, Report(), "test"))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("case_id", ["Müller 日本 #1;=@", "😀", " a b "])
def test_printable_id_is_kept(case_id: str) -> None:
    (case,) = cases_in({"id": case_id, "features": []}, Report(), "test")
    assert case.case_id == case_id.strip()


def test_subject_id_that_serves_the_packet_is_checked_as_well() -> None:
    packet = {"subject": {"id": "a\0b"}, "phenotypicFeatures": []}
    with pytest.raises(MalformedCase, match="cannot be printed"):
        list(cases_in(packet, Report(), "test"))


def test_text_made_printable_keeps_its_words() -> None:
    assert printable("Fièvre 日本") == "Fièvre 日本"
    assert printable("a\nb\xa0c\x9bd\u202ee") == "a b c\ufffdd\ufffde"
