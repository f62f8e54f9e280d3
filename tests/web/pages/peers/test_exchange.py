"""Everybody may read the numbers of a node, and none of them points at a person."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

import pytest

from matcher.case import Sharing
from web.db import open_database
from web.mme.metrics import EXTENSION, BeingCounted, MetricsDesk
from web.mme.nodes import Nodes
from web.mme.nodes.register import Description

from ...conftest import Cast, case_of

pytestmark = pytest.mark.usefixtures("everybody_agreed")

SHARED = Sharing.EXCHANGE_2


def numbers(cast: Cast) -> dict[str, str]:
    page = cast["nobody"].get("/exchange").text
    cells = r'<th scope="row"[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td>'
    return dict(re.findall(cells, page))


def share(cast: Cast, count: int) -> None:
    for number in range(count):
        cast.put(case_of(f"NORTH-{number}", sharing=SHARED))


def test_numbers_are_told_to_everybody(cast: Cast) -> None:
    share(cast, 6)
    cast.put(case_of("NORTH-own", sharing=Sharing.NETWORK))
    cast.put(replace(case_of("NORTH-test", sharing=SHARED), test=True))

    told = numbers(cast)

    assert told["Cases"] == "6"
    assert told["Observed features"] == "24"
    assert told["Observed features of a case, on average"] == "4"
    assert told["Cases with a diagnosis"] == "0"


def test_small_counts_are_left_vague(cast: Cast) -> None:
    share(cast, 6)

    told = numbers(cast)

    assert told["People who entered them"] == "fewer than 5"
    assert told["Different observed features"] == "fewer than 5"
    assert told["Different candidate genes"] == "fewer than 5"


def test_peers_with_a_token_are_told_the_numbers_as_they_are(cast: Cast) -> None:
    share(cast, 2)
    with contextlib.closing(open_database(cast.settings.database)) as db:
        headers = {"X-Auth-Token": Nodes(db).add("Island")}

    told = cast.app.test_client().get("/metrics", headers=headers).get_json(force=True)

    assert told["metrics"]["numberOfCases"] == 2
    assert told["metrics"]["numberOfUniqueFeatures"] == 4
    assert numbers(cast)["Cases"] == "fewer than 5"


def test_a_mean_does_not_tell_what_its_count_does_not(cast: Cast) -> None:
    share(cast, 2)
    for number in range(2, 6):
        cast.put(case_of(f"NORTH-{number}", sharing=SHARED, genes=()))

    told = numbers(cast)

    assert told["Candidate genes"] == "fewer than 5"
    assert told["Candidate genes of a case, on average"] == "not told"


@pytest.mark.parametrize("count", [1, 4])
def test_of_very_few_cases_nothing_else_is_told(cast: Cast, count: int) -> None:
    share(cast, count)

    told = numbers(cast)
    traffic = {"Requests from peers", "Possible matches sent to them"}
    traffic |= {"Different genes in common with a request", "Cases"}

    assert told["Cases"] == "fewer than 5"
    assert {told[name] for name in told.keys() - traffic} == {"not told"}


def test_numbers_are_those_of_an_hour(cast: Cast) -> None:
    share(cast, 5)
    assert numbers(cast)["Cases"] == "5"
    cast.put(case_of("NORTH-5", sharing=SHARED))

    assert numbers(cast)["Cases"] == "5"
    del cast.app.extensions[EXTENSION]
    assert numbers(cast)["Cases"] == "6"


def test_page_shows_disclaimer_and_terms_as_text(cast: Cast) -> None:
    service = cast.app.extensions["secondcase"].current
    said = replace(
        service.settings, disclaimer="In <b>good</b> faith", terms="Ask first"
    )
    cast.app.extensions["secondcase"] = replace(service, settings=said)

    page = cast["nobody"].get("/exchange").text

    assert "In &lt;b&gt;good&lt;/b&gt; faith" in page and "Ask first" in page


def test_a_browser_at_the_metrics_of_programs_is_led_to_the_page(cast: Cast) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    answer = cast.app.test_client().get("/metrics", headers=browser)

    assert answer.status_code == 303 and answer.headers["Location"] == "/exchange"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "text/html", "X-Auth-Token": "wrong"},
    ],
)
def test_a_program_without_a_good_token_gets_no_page(
    cast: Cast, headers: dict[str, str]
) -> None:
    answer = cast.app.test_client().get("/metrics", headers=headers)

    assert answer.status_code == 401 and answer.get_json()["message"]


@pytest.mark.parametrize("path", ["/exchange", "/metrics"])
def test_numbers_that_are_being_counted_are_to_be_asked_for_again(
    cast: Cast, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise BeingCounted

    monkeypatch.setattr(MetricsDesk, "current", busy)
    with contextlib.closing(open_database(cast.settings.database)) as db:
        token = Nodes(db).add("Island")

    answer = cast.app.test_client().get(path, headers={"X-Auth-Token": token})

    assert answer.status_code == 503 and answer.headers["Retry-After"] == "10"


def test_disclaimers_and_terms_of_peers_are_posted_for_everybody(cast: Cast) -> None:
    with contextlib.closing(open_database(cast.settings.database)) as db:
        said = {
            "disclaimer": "No <b>second</b> use.",
            "terms": "https://i.example/terms",
        }
        Nodes(db).add("Island", Description(**said))
        Nodes(db).add("Moor", Description(disclaimer="of a revoked peer"))
        Nodes(db).revoke("Moor")

    told = cast["nobody"].get("/exchange").text

    assert "No &lt;b&gt;second&lt;/b&gt; use." in told
    assert "https://i.example/terms" in told
    assert "of a revoked peer" not in told


def test_without_peers_that_is_said(cast: Cast) -> None:
    assert "No peer is connected" in cast["nobody"].get("/exchange").text
