from __future__ import annotations

import hashlib
import os
import socket
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ontologies.files import fetching
from ontologies.errors import FetchFailed
from ontologies.files.fetching import Fetcher, Origin, fetch
from ontologies.files.sources import Kind, Source

CONTENT = b"format-version: 1.2\n" * 10_000


class Publisher:
    """A loopback host that serves `files` and counts what it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []


@pytest.fixture
def publisher():
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            publisher.asked.append(self.path)
            content = publisher.files.get(self.path)
            self.send_response(200 if content else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    yield publisher
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def nowhere():
    """The address of a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The only place where pip finds packages."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return shelf


def put_wheel(shelf, **members):
    path = shelf / "shipped-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            "shipped-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: shipped\nVersion: 1.0\n",
        )
        wheel.writestr(
            "shipped-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("shipped-1.0.dist-info/RECORD", "")
        for name, content in members.items():
            wheel.writestr(f"shipped/{name}", content)
    return path


def make_source(address, content=CONTENT, name="hp", **changes):
    facts = {
        "name": name,
        "kind": Kind.HPO,
        "file": f"{name}.obo",
        "release": "2026-06-06",
        "licence": "hpo",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "address": f"{address}/{name}.obo",
        "package": "shipped==1.0",
        "member": f"shipped/{name}",
    }
    return Source(**{**facts, **changes})


def test_file_comes_from_the_publisher_and_is_kept(publisher, tmp_path):
    publisher.files["/hp.obo"] = CONTENT
    seen = []
    source = make_source(publisher.address)
    fetched = fetch(source, tmp_path / "data", lambda *step: seen.append(step))
    assert fetched.origin is Origin.PUBLISHER
    assert fetched.path == source.path(tmp_path / "data")
    assert fetched.path.read_bytes() == CONTENT
    assert seen[-1] == ("hp.obo 2026-06-06", len(CONTENT), len(CONTENT))
    assert f"hp.obo from {source.host}" in {task for task, _, _ in seen}


def test_file_on_the_disk_is_not_fetched_again(publisher, tmp_path):
    publisher.files["/hp.obo"] = CONTENT
    source = make_source(publisher.address)
    fetch(source, tmp_path)
    assert fetch(source, tmp_path).origin is Origin.DISK
    assert publisher.asked == ["/hp.obo"]


def test_leftovers_of_a_killed_process_are_swept_up(tmp_path):
    (tmp_path / ".fetching-x").mkdir()
    with Fetcher(tmp_path):
        assert not (tmp_path / ".fetching-x").exists()


def test_what_another_process_is_fetching_is_left_alone(tmp_path):
    with Fetcher(tmp_path):
        (at_work,) = tmp_path.glob(".fetching-*")
        with Fetcher(tmp_path):
            assert at_work.exists()
            assert len(list(tmp_path.glob(".fetching-*"))) == 2
        assert list(tmp_path.glob(".fetching-*")) == [at_work]


def test_damaged_file_on_the_disk_is_named_and_replaced(publisher, tmp_path):
    publisher.files["/hp.obo"] = CONTENT
    source = make_source(publisher.address)
    path = source.path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:-1])
    fetched = fetch(source, tmp_path)
    assert fetched.origin is Origin.PUBLISHER
    assert "wrong content" in str(fetched.attempts[0])
    assert path.read_bytes() == CONTENT


def test_wrong_content_is_refused_by_name_and_the_package_serves(
    publisher, shelf, tmp_path
):
    wrong = CONTENT.replace(b"1.2", b"1.4")
    publisher.files["/hp.obo"] = wrong
    put_wheel(shelf, hp=CONTENT)
    fetched = fetch(make_source(publisher.address), tmp_path)
    assert fetched.origin is Origin.PACKAGE
    assert fetched.path.read_bytes() == CONTENT
    assert hashlib.sha256(wrong).hexdigest() in str(fetched)
    assert str(fetched).startswith("hp.obo 2026-06-06: package shipped==1.0")


def test_file_longer_than_its_pin_is_not_read_to_its_end(publisher, shelf, tmp_path):
    publisher.files["/hp.obo"] = CONTENT * 10
    with pytest.raises(FetchFailed, match="longer than the 200000 bytes it may have"):
        fetch(make_source(publisher.address), tmp_path)


def test_silent_host_is_asked_once_and_the_package_is_downloaded_once(
    nowhere, shelf, tmp_path
):
    put_wheel(shelf, hp=CONTENT, hpoa=b"rows")
    seen = []
    with Fetcher(tmp_path, lambda *step: seen.append(step)) as fetcher:
        first = fetcher.fetch(make_source(nowhere))
        second = fetcher.fetch(make_source(nowhere, b"rows", "hpoa"))
    assert "the host did not answer" in first.attempts[0].problem
    assert "not tried again" in second.attempts[0].problem
    assert second.path.read_bytes() == b"rows"
    assert seen.count(("package shipped==1.0", 0, 0)) == 1


def test_name_server_that_says_nothing_costs_only_the_time_allowed(
    shelf, tmp_path, monkeypatch
):
    ended = threading.Event()
    monkeypatch.setattr(fetching, "_CONNECT_SECONDS", 0.01)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [ended.wait(60)])
    monkeypatch.setattr("urllib.request.getproxies", dict)
    put_wheel(shelf, hp=CONTENT)
    fetched = fetch(make_source("https://ontology.invalid"), tmp_path)
    ended.set()
    assert fetched.attempts[0].problem == "the host is not known here"


def test_name_that_the_name_server_refuses_is_not_known(monkeypatch):
    def refuse(*_):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert not fetching._name_resolves("ontology.invalid")


def test_download_that_takes_too_long_is_given_up(
    publisher, shelf, tmp_path, monkeypatch
):
    monkeypatch.setattr(fetching, "_FILE_SECONDS", -1)
    monkeypatch.setattr(fetching, "_PACKAGE_SECONDS", 0)
    publisher.files["/hp.obo"] = CONTENT
    with pytest.raises(FetchFailed, match="it took more than -1 s") as caught:
        fetch(make_source(publisher.address), tmp_path)
    assert "pip took more than 0 s" in str(caught.value)


def test_behind_a_proxy_the_name_need_not_resolve(monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://proxy"})
    assert fetching._name_resolves("ontology.invalid")


def test_file_that_the_publisher_has_replaced_is_not_asked_for(
    publisher, shelf, tmp_path
):
    put_wheel(shelf, hp=CONTENT)
    fetched = fetch(make_source(publisher.address, rolling=True), tmp_path)
    assert fetched.origin is Origin.PACKAGE
    assert publisher.asked == []


def test_failure_lists_every_attempt(publisher, shelf, tmp_path):
    with pytest.raises(FetchFailed) as caught:
        fetch(make_source(publisher.address), tmp_path)
    publisher_line, package_line = str(caught.value).splitlines()[1:]
    assert "official address" in publisher_line and "404" in publisher_line
    assert "package shipped==1.0: pip could not download it" in package_line


def test_failed_package_is_not_downloaded_again(nowhere, shelf, tmp_path):
    seen = []
    with Fetcher(tmp_path, lambda *step: seen.append(step)) as fetcher:
        with pytest.raises(FetchFailed):
            fetcher.fetch(make_source(nowhere))
        with pytest.raises(FetchFailed):
            fetcher.fetch(make_source(nowhere))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({}, "it has no shipped/hp"),
        ({"hp": CONTENT + b"!"}, "has 200001 bytes, not 200000"),
        ({"hp": CONTENT.replace(b"1.2", b"1.4")}, "wrong content"),
    ],
)
def test_package_without_the_pinned_bytes_is_refused(
    nowhere, shelf, tmp_path, members, problem
):
    put_wheel(shelf, **members)
    with pytest.raises(FetchFailed, match=problem):
        fetch(make_source(nowhere), tmp_path)


def test_package_that_cannot_be_unpacked_is_refused(tmp_path):
    package = tmp_path / "shipped.whl"
    package.write_bytes(b"no zip")
    with pytest.raises(Exception, match="it cannot be unpacked"):
        fetching._unpack(package, make_source("https://example.org"), tmp_path / "hp")


def test_nothing_but_the_file_is_left_behind(nowhere, shelf, tmp_path):
    put_wheel(shelf, hp=CONTENT)
    data = tmp_path / "data"
    fetched = fetch(make_source(nowhere), data)
    assert [path for path in data.rglob("*") if path.is_file()] == [fetched.path]
    assert sorted(path.name for path in data.iterdir()) == ["sources"]
