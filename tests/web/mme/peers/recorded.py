"""Requests and replies in the style of peers, made up, each as the bytes that go over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "data" / "mme"


@dataclass(frozen=True)
class Recorded:
    """One request: its headers but for the token, and its body."""

    headers: Mapping[str, str]
    body: bytes


def request_of(peer: str) -> Recorded:
    """The request in the style of a peer."""
    head, _, body = (DATA / f"{peer}.http").read_bytes().partition(b"\n\n")
    _, *lines = head.decode("ascii").splitlines()
    pairs = (line.split(": ", 1) for line in lines)
    return Recorded({name: value for name, value in pairs}, body)


def reply_of(peer: str) -> list[dict[str, Any]]:
    """The results of a reply in the style of a peer."""
    reply: dict[str, list[dict[str, Any]]] = json.loads(
        (DATA / f"{peer}-reply.json").read_text("utf-8")
    )
    return reply["results"]
