"""What is written to the log: ids, counts and timings, as lines of JSON on standard error."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# What may never stand in a log, whoever tries: terms, addresses of people, tokens.
NEVER = re.compile(
    r"HP:\d{7}|[^\s@:]+@[^\s@]+\.[^\s@]+|\b[0-9a-fA-F]{40,}\b|\b[\w-]{43}\b"
)
LONGEST = 300


def configure(level: str = "info") -> None:
    """Set up the log of this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_secrets,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def without_secrets(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The event with everything removed that no log may hold."""
    return {name: _plain(value) for name, value in event.items()}


def _plain(value: object) -> object:
    """A number or a short text; of anything else only its type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return NEVER.sub("[removed]", value[:LONGEST])
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:50]]
    return f"[{type(value).__name__}]"
