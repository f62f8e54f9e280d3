"""A hundred addresses that lead inside: none is connected to, whatever way it is written."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from web.mme.asking.calling.connections import (
    Call,
    Deadline,
    Resolve,
    addresses_of,
    call,
)
from web.mme.asking.errors import CallFailed
from web.mme.nodes.errors import BadAddress
from web.mme.nodes.reach import peer_address

from .. import faults

PATIENCE = 10.0
# One in each network that no peer of the web is in.
INSIDE = (
    "127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.9.9 192.168.0.1 100.64.0.1 0.0.0.0"
    " 169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.192 198.18.0.1 192.0.2.1 203.0.113.1"
    " 224.0.0.1 240.0.0.1 255.255.255.255"
).split()
INSIDE_6 = (
    "::1 :: fe80::1 fd00::1 fd00:ec2::254 ff02::1 2001:db8::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe"
    " 2002:7f00:1::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254"
).split()
# Other ways to write 127.0.0.1 and 169.254.169.254.
ODD = (
    "127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 2852039166"
    " 0xa9fea9fe 0251.0376.0251.0376 localhost localhost. LOCALHOST"
).split()
LITERALS = [
    f"{scheme}://{host}"
    for scheme, host in product(
        ("https", "http"), [*INSIDE, *(f"[{each}]" for each in INSIDE_6), *ODD]
    )
]
NAMED = [*INSIDE, *INSIDE_6, "fe80::1%eth0"]


def connecting(url: str, resolve: Resolve = addresses_of) -> None:
    wanted = Call(
        method="POST", url=url, headers={"X-Auth-Token": "5f1c9a"}, body=b"{}"
    )
    call(wanted, Deadline(PATIENCE), resolve=resolve)


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every connection that anything tries to make."""
    tried: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield tried


def test_there_are_a_hundred() -> None:
    assert len(set(LITERALS)) + len(set(NAMED)) >= 100


@pytest.mark.parametrize("url", LITERALS)
def test_an_address_that_leads_inside_is_not_connected_to(
    connects: list[Any], url: str
) -> None:
    with pytest.raises(CallFailed):
        connecting(f"{url}/match")

    assert connects == []


@pytest.mark.parametrize("address", [*INSIDE, *(f"[{each}]" for each in INSIDE_6)])
def test_an_operator_cannot_register_it_either(address: str) -> None:
    with pytest.raises(BadAddress):
        peer_address(f"https://{address}/mme")


@pytest.mark.parametrize("address", NAMED)
def test_a_name_that_leads_inside_is_not_connected_to(
    connects: list[Any], address: str
) -> None:
    with pytest.raises(CallFailed):
        connecting("https://peer.example/match", lambda host, port: [address])

    assert connects == []


@pytest.mark.parametrize("address", NAMED)
def test_a_name_that_leads_elsewhere_at_the_second_look_gains_nothing(
    connects: list[Any], address: str
) -> None:
    answers = iter([["93.184.215.14"], [address], [address]])

    with pytest.raises(CallFailed):
        connecting("https://peer.example/match", lambda host, port: next(answers))

    assert connects and {host for host, *_ in connects} == {"93.184.215.14"}


@pytest.mark.parametrize("address", NAMED)
def test_of_a_name_with_two_addresses_only_the_one_outside_is_used(
    connects: list[Any], address: str
) -> None:
    with pytest.raises(CallFailed):
        named = [address, "93.184.215.14"]
        connecting("https://peer.example/match", lambda host, port: named)

    assert {host for host, *_ in connects} == {"93.184.215.14"}


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_a_redirect_to_an_address_inside_is_not_followed(
    status: str, host: str
) -> None:
    with faults.serving(faults.answering("{}")) as inside:
        header = f"Location: http://{host}:{inside.port}/match"
        moved = faults.answering("", f"{status} Moved", header)
        with faults.serving(moved) as peer:
            found = call(
                Call(
                    method="POST",
                    url=f"{peer.address}/match",
                    headers={"X-Auth-Token": "5f1c9a"},
                    body=b"{}",
                    allow_private=True,
                ),
                Deadline(PATIENCE),
            )

    assert found.status == int(status) and inside.received == []
