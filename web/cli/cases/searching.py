"""What the commands that search share: the cases they know, and the matcher of the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click

from matcher.case import Case
from matcher.evidence import EvidenceKind
from matcher.matching import Matcher
from matcher.readers import Report
from matcher.storage.store import CaseStore
from ontologies import Release
from web.cli.cases.inputs import read_inputs
from web.cli.progress import shown
from web.config import load_settings
from web.db import open_database
from web.service import as_set, chosen_calibration

Command = TypeVar("Command", bound=Callable[..., Any])

STORE = "store"


@dataclass(frozen=True, slots=True)
class KnownCases:
    """The cases to search, those saved before a given day apart."""

    cases: list[Case]
    earlier: list[Case]

    @property
    def all(self) -> list[Case]:
        """Both."""
        return [*self.earlier, *self.cases]


def evidence_option(command: Command) -> Command:
    """The option that names the kinds of evidence that count."""
    return click.option(
        "--evidence",
        "kinds",
        callback=_evidence_kinds,
        metavar="KIND,...",
        help="Evidence that counts: phenotype, gene, variant, onset, inheritance (these by "
        "default) and diagnosis, which is never used unless named.",
    )(command)


def _evidence_kinds(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> frozenset[EvidenceKind] | None:
    """Kinds of evidence named with commas between them."""
    if text is None:
        return None
    known = {str(kind): kind for kind in EvidenceKind}
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        raise click.BadParameter(
            f"{', '.join(wrong) or text!r}: choose from {', '.join(known)}."
        )
    return frozenset(known[name] for name in names)


def known_cases(path: str, report: Report, since: date | None = None) -> KnownCases:
    """Cases of a path, or of the store; only stored ones can be earlier than a day, UTC."""
    if path != STORE:
        return KnownCases(read_inputs([path], report), [])
    cases: list[Case] = []
    earlier: list[Case] = []
    day = since.isoformat() if since else ""
    with CaseStore(open_database(load_settings().database)) as store:
        for stored in store.cases():
            (cases if stored.saved_at >= day else earlier).append(stored.case)
    if not cases and not earlier:
        raise click.ClickException(
            "The store is empty; 'secondcase import PATH' puts cases into it."
        )
    return KnownCases(cases, earlier)


def matcher_of(release: Release, known: KnownCases) -> Matcher:
    """A matcher over these cases by the calibration of the settings; earlier ones are revision 0.

    Raises `BadSettings`.
    """
    settings = load_settings()
    with shown() as tell:
        chosen = chosen_calibration(
            settings, release, lambda done, total: tell("Calibrating", done, total)
        )
    matcher = Matcher(release, known.earlier, as_set(chosen, settings))
    matcher.add_all(known.cases, revision=1)
    return matcher
