"""How large a request may be: a file to its page, and anything else far smaller."""

from __future__ import annotations

import io
import json

import pytest
from waitress.adjustments import Adjustments

from web.cli.running.receiving import MOST_UPLOADS, Receiver
from web.security import takes_upload

from ...conftest import Cast

LIMIT, MOST = 1_000, 10_000
PROBLEM = "application/problem+json"


def received(
    path: str, size: int, header: str = "Cookie: a=b\r\n", chunked: bool = False
) -> Receiver:
    """A request of so many bytes, as far as it is taken."""
    adjustments = Adjustments(max_request_body_size=MOST, inbuf_overflow=100_000)
    receiver = Receiver(adjustments)
    receiver.body_limit = LIMIT
    receiver.takes_file = {"/cases/import", "/cases/NORTH-1/genes"}.__contains__
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    body = b"x" * size
    if chunked:
        body = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\n{header}{length}\r\n\r\n".encode()
    data = head + body
    while data and not receiver.completed:
        data = data[receiver.received(data) :]
    return receiver


@pytest.mark.parametrize("path", ["/cases/import", "/cases/NORTH-1/genes"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_may_be_large_and_stays_in_memory(path: str, chunked: bool) -> None:
    receiver = received(path, 5_000, chunked=chunked)

    assert receiver.error is None and receiver.completed
    assert isinstance(receiver.get_body_stream(), io.BytesIO)


@pytest.mark.parametrize(
    "path, size, header",
    [
        ("/match", 5_000, "Cookie: a=b\r\n"),
        ("/cases/new", 5_000, "Cookie: a=b\r\n"),
        ("/cases/import", 5_000, ""),
        ("/cases/import", 20_000, "Cookie: a=b\r\n"),
        ("/x/cases/import", 5_000, "Cookie: a=b\r\n"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_anything_else_is_refused(
    path: str, size: int, header: str, chunked: bool
) -> None:
    receiver = received(path, size, header, chunked)

    assert receiver.error is not None and receiver.error.code == 413


@pytest.mark.parametrize("size", [5_000, 20_000])
@pytest.mark.parametrize(
    "path, kind, key",
    [
        ("/match", "application/json", "message"),
        ("/match/", "application/json", "message"),
        ("/api/v1/cases/1", "application/problem+json", "detail"),
    ],
)
def test_a_program_reads_in_json_that_it_sent_too_much(
    path: str, kind: str, key: str, size: int
) -> None:
    error = received(path, size).error
    assert error is not None

    status, headers, body = error.to_response()

    assert status.startswith("413 ") and headers == [("Content-Type", kind)]
    assert "send at most 1,000 bytes" in json.loads(body)[key]


@pytest.mark.parametrize(
    "head, status, kind",
    [
        (b"POST /match HTTP/1.1\r\nX-Auth-Token: a\x01b", "400 ", "application/json"),
        (b"POST /match HTTP/1.1\r\nContent-Length: +5", "400 ", "application/json"),
        (b"POST /match HTTP/1.1\r\nTransfer-Encoding: x", "501 ", "application/json"),
        (b"PUT /api/v1/cases/1 HTTP/1.1\r\nA: \x01", "400 ", PROBLEM),
        (b"GET /cases HTTP/1.1\r\nA: \x01", "400 ", "text/plain; charset=utf-8"),
        (b"nonsense", "400 ", "text/plain; charset=utf-8"),
    ],
)
def test_what_is_no_http_is_refused_as_its_caller_reads(
    head: bytes, status: str, kind: str
) -> None:
    receiver = Receiver(Adjustments())
    receiver.received(head + b"\r\n\r\n")
    assert receiver.error is not None

    said, headers, body = receiver.error.to_response()

    assert said.startswith(status) and headers == [("Content-Type", kind)]
    assert kind != "application/json" or json.loads(body).keys() == {"message"}


def test_a_request_at_the_limit_is_taken() -> None:
    assert received("/match", LIMIT, "").error is None
    assert received("/match", LIMIT + 1, "").error is not None


def test_a_small_request_goes_anywhere() -> None:
    assert received("/match", 500, "").error is None


def test_only_so_many_files_are_held_at_once() -> None:
    held = [received("/cases/import", 5_000) for _ in range(MOST_UPLOADS)]
    refused = received("/cases/import", 5_000)
    error = refused.error
    assert error is not None and error.code == 503

    held.clear()
    assert received("/cases/import", 5_000).error is None


def test_files_come_to_the_pages_that_read_them(cast: Cast) -> None:
    takes_file = takes_upload(cast.app)

    assert all(
        map(
            takes_file,
            [
                "/cases/import",
                "/cases/new",
                "/cases/N\u00c3\u00b6rd-1/genes",
                "/curation/stage",
            ],
        )
    )
    assert not any(
        map(
            takes_file,
            ["/match", "/cases/NORTH-1/edit", "/x/cases/import", "/\xff", "", "//x"],
        )
    )
