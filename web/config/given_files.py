"""Files that a setting names: a secret for its owner alone, certificates of an authority."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


def secret_problems(setting: str, file: str, what: str) -> Iterator[str]:
    """What keeps a file from holding `what`, such as "the password", for its owner alone."""
    try:
        mode = Path(file).stat().st_mode
        is_empty = not Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        yield f"{setting} {file!r} cannot be read: {error}."
        return
    if is_empty:
        yield f"{setting} {file!r} is empty; it must hold {what}."
    if mode & OTHERS_MAY_READ:
        yield f"{setting} {file!r} may be read by others; its mode must be 600."


def authority_problems(setting: str, file: str) -> Iterator[str]:
    """What keeps a file from telling by which authority a server is known."""
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        yield f"{setting} {file!r} cannot be used: {error}; it must be in PEM format."
