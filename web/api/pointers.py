"""Where in a JSON document something stands, as a JSON Pointer (RFC 6901)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from matcher.readers.fields import camel_case, plain_text, snake_case

MOST_PLACES = 20_000

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a document, and the text that stands there if it is one."""

    pointer: str
    value: str = ""

    def below(self, base: str) -> Found:
        """The same place in a document of which this one is a part."""
        return Found(base + self.pointer, self.value)


def find(document: object, field: str, is_wanted: Callable[[str], bool]) -> Found:
    """The first value below a dotted field whose text is wanted.

    Lists are looked through item by item, and names found in camelCase and in snake_case. Where
    no value is wanted it is the field, or as much of it as there is.
    """
    steps = [step for step in field.split(".") if step]
    near: Place = ()
    for place, value in islice(_below(document, steps), MOST_PLACES):
        if (text := plain_text(value)) is not None and is_wanted(text):
            return Found(written(place), text)
    for length in range(1, len(steps) + 1):
        found = _plain_place(document, steps[:length])
        if found is None:
            break
        near = found
    return Found(written(near))


def written(place: Sequence[str | int]) -> str:
    """The place as a JSON Pointer."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "".join(f"/{step}" for step in escaped)


def _below(
    value: object, steps: Sequence[str], place: Place = ()
) -> Iterator[tuple[Place, object]]:
    """Every value that is no object or list at or below the path, in order."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _below(item, steps, (*place, number))
    elif isinstance(value, dict):
        step = _name(value, steps[0]) if steps else None
        names = [step] if step is not None else [] if steps else list(value)
        for name in names:
            yield from _below(value[name], steps[1:], (*place, name))
    else:
        # Readers take a bare text for an object with an id.
        yield place, value


def _plain_place(value: object, steps: Sequence[str]) -> Place | None:
    """The place of a path that leads through objects alone."""
    place: list[str | int] = []
    for step in steps:
        name = _name(value, step) if isinstance(value, dict) else None
        if name is None or not isinstance(value, dict):
            return None
        place.append(name)
        value = value[name]
    return tuple(place)


def _name(value: dict[str, object], step: str) -> str | None:
    return next(
        (n for n in (step, camel_case(step), snake_case(step)) if n in value), None
    )
