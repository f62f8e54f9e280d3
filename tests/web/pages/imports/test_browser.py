"""A real Chromium: a FHIR bundle, a table, and genes from a VCF brought in."""

from __future__ import annotations

from playwright.sync_api import Page, expect
import pytest

from matcher.case import Case

from ....matcher.readers.test_vcf import MISSENSE, row, vcf
from ...browsing import SIZES, Visit, overflow, violations, visit
from ...conftest import OLIGODONTIA, PHF14, SEIZURE, WIDE_MOUTH, Cast
from ..test_browser import base
from .test_imports import PEDIGREE, TABLE, bundle

pytestmark = pytest.mark.browser
__all__ = ["base", "visit"]


def choose(page: Page, label: str, name: str, data: str | bytes) -> None:
    content = data.encode() if isinstance(data, str) else data
    page.get_by_label(label).set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def bring(visit: Visit, name: str, data: str) -> None:
    visit.page.get_by_role("link", name="My cases").click()
    visit.page.get_by_role("link", name="Import").click()
    check(visit)
    choose(visit.page, "Choose it", name, data)
    visit.page.get_by_role("button", name="Read the file").click()


def check(visit: Visit) -> None:
    """Nothing for axe to say, and nothing that scrolls sideways."""
    assert violations(visit.page) == []
    assert overflow(visit.page) == 0


def latest(cast: Cast) -> Case:
    with cast.store() as store:
        return max(store.cases(site="North"), key=lambda each: each.revision).case


@SIZES
def test_a_bundle_and_a_table_are_imported(visit: Visit, cast: Cast) -> None:
    visit.log_in()
    page = visit.page
    bring(visit, "bundle.json", bundle())
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "One case in the file, one guess to confirm"
    )
    check(visit)
    page.get_by_role("checkbox", name="Floppy infant").check()
    page.get_by_role("button", name="Save the ticked cases").click()
    expect(page.get_by_role("status")).to_contain_text("One case saved")
    assert latest(cast).observed == (SEIZURE, OLIGODONTIA, WIDE_MOUTH, "HP:0008947")

    bring(visit, "cases.csv", TABLE)
    expect(page.get_by_label("What hpo holds")).to_have_value("observed features")
    check(visit)
    page.get_by_role("button", name="Read the cases").click()
    check(visit)
    page.get_by_role("button", name="Save the ticked cases").click()
    expect(page.get_by_role("status")).to_contain_text("One case saved")
    assert latest(cast).observed == (SEIZURE, WIDE_MOUTH)
    assert visit.complaints == []


@SIZES
def test_a_family_and_genes_of_a_vcf_are_added(visit: Visit, cast: Cast) -> None:
    visit.log_in()
    page = visit.page
    bring(visit, "family.ped", PEDIGREE)
    check(visit)
    page.get_by_role("radio", name="kid").check()
    page.get_by_role("button", name="Save the family").click()
    page.get_by_role("link", name="Add genes from a VCF or list").click()
    check(visit)
    page.get_by_label("Genes", exact=True).fill("PHF14 ASP")
    choose(page, "VCF, plain or gz", "child.vcf", vcf(row(MISSENSE)))
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Which of these belong to the case?"
    )
    check(visit)
    page.get_by_role("checkbox", name="PHF14").check()
    page.get_by_role("button", name="Add what is ticked").click()
    expect(page.get_by_role("status")).to_contain_text("One gene or variant added")

    assert latest(cast).genes == (PHF14,) and latest(cast).family == "F7"
    assert visit.complaints == []
