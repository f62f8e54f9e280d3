"""What every page carries, and the pages that explain."""

from __future__ import annotations

import re

import pytest

from ..conftest import Cast, case_of

OPEN_PAGES = ["/log-in", "/how-a-score-is-made", "/keyboard", "/exchange"]
PAGES = [
    "/",
    "/site",
    "/account",
    "/cases/new",
    "/cases/NORTH-1",
    "/cases/NORTH-1/edit",
]
PAGES += ["/cases/NORTH-1/matches", "/cases/NORTH-1/matches/NORTH-2", *OPEN_PAGES[1:]]


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_explaining_pages_need_no_log_in(cast: Cast, path: str) -> None:
    assert cast["nobody"].get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_what_its_answers_rest_on(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))

    page = cast["alice"].get(path).text

    assert re.search(
        r"Secondcase [\d.]+ · HPO 2026-06-06 · annotations 2026-06-06 · genes 2026-06-20 · "
        "calibration [0-9a-f]{8} · HPO is used unaltered under its licence",
        page,
    )


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_style_or_script(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))

    page = cast["alice"].get(path).text

    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", page
    )


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))
    page = cast["alice"].get(path).text

    links = set(re.findall(r'(?:href|src)="(/[^"#]*)"', page))
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    fragments = set(re.findall(r'<a[^>]*href="#([^"]+)"', page))

    assert [
        link for link in sorted(links) if cast["alice"].get(link).status_code != 200
    ] == []
    assert fragments <= ids


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_first_heading(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))

    assert cast["alice"].get(path).text.count("<h1") == 1


def test_score_page_names_the_release(cast: Cast) -> None:
    page = cast["nobody"].get("/how-a-score-is-made").text

    assert cast.app.extensions["secondcase"].current.release.release_id in page


def test_warm_service_answers_the_first_search_at_once(cast: Cast) -> None:
    service = cast.app.extensions["secondcase"].current

    with cast.app.app_context():
        service.warm()

    assert "lookup" in vars(service.release)


@pytest.mark.parametrize(
    "path",
    [
        "/static/base.css",
        "/static/combobox.js",
        "/bootstrap/static/css/bootstrap.min.css",
    ],
)
def test_files_may_be_kept_by_a_browser(cast: Cast, path: str) -> None:
    answer = cast["alice"].get(path)

    assert "max-age=3600" in answer.headers["Cache-Control"]
