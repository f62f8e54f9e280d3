"""No body makes the service fail: neither one made to hurt nor one that was garbled."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from matcher.case import Sharing

from ..conftest import case_of
from .conftest import Systems, packet, patient

DOORS = ("PUT /api/v1/cases/I1", "POST /api/v1/match", "POST /match")
EVERYDAY, FULL = 120, 10_000
DEAR = 60

FEATURES = b'"features":[{"id":"HP:0001250"}]'


def around(value: bytes) -> bytes:
    """A patient with something more in it."""
    return b'{"patient":{"id":"1",%s,"more":%s}}' % (FEATURES, value)


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return opening * depth + b"1" + closing * depth


BOMBS: Mapping[str, bytes] = {
    **{f"lists {n} deep": around(nested(b"[", b"]", n)) for n in (31, 500, 5_000, 400_000)},
    **{f"objects {n} deep": around(nested(b'{"a":', b"}", n)) for n in (31, 500, 5_000, 160_000)},
    **{f"both {n} deep": around(nested(b'[{"a":', b"}]", n)) for n in (16, 5_000, 100_000)},
    **{f"{n} lists never closed": b"[" * n for n in (1, 100, 5_000, 900_000)},
    **{f"{n} objects never closed": b'{"a":' * n for n in (1, 5_000, 150_000)},
    "lists alone": nested(b"[", b"]", 900),
    **{f"number {n}": around(n.encode()) for n in (
        "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e5000000",
        "01", "+1", ".5", "1.", "0x10", "-", "1e", "--1", "1_000",
    )},
    "integer of 5,000 digits": around(b"9" * 5_000),
    "integer of 900,000 digits": around(b"9" * 900_000),
    "a key twice": b'{"patient":{},"patient":{}}',
    "a key twice, far inside": around(b'[{"a":{"b":1,"b":2}}]'),
    "byte order mark": b"\xef\xbb\xbf" + around(b"1"),
    "UTF-16": json.dumps(patient()).encode("utf-16"),
    "UTF-16 without its mark": json.dumps(patient()).encode("utf-16-be"),
    "UTF-32": json.dumps(patient()).encode("utf-32"),
    "no text": around(b'"\x81\x8d"'),
    "half of a pair": around(rb'"\ud800"'),
    "other half of a pair": around(rb'"\udc00"'),
    "pair the wrong way round": around(rb'"\udc00\ud800"'),
    "key of half a pair": around(rb'{"\ud800":1}'),
    "nothing": b"",
    "blanks": b" \n\t " * 1_000,
    "NUL": b"\0" * 1_000,
    "NUL in a text": around(b'"\0"'),
    "line end in a text": around(b'"\n"'),
    **{f"bare {n}": n.encode() for n in ("null", "true", "1", '"text"', "[]", "{}")},
    "truncated": around(b"1")[:-3],
    "more at the end": around(b"1") + b"x",
    "two documents": around(b"1") * 2,
    "comment": b"/* */" + around(b"1"),
    "single quotes": around(b"1").replace(b'"', b"'"),
    "comma too many": around(b"[1,]"),
    "names without quotes": b"{patient:{}}",
    "bad escape": around(rb'"\x"'),
    "broken escape": around(rb'"\u12"'),
    "compressed": gzip.compress(around(b"1")),
    "2 MB of blanks": around(b" " * 2_000_000 + b"1"),
    "2 MB of text": around(b'"%s"' % (b"a" * 2_000_000)),
    "2 MB of numbers": around(b"[%s1]" % (b"1," * 1_000_000)),
    "2 MB of keys": around(b"{%s}" % b",".join(b'"%d":1' % n for n in range(200_000))),
    **{f"{n} empty features": b'{"patient":{"id":"1","features":[%s{}]}}' % (b"{}," * n)
       for n in (24_990, 100_000)},
    "200,000 nulls": b'{"patient":{"id":"1","features":[%snull]}}' % (b"null," * 180_000),
    **{f"patient is {n}": b'{"patient":%s}' % n.encode() for n in ("null", "[]", "1", '"x"', "{}")},
    "no id": b'{"patient":{%s}}' % FEATURES,
    "id is an object": b'{"patient":{"id":{"a":1},%s}}' % FEATURES,
    "id is a list": b'{"patient":{"id":[],%s}}' % FEATURES,
    "id is blank": b'{"patient":{"id":"  ",%s}}' % FEATURES,
    "only unknown fields": b'{"patient":{"id":"1","colour":"red"}}',
}  # fmt: skip


@pytest.fixture
def met(systems: Systems) -> Systems:
    """A case that every door may show."""
    shared = case_of("N1", site="Harbour", sharing=Sharing.EXCHANGE_2)
    systems.cast.put(shared)
    return systems


def sent(
    systems: Systems, door: str, body: bytes, content_type: str = "application/json"
) -> TestResponse:
    method, _, path = door.partition(" ")
    is_peer = path == "/match"
    token = systems.tokens["peer" if is_peer else "seqr"]
    name = "X-Auth-Token" if is_peer else "Authorization"
    headers = {
        name: token if is_peer else f"Bearer {token}",
        "Content-Type": content_type,
    }
    client = systems.cast.app.test_client()
    return client.open(path, method=method, data=body, headers=headers)


@pytest.mark.parametrize("door", DOORS)
def test_body_made_to_hurt_is_refused_in_words(met: Systems, door: str) -> None:
    answers = {name: sent(met, door, bomb) for name, bomb in BOMBS.items()}

    assert len(answers) >= 60
    odd = {
        name: (each.status_code, each.text[:200])
        for name, each in answers.items()
        if each.status_code not in (400, 413, 422) or not said(each).endswith(".")
    }
    assert odd == {}
    with met.cast.store() as store:
        assert store.count() == 1


def cost(systems: Systems, door: str, body: bytes) -> float:
    """Processor time of one answer, in seconds; the lesser of two, one may clear up for others."""

    def once() -> float:
        start = time.thread_time()
        sent(systems, door, body)
        return time.thread_time() - start

    return min(once(), once())


@pytest.mark.parametrize("door", DOORS)
def test_body_made_to_hurt_costs_little_more_than_an_honest_one(
    met: Systems, door: str
) -> None:
    honest = json.dumps(patient()).encode()
    usual = sorted(cost(met, door, honest) for _ in range(5))[2]

    costs = {name: cost(met, door, bomb) for name, bomb in BOMBS.items()}

    # An honest one takes about 4 ms, so this is a quarter of a second.
    assert {n: each / usual for n, each in costs.items() if each > DEAR * usual} == {}


def said(answer: TestResponse) -> str:
    """The sentence of an error, of a peer's call or of the API."""
    words = answer.get_json()
    sentence: str = words.get("message", words.get("detail", ""))
    return sentence


EDITS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from(["cut", "put", "turn", "copy"]),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from(
                [b"[", b"]", b"{", b"}", b'"', b",", b":", b"null", b"1e9", b"-1", b"\\u0000"]
            ),
        ),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def edited(body: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    """The body with bytes taken out, put in, replaced or said twice."""
    for share, edit, piece in edits:
        at = int(share * len(body))
        match edit:
            case "cut":
                body = body[:at] + body[at + len(piece) :]
            case "put":
                body = body[:at] + piece + body[at:]
            case "turn":
                body = body[:at] + piece + body[at + len(piece) :]
            case "copy":
                body = body[:at] + body[at : at + 40] + body[at:]
    return body


VALID: tuple[Any, ...] = (
    packet(),
    patient(),
    patient(
        label="A",
        sex="FEMALE",
        ageOfOnset="HP:0003577",
        inheritanceMode="HP:0000006",
        disorders=[{"id": "MIM:610536"}],
        test=False,
        genomicFeatures=[
            {
                "gene": {"id": "PHF14"},
                "variant": {
                    "assembly": "GRCh38",
                    "referenceName": "7",
                    "start": 11_000_000,
                    "referenceBases": "A",
                    "alternateBases": "G",
                },
                "zygosity": 1,
            }
        ],
    ),
)


@pytest.mark.parametrize("door", DOORS)
def test_garbled_body_never_makes_the_service_fail(
    met: Systems,
    door: str,
    pytestconfig: pytest.Config,
) -> None:
    many = FULL if pytestconfig.getoption("--full") else EVERYDAY

    @settings(max_examples=many, suppress_health_check=list(HealthCheck))
    @given(valid=st.sampled_from(VALID), edits=EDITS)
    def survive(valid: object, edits: list[tuple[float, str, bytes]]) -> None:
        answer = sent(met, door, edited(json.dumps(valid).encode(), edits))

        assert answer.status_code < 500, answer.text
        assert answer.get_json() is not None

    survive()
