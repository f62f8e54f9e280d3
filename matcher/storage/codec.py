"""A case as JSON text and back, with nothing lost: the form in which the store keeps it."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from matcher.case import Case
from matcher.storage.errors import StoreError

CODEC_VERSION = 1
PLAIN = frozenset({str, bool, int, float, types.NoneType})


class Never:
    """What no JSON value is."""


class UnstorableCase(StoreError):
    """A case that holds a value which JSON or UTF-8 cannot carry."""

    def __init__(self, case_id: str, field: str, value: object, wanted: str) -> None:
        super().__init__(
            f"Case {case_id!a} cannot be stored: {field} is {value!a}, "
            f"but it must be {wanted}."
        )
        self.case_id = case_id
        self.field = field


class UnreadableCase(StoreError):
    """A stored text that this version cannot read as a case."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The stored text is not a case of this version: {reason}.")


def encode(case: Case) -> str:
    """The case as JSON text; fields at their default are left out.

    Raises `UnstorableCase` on NaN, on infinity and on half a surrogate pair.
    """
    document = {"codec": CODEC_VERSION, "case": _encode(case)}
    try:
        text = json.dumps(
            document, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        text.encode("utf-8")
    except ValueError:
        for field, value, wanted in _unstorable(document["case"], "case"):
            raise UnstorableCase(case.case_id, field, value, wanted) from None
        raise
    return text


def decode(text: str) -> Case:
    """The case that `encode` wrote. Raises `UnreadableCase` for any other text."""
    try:
        document = json.loads(text)
        version = document["codec"]
        if version != CODEC_VERSION:
            raise UnreadableCase(
                f"its codec is {version!r}, and this version reads {CODEC_VERSION}"
            )
        return typing.cast(Case, _case_decoder()(document["case"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableCase(f"{type(error).__name__}, {error}") from error


def _encode(value: Any) -> Any:
    kind = value.__class__
    if kind in PLAIN:
        return value
    if kind is tuple:
        return [_encode(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    if not dataclasses.is_dataclass(value):
        return value
    return {
        name: _encode(item)
        for name, default in _defaults(kind)
        if (item := getattr(value, name)) is not default and item != default
    }


@functools.cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(cls))


def _decoder(hint: Any) -> Callable[[Any], Any]:
    """How a JSON value becomes a value of the annotated type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (_decoder(item) for item in arguments if item is not type(None))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item_decoder = _decoder(arguments[0])
        return lambda value: tuple(map(item_decoder, _checked(value, list)))
    if dataclasses.is_dataclass(hint):
        return functools.partial(_decode_record, hint, _field_decoders(hint))
    if issubclass(hint, enum.Enum):
        return lambda value: hint(value)
    wanted = (int, float) if hint is float else (hint,)
    return lambda value: _checked(value, *wanted)


@functools.cache
def _case_decoder() -> Callable[[Any], Any]:
    return _decoder(Case)


def _field_decoders(cls: Any) -> Mapping[str, tuple[type, Callable[[Any], Any]]]:
    """For each field the type of JSON value that is taken as it is, and what is done else."""
    hints = typing.get_type_hints(cls)
    return {name: (_taken_as_is(hint), _decoder(hint)) for name, hint in hints.items()}


def _taken_as_is(hint: Any) -> type:
    kinds = {hint, *typing.get_args(hint)} & PLAIN - {types.NoneType}
    is_nested = typing.get_origin(hint) is tuple
    return next(iter(kinds)) if kinds and not is_nested else Never


def _decode_record(
    cls: Any, decoders: Mapping[str, tuple[type, Callable[[Any], Any]]], value: Any
) -> Any:
    # Nearly all values are texts: a call for each of them would take half of the time.
    decoded = {}
    for name, item in value.items():
        plain, decoder = decoders[name]
        decoded[name] = item if type(item) is plain else decoder(item)
    return cls(**decoded)


def _checked(value: Any, *wanted: type) -> Any:
    if type(value) not in wanted:
        raise TypeError(f"{value!r} is no {wanted[-1].__name__}")
    return value


def _unstorable(value: Any, field: str) -> Iterator[tuple[str, object, str]]:
    """Each value that JSON or UTF-8 cannot carry: its field, itself, what is wanted."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _unstorable(item, f"{field}.{name}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _unstorable(item, f"{field}[{position}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield field, value, "a finite number"
    elif isinstance(value, str) and not _is_unicode(value):
        yield field, value, "Unicode text without half a surrogate pair"


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
