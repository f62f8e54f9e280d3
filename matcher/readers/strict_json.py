"""Which bytes count as JSON: one value in UTF-8, of limited size and depth, said once."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import NoReturn

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
)
from matcher.readers.report import CaseRecord, Report

MESSAGE_BYTES = 1_000_000
# Ten times what describes a person; an empty object takes more of a processor than its bytes.
MESSAGE_VALUES = 50_000
MAX_DEPTH = 32
MAX_VALUES = 20_000_000

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(
    data: bytes,
    *,
    max_bytes: int = MESSAGE_BYTES,
    max_values: int = MESSAGE_VALUES,
    report: Report | None = None,
    source: str = "",
    nan_is_null: bool = False,
) -> object:
    """The one JSON value in `data`.

    Bytes that are not UTF-8 are read as Windows-1252, which the report tells. Everything
    else that JSON does not allow, or that programs read in two ways, is refused with a child
    of `UnreadableInput`: `TooLarge` above `max_bytes`, `TooManyValues` above `max_values`,
    the others for what stands in it. With `nan_is_null` NaN and the infinities are read as
    null instead.
    """
    if len(data) > max_bytes:
        raise TooLarge(max_bytes)
    if data.startswith(_BOMS):
        raise ByteOrderMark
    text = _decoded(data, CaseRecord(report or Report(), source))
    if not text.strip():
        raise EmptyDocument
    containers = text.count("{") + text.count("[")
    # Three bytes such as `[],` take a hundred in memory.
    if containers + text.count(",") > max_values:
        raise TooManyValues(max_values)
    value = _loaded(text, nan_is_null)
    if containers > MAX_DEPTH:
        _check_depth(value)
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _decoded(data: bytes, record: CaseRecord) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = error.start
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise NotText(error.start) from None
    record.guessed(
        "encoding",
        f"byte {position}",
        f"The text is not UTF-8 (byte {position}) and was read as Windows-1252.",
        place=f"byte {position}",
        right="UTF-8",
    )
    return text


def _loaded(text: str, nan_is_null: bool) -> object:
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_null if nan_is_null else _not_a_number,
            parse_float=_finite_or_null if nan_is_null else _finite,
        )
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except RecursionError:
        raise TooDeep(MAX_DEPTH) from None
    except ValueError:
        # int() refuses thousands of digits
        raise NotANumber("An integer of thousands of digits") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise DuplicateKey(counts.most_common(1)[0][0])
    return value


def _not_a_number(token: str) -> NoReturn:
    raise NotANumber(token)


def _finite(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise NotANumber(token)
    return value


def _null(token: str) -> None:
    return None


def _finite_or_null(token: str) -> float | None:
    value = float(token)
    return value if math.isfinite(value) else None


def _check_depth(value: object) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise TooDeep(MAX_DEPTH)


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise LoneSurrogate from None
