"""Which addresses a peer may have."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from web.mme.nodes.errors import BadAddress
from web.mme.nodes.reach import is_permitted, peer_address

FORBIDDEN_EVER = (
    "0.0.0.0 169.254.169.254 169.254.1.1 224.0.0.1 255.255.255.255 240.0.0.1 168.63.129.16"
    " 100.100.100.200 192.0.0.192 :: fe80::1 ff02::1 fd00:ec2::254 ::ffff:169.254.169.254"
    " 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 2001:0:4136:e378::5601:5601"
).split()
INSIDE = (
    "127.0.0.1 127.8.9.1 10.1.2.3 172.16.0.1 172.31.255.254 192.168.1.1 100.64.0.1 ::1 fd12::1"
    " ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 198.18.0.1 192.0.2.1"
).split()
PUBLIC = "8.8.8.8 193.62.192.80 2a00:1450:4001::1 ::ffff:8.8.8.8".split()


@pytest.mark.parametrize("address", FORBIDDEN_EVER)
@pytest.mark.parametrize("allowed", [False, True])
def test_some_addresses_are_no_peers_ever(address: str, allowed: bool) -> None:
    assert not is_permitted(ip_address(address), allow_private=allowed)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_must_be_allowed(address: str) -> None:
    assert not is_permitted(ip_address(address))
    assert is_permitted(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert is_permitted(ip_address(address))


@pytest.mark.parametrize(
    "text",
    [
        "https://peer.example/mme",
        "https://peer.example/mme/",
        "https://peer.example/mme/match",
        "https://peer.example/mme/match/",
        " https://peer.example/mme ",
    ],
)
def test_base_and_match_address_mean_the_same(text: str) -> None:
    found = peer_address(text)

    assert found.match() == "https://peer.example/mme/match"
    assert found.match(trailing_slash=True) == "https://peer.example/mme/match/"
    assert found.heartbeat == "https://peer.example/mme/heartbeat"
    assert found.metrics == "https://peer.example/mme/metrics"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "peer.example/mme",
        "ftp://peer.example",
        "file:///etc/passwd",
        "gopher://peer.example",
        "https://",
        "https:///match",
        "https://user:word@peer.example",
        "https://peer.example@127.0.0.1/",
        "https://peer.example/mme?x=1",
        "https://peer.example/mme?",
        "https://peer.example/#x",
        "https://peer.example:99999/",
        "https://peer.example:x/",
        "https://peer .example/",
        "https://peer.example/\r\nX: y",
        "https://peer.example/\r\nX:y",
        "https://peer\x07.example/",
        "https://pée.example/",
        "https://[::1",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://peer.example/" + "x" * 500,
        "http://peer.example/",
    ],
)
def test_other_addresses_are_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(BadAddress, match="https://peer.example/mme/match"):
        peer_address(text)


def test_a_peer_inside_may_go_without_tls_where_that_is_allowed() -> None:
    found = peer_address("http://10.1.2.3:8080/match", allow_private=True)

    assert found.base == "http://10.1.2.3:8080"
