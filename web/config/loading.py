"""Settings read from the environment and settings.toml, with every mistake named at once."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontologies.library import data_directory
from web.config.secret_key import secret_key
from web.config.settings import Settings
from web.config.together import inconsistencies
from web.errors import BadSettings

PREFIX = "SECONDCASE_"
# Decided before any setting can be read, by ontologies.library.
DIRECTORY_VARIABLE = "SECONDCASE_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDescription:
    """One setting, for the documentation and `doctor`."""

    name: str
    variable: str
    kind: str
    default: str
    wanted: str
    description: str


def describe_settings() -> tuple[SettingDescription, ...]:
    """Every setting, in the order of `Settings`."""
    return tuple(
        SettingDescription(
            name=field.name,
            variable=PREFIX + field.name.upper(),
            kind=_kind(field.name).__name__,
            default=field.metadata["shown"] or _as_text(field.default),
            wanted=field.metadata["wanted"],
            description=field.metadata["description"],
        )
        for field in _fields().values()
    )


def load_settings(
    environment: Mapping[str, str] | None = None, *, directory: Path | None = None
) -> Settings:
    """The settings from the environment and, below it, from settings.toml.

    The directory is made if it is missing, and so is `secret.key`. Raises `BadSettings`, which
    lists every problem at once.
    """
    said = os.environ if environment is None else environment
    folder = data_directory() if directory is None else directory
    problems: list[str] = []
    values = {**_from_file(folder, problems), **_from_environment(said, problems)}
    problems += inconsistencies(Settings(directory=Path(), secret_key="", **values))
    secret = secret_key(folder, problems)
    if problems:
        raise BadSettings(tuple(problems))
    return Settings(directory=folder, secret_key=secret, **values)


def _fields() -> dict[str, dataclasses.Field[Any]]:
    """What an operator may set: not the directory, not the secret."""
    return {
        field.name: field for field in dataclasses.fields(Settings) if field.metadata
    }


def _kind(name: str) -> type:
    hint = typing.get_type_hints(Settings)[name]
    if isinstance(hint, types.UnionType):
        hint = typing.get_args(hint)[0]
    kind: type = typing.get_origin(hint) or hint
    return kind


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _from_file(folder: Path, problems: list[str]) -> dict[str, Any]:
    path = folder / "settings.toml"
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read: {error}; it must be a TOML file.")
        return {}
    values = {}
    for name, value in content.items():
        if name not in _fields():
            problems.append(_unknown(f"{name} in {path}", name, list(_fields())))
            continue
        values[name] = _checked(f"{name} in {path}", name, value, problems)
    return values


def _from_environment(said: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    known = {PREFIX + name.upper(): name for name in _fields()}
    values = {}
    for variable in sorted(name for name in said if name.startswith(PREFIX)):
        if variable in known:
            name = known[variable]
            value = _parsed(name, said[variable])
            values[name] = _checked(
                variable, name, value, problems, shown=said[variable]
            )
        elif variable != DIRECTORY_VARIABLE:
            problems.append(_unknown(variable, variable, list(known)))
    return values


def _unknown(where: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{where} is no setting; the nearest one is {close[0]}."


def _parsed(name: str, text: str) -> object:
    """What the text of an environment variable means; the text itself if it means nothing."""
    kind = _kind(name)
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False}
        return {**words, "0": False}.get(text.strip().lower(), text)
    if kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return kind(text)
    except ValueError:
        return text


def _checked(
    where: str,
    name: str,
    value: object,
    problems: list[str],
    shown: object = None,
) -> Any:
    metadata = _fields()[name].metadata
    right = _typed(_kind(name), value)
    if right is None or not metadata["accepts"](right):
        said = value if shown is None else shown
        problems.append(f"{where} is {said!r}, but it must be {metadata['wanted']}.")
        return _fields()[name].default
    return right


def _typed(kind: type, value: object) -> Any:
    """The value as a setting of this type, or None."""
    if kind is tuple:
        is_list = isinstance(value, list) and all(isinstance(v, str) for v in value)
        return tuple(typing.cast(list[str], value)) if is_list else None
    if kind is float and type(value) is int:
        return float(value)
    return value if type(value) is kind else None
