"""`secondcase demo`: three sites that ask each other."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.calibration import Calibration
from matcher.storage.store import CaseStore
from ontologies import Release
from web.accounts import Accounts, Passwords
from web.cli.running.demo import PERSON, SITES, Site, demo_sites, filled
from web.db import open_database
from web.mme.answering.asked import KEYS
from web.mme.asking.answers import State
from web.mme.asking.asker import Asked, Asker
from web.mme.nodes import Nodes


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    with contextlib.ExitStack() as listening:
        found = demo_sites(tmp_path / "demo", 0)
        for site in found:
            listening.enter_context(site.listening)
        yield found


def asked(
    directory: Path, release: Release, calibration: Calibration
) -> dict[str, Asked]:
    """What the peers of a site say of one of its cases."""
    with contextlib.closing(open_database(directory / "secondcase.db")) as db:
        asker = Asker(db, release, calibration)
        return {each.node.name: each for each in asker.ask("NORTH-13", by=PERSON)}


def peers(site: Site) -> dict[str, str]:
    """The peers that a site can ask, and where."""
    with contextlib.closing(open_database(site.settings.database)) as db:
        return {node.name: node.address for node in Nodes(db) if node.is_asked}


def cases(site: Site) -> set[str]:
    with CaseStore.open(site.settings.database) as store:
        return {stored.case.case_id.partition("-")[0] for stored in store.cases()}


def test_each_site_has_its_own_cases_and_knows_the_two_others(
    sites: list[Site], tmp_path: Path, release: Release
) -> None:
    password = filled(sites, tmp_path / "log-in.txt", release)

    assert [cases(site) for site in sites] == [{name.upper()} for name in SITES]
    addresses = {site.name: site.address for site in sites}
    for site in sites:
        others = {name: at for name, at in addresses.items() if name != site.name}
        assert peers(site) == others
        with contextlib.closing(open_database(site.settings.database)) as db:
            found = Accounts(db, Passwords()).log_in(
                PERSON, password, address="127.0.0.1"
            )
        assert found.person.site == site.name


def test_second_start_keeps_cases_and_tokens_and_follows_the_ports(
    sites: list[Site], tmp_path: Path, release: Release
) -> None:
    first = filled(sites, tmp_path / "log-in.txt", release)
    tokens = [given(site) for site in sites]
    with contextlib.ExitStack() as listening:
        # The ports of the first start are still taken.
        again = demo_sites(tmp_path / "demo", 0)
        for site in again:
            listening.enter_context(site.listening)

        assert filled(again, tmp_path / "log-in.txt", release) == first

        assert [given(site) for site in again] == tokens
        assert peers(again[0]) == {site.name: site.address for site in again[1:]}
        assert {site.address for site in again}.isdisjoint(
            site.address for site in sites
        )


def given(site: Site) -> list[str]:
    """When each token was made that peers of the site may show."""
    with contextlib.closing(open_database(site.settings.database)) as db:
        nodes = Nodes(db)
        return [each.created_at for node in nodes for each in nodes.tokens(node)]


def test_introduction_that_was_interrupted_is_done_again(
    sites: list[Site], tmp_path: Path, release: Release
) -> None:
    filled(sites, tmp_path / "log-in.txt", release)
    with contextlib.closing(open_database(sites[0].settings.database)) as db:
        Nodes(db).forget_outbound_token("Island")

    filled(sites, tmp_path / "log-in.txt", release)

    assert peers(sites[0]) == {site.name: site.address for site in sites[1:]}
    with contextlib.closing(open_database(sites[2].settings.database)) as db:
        nodes = Nodes(db)
        tokens = nodes.tokens(nodes.get("North"))
    assert [each.revoked_at is None for each in tokens] == [False, True]


class Demo:
    """The demonstration as it is started, and where its sites are."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "demo", "--port", str(port)],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        said = ""
        while "simulated" not in said:
            line = self.process.stderr.readline()
            assert line, said
            said += line
        self.sites = dict(re.findall(r"^(\w+) +(http://\S+)$", said, re.M))

    def status(self, address: str) -> int:
        # Who starts yet answers as well, a little later.
        with urllib.request.urlopen(f"{address}/log-in", timeout=60) as page:
            status: int = page.status
            return status

    def end(self, number: int) -> tuple[int, str]:
        """The status of the command, and what is said until the last process has ended."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said


@pytest.fixture
def demo(home: Path) -> Iterator[Demo]:
    started = Demo()
    yield started
    started.process.kill()
    started.process.communicate()


def wishes_known(home: Path) -> dict[str, set[tuple[str, ...]]]:
    """The keys of `_query` that the peers of each site are known to understand."""
    found = {}
    for name in SITES:
        database = home / "demo" / name.lower() / "secondcase.db"
        with contextlib.closing(open_database(database)) as db:
            found[name] = {node.quirks.query_keys for node in Nodes(db)}
    return found


def test_a_case_of_one_site_is_answered_by_the_two_others(
    demo: Demo, home: Path, release: Release, calibration: Calibration
) -> None:
    assert list(demo.sites) == list(SITES)
    assert [demo.status(address) for address in demo.sites.values()] == [200] * 3

    found = asked(home / "demo" / "north", release, calibration)

    assert {name: each.state for name, each in found.items()} == {
        "Harbour": State.ANSWERED,
        "Island": State.ANSWERED,
    }
    assert all("simulated" in each.disclaimer for each in found.values())
    # Each finds out what the others understand, in its own time.
    deadline = time.monotonic() + 60
    while (known := wishes_known(home)) != {name: {KEYS} for name in SITES}:
        assert time.monotonic() < deadline, known
        demo.status(demo.sites[SITES[0]])


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 0, "Ended.\n"),
        (signal.SIGTERM, 0, "Ended.\n"),
        # Nothing of the command itself could end the others then.
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_all_sites_end_with_the_command(
    demo: Demo, number: int, status: int, said: str
) -> None:
    for address in demo.sites.values():
        demo.status(address)

    assert demo.end(number) == (status, said)

    for address in demo.sites.values():
        with pytest.raises(OSError):
            demo.status(address)
