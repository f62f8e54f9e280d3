"""The disclaimer and the terms of a node go out where the protocol has room for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matcher import __version__
from matcher.case import Sharing
from ontologies import Release

from ..answering.test_server import TERMS, VENDOR, Site, case, patient, running

DISCLAIMER = "Nothing here is medical advice — ask."
SAID = {"disclaimer": DISCLAIMER, "terms": "https://north.example/terms"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("notices")
    settings = "".join(f'{name} = "{text}"\n' for name, text in SAID.items())
    (folder / "settings.toml").write_text(settings, "utf-8")
    with running(folder, release, [case("a", Sharing.EXCHANGE_1)]) as site:
        yield site


def notices(body: dict[str, object]) -> dict[str, object]:
    return {key: body[key] for key in SAID if key in body}


@pytest.mark.parametrize("minor, said", [(0, {}), (1, SAID)])
@pytest.mark.parametrize("terms", [TERMS, TERMS[:1]])
def test_answers_of_1_1_carry_them(
    site: Site, minor: int, said: dict[str, str], terms: tuple[str, ...]
) -> None:
    version = VENDOR.replace("1.0", f"1.{minor}")

    answer = site.post(patient(*terms), **{"Content-Type": version, "Accept": version})

    assert notices(answer.json()) == said


@pytest.mark.parametrize("path", ["/heartbeat", "/metrics"])
def test_heartbeat_and_metrics_carry_them(site: Site, path: str) -> None:
    assert notices(site.get(path).json()) == SAID


def test_heartbeat_names_the_software_and_whether_it_is_reached_from_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, site: Site, release: Release
) -> None:
    folder = tmp_path_factory.mktemp("public")
    hosts = 'trusted_hosts = ["cases.hospital.example", "127.0.0.1"]\n'
    (folder / "settings.toml").write_text(hosts, "utf-8")
    with running(folder, release, []) as public:
        elsewhere = public.get("/heartbeat").json()["heartbeat"]
    here = site.get("/heartbeat").json()["heartbeat"]

    assert (elsewhere["production"], here["production"]) == (True, False)
    assert here["version"] == __version__


def test_a_node_without_any_says_nothing(
    tmp_path_factory: pytest.TempPathFactory, release: Release
) -> None:
    with running(tmp_path_factory.mktemp("silent"), release, []) as site:
        assert notices(site.get("/heartbeat").json()) == {}
