"""What the JSON gate takes and what it refuses, each with its own error."""

from __future__ import annotations

import pytest

from matcher.errors import (
    ByteOrderMark,
    DuplicateKey,
    EmptyDocument,
    LoneSurrogate,
    NotANumber,
    NotJson,
    NotText,
    TooDeep,
    TooLarge,
    TooManyValues,
    UnreadableInput,
)
from matcher.readers.report import Kind, Report
from matcher.readers.strict_json import parse_json


def test_utf8_is_read_as_it_is() -> None:
    report = Report()
    assert parse_json('{"label": "Mäuse, 日本, 🧬"}'.encode(), report=report) == {
        "label": "Mäuse, 日本, 🧬"
    }
    assert report.entries == []


def test_windows_1252_is_read_with_a_warning() -> None:
    report = Report()
    assert parse_json(b'{"label": "Fr\xe4ulein"}', report=report, source="peer") == {
        "label": "Fräulein"
    }
    entry = report.entries[0]
    assert (entry.kind, entry.field, entry.source) == (
        Kind.GUESSED,
        "encoding",
        "peer",
    )
    assert "Windows-1252" in entry.message


@pytest.mark.parametrize(
    "data, error",
    [
        (b'{"a": "\x81\xff"}', NotText),
        (b"\xef\xbb\xbf{}", ByteOrderMark),
        (b"\xff\xfe{\x00}\x00", ByteOrderMark),
        (b"", EmptyDocument),
        (b" \r\n", EmptyDocument),
        (b"{", NotJson),
        (b"{} {}", NotJson),
        (b"<html></html>", NotJson),
        (b"{\"a\": 'b'}", NotJson),
        (b'{"a": NaN}', NotANumber),
        (b'{"a": [Infinity]}', NotANumber),
        (b'{"a": -Infinity}', NotANumber),
        (b'{"a": 1e999}', NotANumber),
        (b'{"a": -1e999}', NotANumber),
        (b'{"a": ' + b"9" * 5000 + b"}", NotANumber),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', DuplicateKey),
        (b'{"a": "\\ud800"}', LoneSurrogate),
        (b'{"a": ["\\uDFFF\\ud800"]}', LoneSurrogate),
        (b'{"\\ud83e": 1}', LoneSurrogate),
    ],
)
def test_what_json_does_not_allow_is_refused_by_name(
    data: bytes, error: type[UnreadableInput]
) -> None:
    with pytest.raises(error) as caught:
        parse_json(data)
    assert str(caught.value).endswith(".")


def test_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83e\\uddec"') == "🧬"


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_depth_of_32_is_read_and_33_refused(opening: str, closing: str) -> None:
    parse_json((opening * 32 + "1" + closing * 32).encode())
    parse_json((opening * 31 + "[]" + closing * 31).encode())
    with pytest.raises(TooDeep):
        parse_json((opening * 33 + "1" + closing * 33).encode())
    with pytest.raises(TooDeep):
        parse_json((opening * 32 + "[]" + closing * 32).encode())


def test_depth_that_would_exhaust_the_stack_is_refused() -> None:
    with pytest.raises(TooDeep):
        parse_json(b"[" * 400_000, max_values=400_000)


def test_brackets_in_strings_are_not_depth() -> None:
    assert parse_json(b'["' + b"[" * 50 + b'"]') == ["[" * 50]


def test_size_is_limited_to_a_megabyte_unless_told() -> None:
    data = b'"' + b"x" * 1_000_000 + b'"'
    with pytest.raises(TooLarge, match="1,000,000 bytes") as caught:
        parse_json(data)
    assert caught.value.limit == 1_000_000
    assert parse_json(data, max_bytes=len(data)) == "x" * 1_000_000


def test_values_are_limited_unless_told() -> None:
    data = b"[" + b"{}," * 24_999 + b"{}]"
    parse_json(data)

    with pytest.raises(TooManyValues, match="50,000 values"):
        parse_json(data[:-1] + b",{}]")

    assert parse_json(data[:-1] + b",{}]", max_values=60_000) == [{}] * 25_001


def test_error_names_line_and_column() -> None:
    with pytest.raises(NotJson, match="line 2, column 3"):
        parse_json(b"{\n  oops: 1}")


def test_error_names_the_repeated_key() -> None:
    with pytest.raises(DuplicateKey, match="'id' stands twice"):
        parse_json(b'{"x": 1, "id": 1, "id": 2}')
