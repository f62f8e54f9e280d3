"""What becomes of a patient with whom something goes wrong here: logged, and never the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import structlog

from matcher.storage.errors import StoreError
from web.errors import frames

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


def tried(node: str, look: Callable[[], Result]) -> Result | None:
    """What a look at a patient of a peer gives, None if it fails.

    What a peer sends may be anything, and one patient must not cost the others: the log says
    where it failed, without a word of the patient. What the database says is no fault of the
    patient's and comes through.
    """
    try:
        return look()
    except (StoreError, sqlite3.Error):
        raise
    except Exception as error:
        name = type(error).__name__
        log.error("patient put aside", node=node, error=name, frames=frames(error))
        return None
