"""Treatments tried and exposures as they are typed: names of a list, each with its code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from matcher.case import Exposure, Treatment

LONGEST = 200
OWN = "local"
_CODES = Path(__file__).with_name("codes.toml")
# "ATC:N03AG01 valproic acid": who knows the code may say it first.
_CODED = re.compile(r"(?P<code>[A-Za-z][\w.]*:[\w.\-]+)\s+(?P<name>\S.*)")

RESPONSES = (
    ("", "response?"),
    ("good", "good"),
    ("partial", "partial"),
    ("none", "none"),
    ("worse", "made it worse"),
    ("not tolerated", "not tolerated"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedTreatment:
    """One treatment of the form, as it was typed."""

    name: str = ""
    response: str = ""
    reason: str = ""
    known: Treatment | None = None

    @classmethod
    def of(cls, treatment: Treatment) -> TypedTreatment:
        """A stored treatment as the form first shows it."""
        return cls(
            name=treatment.label or treatment.agent_id,
            response=treatment.response,
            reason=treatment.reason,
            known=treatment,
        )

    def treatment(self) -> Treatment:
        """The treatment; the code of a known one stays while its name does."""
        known = self.known
        if known is not None and TypedTreatment.of(known) == self:
            return known
        if known is None or (known.label or known.agent_id) != self.name:
            code, name = coded(self.name, "treatments")
            known = Treatment(agent_id=code, label=name)
        is_same = known.response == self.response
        return replace(
            known,
            response=self.response,
            response_id=known.response_id if is_same else None,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedExposure:
    """One exposure or habit of the form, as it was typed."""

    name: str = ""
    note: str = ""
    known: Exposure | None = None

    @classmethod
    def of(cls, exposure: Exposure) -> TypedExposure:
        """A stored exposure as the form first shows it."""
        return cls(
            name=exposure.label or exposure.exposure_id,
            note=exposure.note,
            known=exposure,
        )

    def exposure(self) -> Exposure:
        """The exposure; the code of a known one stays while its name does."""
        known = self.known
        if known is None or (known.label or known.exposure_id) != self.name:
            code, name = coded(self.name, "exposures")
            known = Exposure(exposure_id=code, label=name)
        return replace(known, note=self.note)


def coded(entered: str, kind: str) -> tuple[str, str]:
    """The code and the name of what was typed; a code of the site's own where none is known."""
    said = _CODED.fullmatch(entered)
    if said:
        return said["code"], said["name"]
    name = " ".join(entered.split())
    known = listed(kind).get(name.casefold())
    own = re.sub(r"\W+", "-", name.casefold()).strip("-") or "unnamed"
    return known or f"{OWN}:{own}", name


@cache
def listed(kind: str) -> dict[str, str]:
    """The names that the form suggests for `treatments` or `exposures`, with their codes."""
    with _CODES.open("rb") as file:
        names: dict[str, str] = tomllib.load(file)[kind]
    return names
