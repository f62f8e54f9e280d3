"""`secondcase demo`: three sites as three nodes on this machine, peers of each other."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import click

from matcher.case import Case, Sharing
from matcher.simulation import demonstration_cases
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from ontologies.library import data_directory
from web import create_app
from web.accounts import Accounts, Passwords, Role
from web.cli.ontology.library import release_ready
from web.cli.running.service import application
from web.cli.running.serving import answer_until_ended, bound, listen
from web.config import Settings, load_settings
from web.db import open_database
from web.mme.asking.probing.prober import probed
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description
from web.service import chosen_calibration

PERSON = "demo"
SITES = ("North", "Harbour", "Island")
CASES_A_SITE = 60
# Whoever tries everything out asks more often than a peer does.
DAILY_BUDGET = 1_000_000
GRACE_SECONDS = 15.0
# As long as a site may take from its start to its first answer.
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Site:
    """One of the three: its settings, and where its requests come from now on."""

    settings: Settings
    listening: socket.socket

    @property
    def name(self) -> str:
        """What it is called, also by its peers."""
        return self.settings.site_name

    @property
    def address(self) -> str:
        """Where people and peers reach it."""
        return self.settings.site_url


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Another port than 8000.")
def demo(port: int | None) -> None:
    """Fetch what is needed, and start three sites with simulated cases, each a peer of the others.

    The first is at port 8000, the others at the next two or, where these are taken, at free
    ones. Each has a database of its own, so nothing of it stands among real cases.
    """
    release = release_ready()
    folder = data_directory() / "demo"
    with ExitStack() as sockets:
        sites = demo_sites(folder, port)
        for site in sites:
            sockets.enter_context(site.listening)
        password = filled(sites, folder / "log-in.txt", release)
        first, *others = sites
        listen(
            application(first.settings, release),
            first.settings,
            greeting(sites, password),
            listening=first.listening,
            beside=joined(sites, release),
        )


def greeting(sites: Sequence[Site], password: str) -> str:
    """Where the sites are, and how to get in."""
    lines = [f"{site.name:8} [bold]{site.address}[/]" for site in sites]
    return "\n".join(
        [
            *lines,
            f"Log in at each as [bold]{PERSON}[/] with the password [bold]{password}[/]",
            "Every case in them is simulated. A case that is shared with the exchange can be "
            "asked about at the other two.",
        ]
    )


def demo_sites(folder: Path, port: int | None = None) -> list[Site]:
    """The sites, listening: what is asked of one that starts yet waits for it."""
    first = _site(SITES[0], folder, port)
    after = range(first.settings.port + 1, first.settings.port + len(SITES))
    others = [_site_near(name, folder, at) for name, at in zip(SITES[1:], after)]
    return [first, *others]


def _site(name: str, folder: Path, port: int | None) -> Site:
    """A site at this port, or at that of the settings. Port 0 is any that is free."""
    directory = folder / name.lower()
    directory.mkdir(parents=True, exist_ok=True)
    loaded = load_settings(directory=directory)
    settings = replace(
        loaded,
        site_name=name,
        disclaimer=f"Every case of {name} is simulated; nobody stands behind it.",
        # This machine alone, whatever the settings say of the real site.
        host="127.0.0.1",
        port=loaded.port if port is None else port,
        public_url=None,
        mail_host=None,
        processes=1,
        # Sixty cases would be asked about at the first start, before anybody looks.
        standing_days=0,
    )
    listening = bound(settings)
    return Site(replace(settings, port=listening.getsockname()[1]), listening)


def _site_near(name: str, folder: Path, port: int) -> Site:
    """A site at this port or, if that is taken, at a free one."""
    try:
        return _site(name, folder, port)
    except (click.ClickException, OverflowError):
        return _site(name, folder, 0)


def filled(sites: Sequence[Site], log_in: Path, release: Release) -> str:
    """Fill sites that are new, and let all of them know each other; the password of all."""
    password = _password(log_in)
    with ExitStack() as opened:
        books: dict[str, Database] = {
            site.name: opened.enter_context(
                closing(open_database(site.settings.database))
            )
            for site in sites
        }
        new = [
            name for name, db in books.items() if not Accounts(db, Passwords()).people()
        ]
        cases = demonstration_cases(release, per_site=CASES_A_SITE) if new else []
        for name in new:
            _fill(books[name], name, cases, password)
        for one, other in permutations(sites, 2):
            _introduce(one, books[one.name], other, books[other.name])
    return password


def _password(kept: Path) -> str:
    """The password of the log-ins, made at the first start."""
    if kept.exists():
        return kept.read_text("utf-8").strip()
    password = secrets.token_urlsafe(12)
    kept.touch(mode=0o600)
    kept.write_text(password + "\n", "utf-8")
    return password


def _fill(db: Database, name: str, cases: Sequence[Case], password: str) -> None:
    """The cases of a site, shared with its peers, and the person whom they belong to.

    The person comes last, so that what was interrupted is done again.
    """
    own = (
        replace(case, submitter=PERSON, sharing=Sharing.EXCHANGE_1)
        for case in cases
        if case.site == name
    )
    CaseStore(db).put_many(own, actor="demonstration")
    email = f"{PERSON}@{name.lower()}.example"
    Accounts(db, Passwords()).add(PERSON, password, roles=Role, site=name, email=email)


def _introduce(one: Site, ours: Database, other: Site, theirs: Database) -> None:
    """Let one site ask another: where that is now, and a token of its giving."""
    nodes = Nodes(ours)
    known: Mapping[str, object] = {node.name: node for node in nodes}
    if other.name not in known:
        nodes.add(other.name)
    is_asked = nodes.get(other.name).is_asked
    described = Description(
        address=other.address,
        contact=f"{PERSON}@{other.name.lower()}.example",
        disclaimer=other.settings.disclaimer,
        daily_budget=DAILY_BUDGET,
        allow_private=True,
        outbound_token=None if is_asked else _token_for(Nodes(theirs), one.name),
    )
    node = nodes.set(other.name, described)
    breaker = Breaker(ours)
    # It did not answer while the demonstration was not running.
    breaker.close(node.node_id)
    breaker.has_cases(node.node_id, CaseStore(theirs).count())


def _token_for(nodes: Nodes, name: str) -> str:
    """A token that the peer of this name may show, and no other."""
    if name not in {node.name for node in nodes}:
        return nodes.add(name)
    nodes.revoke_old(name)
    token = nodes.rotate(name)
    nodes.revoke_old(name)
    return token


@contextmanager
def joined(sites: Sequence[Site], release: Release) -> Iterator[None]:
    """Let the other sites run meanwhile, and each find out what its peers understand."""
    with running(sites[1:]):
        threading.Thread(
            target=acquaint, args=(sites, release), name="acquainting", daemon=True
        ).start()
        yield


def acquaint(sites: Sequence[Site], release: Release) -> None:
    """Probe every peer of which its site does not know yet what may be asked for."""
    for one, other in permutations(sites, 2):
        with closing(open_database(one.settings.database)) as db:
            if not Nodes(db).get(other.name).quirks.query_keys:
                probed(db, other.name, release, by=PERSON, seconds=START_SECONDS)


@contextmanager
def running(sites: Sequence[Site]) -> Iterator[None]:
    """Let each site run in a process of its own meanwhile."""
    spawning = multiprocessing.get_context("spawn")
    processes = [
        spawning.Process(
            target=run_site, args=(site.settings, site.listening), daemon=True
        )
        for site in sites
    ]
    try:
        with _keyboard_ignored():
            for process in processes:
                process.start()
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(GRACE_SECONDS)
            if process.is_alive():
                process.kill()


@contextmanager
def _keyboard_ignored() -> Iterator[None]:
    """What starts meanwhile takes no Ctrl-C: who started it ends it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_site(settings: Settings, listening: socket.socket) -> None:
    """Run a site in a process that ends with the one that started it, whatever ends that."""
    threading.Thread(
        target=_end_with_parent, name="parent-watcher", daemon=True
    ).start()
    release = open_release()
    calibration = chosen_calibration(settings, release)
    app = create_app(settings, release=release, calibration=calibration)
    answer_until_ended(app, settings, listening=listening)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
