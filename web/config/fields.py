"""What a setting says of itself: its default, what it is for, and what it accepts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any


def setting(
    default: Any,
    description: str,
    wanted: str,
    accepts: Callable[[Any], bool],
    shown: str | None = None,
) -> Any:
    """A field of `Settings` that an operator may set."""
    metadata = {
        "description": description,
        "wanted": wanted,
        "accepts": accepts,
        "shown": shown,
    }
    return dataclasses.field(default=default, metadata=metadata)


def number(default: float, low: float, high: float, description: str) -> Any:
    """A field that takes a number from `low` to `high`, whole if its default is."""
    kind = "a whole number" if isinstance(default, int) else "a number"
    return setting(
        default,
        description,
        f"{kind} from {low} to {high}",
        lambda value: low <= value <= high,
    )


def is_host(text: str) -> bool:
    """Whether this is an IP address or a name to listen on or to connect to."""
    return re.fullmatch(r"\[?[0-9A-Za-z_.:-]+\]?", text) is not None


def is_trusted_host(text: str) -> bool:
    """Whether this is a name of a site, or of all below a leading dot."""
    return re.fullmatch(r"\.?[0-9A-Za-z_.-]+|\[[0-9A-Fa-f:.]+\]", text) is not None


def is_address(text: str) -> bool:
    """Whether this is one e-mail address."""
    return re.fullmatch(r"[!-?A-~]{1,64}@[0-9A-Za-z.-]{1,190}", text) is not None


def is_site(text: str) -> bool:
    """Whether this is the address of a site, without query and fragment."""
    return re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text) is not None
