"""The site's secret, which every key is made from: readable for its owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from web.errors import BadSettings

SECRET_BYTES = 32


def secret_key(folder: Path, problems: list[str]) -> str:
    """The key in the folder, made if there is none; what is wrong with it joins `problems`."""
    path = folder / "secret.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            make_secret_key(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            problems.append(
                f"{path} has mode {mode:03o}, so others can read it; it must have mode 600: "
                f"run 'chmod 600 {path}'."
            )
        key = path.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        problems.append(
            f"{path} cannot be used: {error}; its owner must run Secondcase."
        )
        return ""
    if len(key) < 2 * SECRET_BYTES:
        problems.append(
            f"{path} holds {len(key)} characters, but it must hold at least "
            f"{2 * SECRET_BYTES}; put the old one back. A new one is made if it is removed: then "
            "everybody logs in again, the audit so far can no longer be verified, and the tokens "
            "that peers gave you must be given again with 'secondcase node set'."
        )
    return key


def required_secret_key(folder: Path) -> str:
    """The key in the folder. Raises `BadSettings` if it cannot be used."""
    problems: list[str] = []
    found = secret_key(folder, problems)
    if problems:
        raise BadSettings(tuple(problems))
    return found


def make_secret_key(path: Path) -> None:
    """Write a new key. Of several processes that start at once, the first one's stays."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    with os.fdopen(os.open(unfinished, flags, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
