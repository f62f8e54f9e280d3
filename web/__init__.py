"""Who asks, and in which format: the web service around the matcher."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web.application import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    # The whole service takes a second to import, which most commands do not need.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("web.application"), name)
