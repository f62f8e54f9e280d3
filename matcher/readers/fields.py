"""What stands in a foreign JSON object, read tolerantly; what does not fit is reported."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import cast

from matcher.readers.report import CaseRecord, Wrong

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TRUE = frozenset({"true", "yes", "y", "1", "1.0", "observed", "present"})
_FALSE = frozenset({"false", "no", "n", "0", "0.0", "absent", "excluded"})
_EMPTY: Mapping[str, object] = {}
_MAX_NUMBER = 2**63
_MAX_TEXT = 100_000
MAX_ITEMS = 5_000
_MAX_NAMES = 200


@functools.lru_cache(maxsize=512)
def snake_case(name: str) -> str:
    """`phenotypicFeatures` as `phenotypic_features`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m[1].lower(), name)


@functools.lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    """`phenotypic_features` as `phenotypicFeatures`; a leading underscore stays."""
    return re.sub(r"(?<=[A-Za-z0-9])_([a-z0-9])", lambda m: m[1].upper(), name)


def flag(value: object) -> bool | None:
    """Truth as formats write it: true, "yes", 1, "NO"; None where it cannot be told."""
    word = str(value).strip().casefold()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def plain_text(value: object) -> str | None:
    """A string or number as text without control characters; None for anything else."""
    if isinstance(value, str):
        return _CONTROL.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before anything is made a float: an integer of 310 digits cannot be one.
    if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
        return None
    return str(int(value)) if value == int(value) else repr(value)


def is_plain(text: str) -> bool:
    """Whether it is text that is read as it stands."""
    return len(text) <= _MAX_TEXT and text.isprintable() and text == text.strip()


def printable(text: str) -> str:
    """The text without what moves a cursor, turns a line around or breaks it.

    Blanks of every kind become plain ones, other such characters U+FFFD.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\ufffd"
        for letter in text
    )


class Fields:
    """One JSON object. Names are asked for in camelCase and found in snake_case as well.

    A null, a missing key and an empty string are all nothing. A value of the wrong type is
    nothing too, and the report says that it was dropped. `place` is the path with the number of
    each item on the way.
    """

    __slots__ = ("data", "record", "path", "place")

    def __init__(
        self,
        data: Mapping[str, object],
        record: CaseRecord,
        path: str = "",
        place: str = "",
    ) -> None:
        self.data = data
        self.record = record
        self.path = path
        self.place = place or path

    def __bool__(self) -> bool:
        return bool(self.data)

    def at(self, name: str) -> str:
        """The place of a field, as the report names it."""
        return f"{self.path}.{name}" if self.path else name

    def spot(self, name: str) -> str:
        """The same with the numbers of items: where in this very message it stands."""
        return f"{self.place}.{name}" if self.place else name

    def get(self, name: str) -> object:
        """The value as it stands, None where missing or null."""
        value = self.data.get(name)
        return self.data.get(snake_case(name)) if value is None else value

    def text(self, name: str) -> str:
        """A string, or a number as text; empty where there is none."""
        value = self.get(name)
        if value is None:
            return ""
        text = plain_text(value)
        if text is None or len(text) > _MAX_TEXT:
            self.misfit(name, value, f"text of at most {_MAX_TEXT:,} characters")
            return ""
        return text

    def identifier(self, name: str) -> str:
        """The same, but with every character that stands in it, for ids are compared."""
        value = self.get(name)
        return value.strip() if isinstance(value, str) else self.text(name)

    def number(self, name: str) -> float | None:
        """A finite number, also one written as text."""
        value = self.get(name)
        if value is None or value == "":
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError
            number = float(value)
            if not math.isfinite(number):
                raise ValueError
        except (ValueError, OverflowError):
            self.misfit(name, value, "a number")
            return None
        return number

    def child(self, name: str) -> Fields:
        """The object at a name; an empty one where there is none."""
        value = self.get(name)
        if isinstance(value, dict):
            return Fields(value, self.record, self.at(name), self.spot(name))
        if value is not None and value != "":
            self.misfit(name, value, "an object")
        return Fields(_EMPTY, self.record, self.at(name), self.spot(name))

    def items(self, name: str, most: int = MAX_ITEMS) -> list[object]:
        """What stands in the list at a name, without nulls; at most so many items."""
        return [item for _, item in self.placed(name, most)]

    def placed(self, name: str, most: int = MAX_ITEMS) -> list[tuple[str, object]]:
        """The same, each with its place."""
        value = self.get(name)
        if isinstance(value, list):
            spot = self.spot(name)
            found = [
                (f"{spot}[{number}]", item)
                for number, item in enumerate(value)
                if item is not None
            ]
            return self._at_most(most, found, name)
        if value is not None and value != "":
            self.misfit(name, value, "a list")
        return []

    def _at_most(
        self, limit: int, found: list[tuple[str, object]], name: str
    ) -> list[tuple[str, object]]:
        if len(found) > limit:
            self.record.dropped(
                self.at(name),
                len(found),
                f"Of {len(found):,} {self.at(name)} only {limit:,} were read.",
                place=self.spot(name),
                wrong=Wrong.MANY,
                right=f"at most {limit:,}",
            )
        return found[:limit]

    def children(
        self, name: str, *, most: int = MAX_ITEMS, unlimited: bool = False
    ) -> list[Fields]:
        """The objects in the list at a name; of cases, a file may hold any number."""
        path = self.at(name)
        value = self.get(name)
        items: Iterable[tuple[str, object]] = (
            (("", item) for item in value)
            if unlimited and isinstance(value, list)
            else self.placed(name, most)
        )
        found = []
        for place, item in items:
            if isinstance(item, dict):
                found.append(Fields(item, self.record, path, place))
            elif item is not None:
                self.record.dropped(
                    path,
                    item,
                    misfit_message(path, item, "an object"),
                    place=place,
                    wrong=Wrong.TYPE,
                    right="an object",
                )
        return found

    def term(self, name: str) -> tuple[str, str]:
        """Id and label of an ontology class; both empty where there is none."""
        term = self.child(name)
        return (term.text("id"), term.text("label")) if term else ("", "")

    def ignore_but(self, known: frozenset[str]) -> None:
        """Counts every value under a name that is not known as dropped."""
        names = self.data.keys() - known
        if len(names) > _MAX_NAMES:
            self.record.ignored(self.at("others"), len(names))
            return
        for name in names:
            camel = camel_case(name)
            if camel not in known and self.data[name] not in (None, "", [], {}):
                self.record.ignored(self.at(printable(camel[:60])))

    def misfit(self, name: str, value: object, right: str) -> None:
        """Tells that a value was dropped because of its type."""
        path = self.at(name)
        self.record.dropped(
            path,
            value,
            misfit_message(path, value, right),
            place=self.spot(name),
            wrong=Wrong.TYPE,
            right=right,
        )


def misfit_message(path: str, value: object, right: str) -> str:
    """The sentence about a value of the wrong type."""
    return f"{path} is {described(value)} where {right} belongs; it was left out."


def described(value: object) -> str:
    """A JSON value in a few words."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value if not isinstance(value, str) else value[:60])


def as_object(value: object) -> Mapping[str, object] | None:
    """The value if it is a JSON object."""
    return cast(Mapping[str, object], value) if isinstance(value, dict) else None
