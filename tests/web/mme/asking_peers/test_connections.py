"""One call of a peer: bounded in time, size and place, whatever the peer does."""

from __future__ import annotations

import gzip
import socket
import ssl
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from web.mme.asking.calling.authorities import Authorities
from web.mme.asking.calling.connections import (
    CONNECT_SECONDS,
    Call,
    Deadline,
    call,
    tls_context,
)
from web.mme.asking.errors import (
    BrokenReply,
    CallFailed,
    ForbiddenAddress,
    OutOfTime,
    Unreachable,
)

from .. import faults

PATIENCE = 30.0
SHORT = 0.5
SECRET = "token-5f1c9a"


def wanted(address: str, tls: ssl.SSLContext | None = None, **more: bool) -> Call:
    return Call(
        method="POST",
        url=f"{address}/match",
        headers={"X-Auth-Token": SECRET},
        body=b"{}",
        tls=tls,
        **{"allow_private": True, **more},
    )


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Iterator[ssl.SSLContext]:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    yield tls_context(str(path))


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_authorities_are_loaded_again_when_their_file_changes(tmp_path: Path) -> None:
    path, before, after = tmp_path / "ca.pem", trustme.CA(), trustme.CA()
    before.cert_pem.write_to_path(str(path))
    authorities = Authorities()
    first = authorities.context(str(path))
    assert authorities.context(str(path)) is first
    with faults.serving(
        faults.answering({}), server_context(after, "localhost")
    ) as peer:
        with pytest.raises(Unreachable, match="certificate"):
            call(wanted(peer.address, first), Deadline(PATIENCE))
        after.cert_pem.write_to_path(str(path))

        now = authorities.context(str(path))

        assert now is not first
        reply = call(wanted(peer.address, now), Deadline(PATIENCE))
    assert reply.status == 200
    path.unlink()
    with pytest.raises(OSError):
        authorities.context(str(path))


def test_public_authorities_follow_what_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities = Authorities()
    public = authorities.context()
    assert authorities.context() is public and len(public.get_ca_certs()) > 1
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))

    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    assert len(authorities.context().get_ca_certs()) == 1


def test_a_reply_is_read_whatever_its_status() -> None:
    with faults.serving(faults.answering("no", "500 Oops", "Retry-After: 7")) as peer:
        found = call(wanted(peer.address), Deadline(PATIENCE))

    assert (found.status, found.body) == (500, b"no")
    assert found.headers["retry-after"] == "7"
    assert SECRET.encode() in peer.received[0]


@pytest.mark.parametrize(
    "behaviour", [faults.hang, faults.never_read, faults.drip_headers, faults.drip_body]
)
def test_a_call_ends_with_its_deadline(behaviour: faults.Behaviour) -> None:
    with faults.serving(behaviour) as peer:
        with pytest.raises(OutOfTime):
            call(wanted(peer.address), Deadline(SHORT))


def test_no_wait_is_longer_than_what_remains() -> None:
    now = 100.0
    deadline = Deadline(5, clock=lambda: now)

    assert [deadline.bounded(each) for each in (None, 9, 2)] == [5, 5, 2]
    now = 105.0
    with pytest.raises(OutOfTime):
        deadline.bounded(2)


def test_a_peer_that_takes_a_request_ever_so_slowly_is_left_at_the_deadline() -> None:
    taken = []

    def take_slowly(peer: faults.Peer, connection: socket.socket) -> None:
        while not peer.ended.wait(0.005):
            taken.append(len(connection.recv(65_536)))

    with faults.serving(take_slowly) as peer:
        slow = replace(wanted(peer.address), body=b" " * 40_000_000)
        with pytest.raises(OutOfTime):
            call(slow, Deadline(SHORT))

    # No more than what the system itself holds of a connection went out in that time.
    assert sum(taken) < 20_000_000


def test_a_connection_is_waited_for_ten_seconds_or_what_remains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    def take_none(
        backend: object, host: str, port: int, seconds: float, *_: Any
    ) -> None:
        waited.append(seconds)
        raise httpcore.ConnectTimeout

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", take_none)
    peer = wanted("http://127.0.0.1")

    for patience in (SHORT, PATIENCE):
        with pytest.raises(Unreachable, match="no connection in time"):
            call(peer, Deadline(patience))

    assert 0 < waited[0] <= SHORT and waited[1:] == [CONNECT_SECONDS]


def test_a_call_over_tls_ends_with_its_deadline(
    authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    context = server_context(authority, "localhost")
    with faults.serving(faults.hang, context) as peer:
        with pytest.raises(OutOfTime):
            call(wanted(peer.address, trusted), Deadline(SHORT))


def test_a_handshake_that_hangs_ends_with_the_deadline(trusted: ssl.SSLContext) -> None:
    with faults.serving(faults.never_read) as peer:
        address = peer.address.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(CallFailed):
            call(wanted(address, trusted), Deadline(SHORT))


@pytest.mark.parametrize(
    "behaviour",
    [faults.reset, faults.truncate, faults.gibberish],
    ids=lambda b: b.__name__,
)
def test_a_reply_that_breaks_off_is_told(behaviour: faults.Behaviour) -> None:
    with faults.serving(behaviour) as peer:
        with pytest.raises(BrokenReply, match="broke off"):
            call(wanted(peer.address), Deadline(PATIENCE))


def test_nobody_there_is_told_with_the_reason() -> None:
    with pytest.raises(Unreachable, match="refused"):
        call(wanted(faults.refusing()), Deadline(PATIENCE))


def test_a_connection_is_tried_twice_and_a_request_sent_once() -> None:
    tried: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        tried.append(host)
        raise socket.gaierror

    with pytest.raises(Unreachable):
        call(wanted("http://peer.example"), Deadline(PATIENCE), resolve=resolve)
    with faults.serving(faults.reset) as peer, pytest.raises(BrokenReply):
        call(wanted(peer.address), Deadline(PATIENCE))

    assert len(tried) == 2 and len(peer.received) == 1


@pytest.mark.parametrize(
    "behaviour", [faults.endless, faults.answering(b" " * 2_000_001)]
)
def test_a_huge_reply_is_given_up(behaviour: faults.Behaviour) -> None:
    with faults.serving(behaviour) as peer:
        with pytest.raises(BrokenReply, match="2,000,000"):
            call(wanted(peer.address), Deadline(PATIENCE))


def test_a_gzip_bomb_is_never_unpacked() -> None:
    with faults.serving(faults.gzip_bomb()) as peer:
        tracemalloc.start()
        try:
            with pytest.raises(BrokenReply, match="2,000,000"):
                call(wanted(peer.address), Deadline(PATIENCE))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 20_000_000


def test_a_compressed_reply_is_unpacked() -> None:
    with faults.serving(faults.gzip_bomb(megabytes=1)) as peer:
        assert call(wanted(peer.address), Deadline(PATIENCE)).body == b" " * 1_000_000


def test_nothing_behind_a_compressed_reply_is_waited_for() -> None:
    def behave(peer: faults.Peer, connection: socket.socket) -> None:
        faults.read_request(peer, connection)
        packed = gzip.compress(b"{}")
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked"
        )
        connection.sendall(head + b"\r\n\r\n%x\r\n%b\r\n" % (len(packed), packed))
        while not peer.ended.is_set():
            connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")

    with faults.serving(behave) as peer:
        assert call(wanted(peer.address), Deadline(SHORT)).body == b"{}"


@pytest.mark.parametrize(
    "body, encoding", [(b"no gzip", "gzip"), (b"\x1f\x8b\x08", "gzip"), (b"x", "br")]
)
def test_what_cannot_be_unpacked_is_told(body: bytes, encoding: str) -> None:
    header = f"Content-Encoding: {encoding}"
    with faults.serving(faults.answering(body, "200 OK", header)) as peer:
        with pytest.raises(BrokenReply):
            call(wanted(peer.address), Deadline(PATIENCE))


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary", "308 Moved"]
)
def test_another_host_receives_nothing_by_a_redirect(status: str) -> None:
    with faults.serving(faults.answering("{}")) as other:
        location = f"Location: {other.address}/match"
        with faults.serving(faults.answering("", status, location)) as peer:
            found = call(wanted(peer.address), Deadline(PATIENCE))

    assert found.status == int(status[:3])
    assert other.received == []


def test_a_peer_with_a_certificate_of_its_own_authority_is_talked_to(
    authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    context = server_context(authority, "localhost")
    with faults.serving(faults.answering("{}"), context) as peer:
        assert call(wanted(peer.address, trusted), Deadline(PATIENCE)).status == 200


def test_a_certificate_for_another_name_gets_nothing(
    authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    context = server_context(authority, "other.example")
    with faults.serving(faults.answering("{}"), context) as peer:
        with pytest.raises(Unreachable, match="certificate"):
            call(wanted(peer.address, trusted), Deadline(PATIENCE))

    assert peer.received == []


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    authority: trustme.CA,
) -> None:
    context = server_context(authority, "localhost")
    with faults.serving(faults.answering("{}"), context) as peer:
        with pytest.raises(Unreachable, match="certificate"):
            call(wanted(peer.address, tls_context()), Deadline(PATIENCE))

    assert peer.received == []


def test_a_proxy_of_the_environment_gets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with faults.serving(faults.answering("{}")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.setenv("ALL_PROXY", proxy.address)
        with faults.serving(faults.answering("{}")) as peer:
            call(wanted(peer.address), Deadline(PATIENCE))

    assert proxy.received == [] and len(peer.received) == 1


INSIDE = [
    "http://127.0.0.1",
    "http://localhost",
    "http://[::1]",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://[::ffff:127.0.0.1]",
    "http://0.0.0.0",
    "http://169.254.169.254",
]


@pytest.mark.parametrize("host", INSIDE)
def test_no_connection_inside_without_the_operators_word(host: str) -> None:
    with faults.serving(faults.answering("{}")) as peer:
        with pytest.raises(Unreachable):
            call(wanted(f"{host}:{peer.port}", allow_private=False), Deadline(PATIENCE))

    assert peer.received == []


@pytest.mark.parametrize(
    "named", [["127.0.0.1"], ["::1", "10.0.0.1"], ["fe80::1%eth0"]]
)
def test_a_name_that_leads_inside_is_refused(named: list[str]) -> None:
    with pytest.raises(ForbiddenAddress):
        call(
            wanted("https://peer.example", allow_private=False),
            Deadline(PATIENCE),
            resolve=lambda host, port: named,
        )


def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_later() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with faults.serving(faults.answering("{}")) as peer:
        found = call(
            wanted(f"http://peer.example:{peer.port}"),
            Deadline(PATIENCE),
            resolve=resolve,
        )

    assert found.status == 200 and asked == ["peer.example"]
    assert f"Host: peer.example:{peer.port}".encode() in peer.received[0]


def test_a_second_attempt_goes_to_the_address_that_was_checked() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    gone = faults.refusing().replace("127.0.0.1", "peer.example")
    with pytest.raises(Unreachable, match="refused"):
        call(wanted(gone), Deadline(PATIENCE), resolve=resolve)

    assert asked == ["peer.example"]


def test_without_tls_nothing_goes_out_into_the_web() -> None:
    with pytest.raises(ForbiddenAddress, match="TLS"):
        call(
            wanted("http://peer.example"),
            Deadline(PATIENCE),
            resolve=lambda host, port: ["8.8.8.8"],
        )


def test_the_next_address_is_taken_where_the_first_takes_no_connection() -> None:
    with faults.serving(faults.answering("{}")) as peer:
        found = call(
            wanted(f"http://peer.example:{peer.port}"),
            Deadline(PATIENCE),
            resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"],
        )

    assert found.status == 200
