"""What is shown of each case of a file before it is saved, and what was chosen of it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from matcher.case import Case, PhenotypicFeature
from matcher.readers.guesses import Guess, with_guesses
from matcher.readers.report import Entry, Kind
from matcher.validation import Severity, validate
from web.accounts.people import Person
from web.pages.cases import profile
from web.pages.cases.remarks import Remark, remarks
from web.pages.entry.checks import MOST_LINES, Problem
from web.pages.cases.versions import Group
from web.pages.imports.alike import alike_case
from web.pages.imports.reading import Found
from web.pages.imports.updating import (
    SEEN,
    Update,
    saved_before,
    saved_from_it,
    update_of,
)
from web.pages.words import counted, proband, sentence
from web.service import service

APART = "apart"
MOST_SENTENCES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessLine:
    """The same words read as the same entry, in however many cases."""

    key: str
    entered: str
    label: str
    id: str
    sign: str
    likeness: str
    cases: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case of the file; `alike` is the id of a case that looks like the same person.

    `differences` are what the file says otherwise than the case that was imported before, which
    it may turn out not to be: then `may_be_apart`.
    """

    number: int
    name: str
    proband: str
    observed: list[profile.Line]
    excluded: list[profile.Line]
    uncertain: list[profile.Line]
    relatives: list[tuple[str, str]]
    genes: list[profile.GeneRow]
    diseases: list[profile.Line]
    facts: list[tuple[str, str]]
    waiting: list[str]
    mapped: list[str]
    guessed: list[str]
    dropped: list[str]
    remarks: list[Remark]
    alike: str
    is_saved: bool
    is_chosen: bool
    may_be_apart: bool
    is_apart: bool
    seen: str
    differences: list[Group]


def values(
    person: Person, found: Found, form: MultiDict[str, str] | None = None
) -> dict[str, Any]:
    """Everything that the page shows; `form` is what was sent last, if it could not be saved."""
    said = _sentences(found)
    lines = [
        _line(person, found, number, said, form) for number in range(len(found.cases))
    ]
    guesses = _guess_lines(found, form.getlist("guess") if form else ())
    return {
        "lines": lines,
        "guesses": guesses,
        "about_all": [
            entry.message for entry in found.report.entries if not entry.case_id
        ],
        "counts": [sentence(text) for text in found.report.lines()],
        "heading": sentence(counted(len(lines), "case"))
        + " in the file"
        + (
            f", {counted(len(guesses), 'guess', 'guesses')} to confirm"
            if guesses
            else ""
        ),
    }


def _line(
    person: Person,
    found: Found,
    number: int,
    said: dict[tuple[str, Kind], list[str]],
    form: MultiDict[str, str] | None,
) -> CaseLine:
    case, release = found.cases[number], service().release
    saved = saved_before(person, found, case)
    update = update_of(person, found, case)
    differences = update.differences if update else []
    alike = saved or alike_case(person, case)
    has_error = any(i.severity is Severity.ERROR for i in validate(case, release))
    waiting = [_label(g) for g in found.guesses if g.case_id == case.case_id]
    chosen = not alike and (not has_error or bool(waiting))
    if form is not None:
        chosen = str(number) in form.getlist("case")
    return CaseLine(
        number=number,
        name=case.case_id,
        proband=proband(case),
        observed=profile.lines((f for f in case.features if not f.excluded), release),
        excluded=profile.lines((f for f in case.features if f.excluded), release),
        uncertain=profile.lines(case.uncertain, release),
        relatives=profile.relatives(case, release),
        genes=profile.gene_rows(case.genomic_features, release),
        diseases=profile.disease_lines(case, release),
        facts=[fact for fact in profile.facts(case, release) if fact[1]],
        waiting=waiting,
        mapped=said[case.case_id, Kind.MAPPED],
        guessed=said[case.case_id, Kind.GUESSED],
        dropped=said[case.case_id, Kind.DROPPED],
        remarks=remarks(case, release),
        alike=alike,
        is_saved=bool(saved),
        is_chosen=chosen and (not saved or bool(differences)),
        may_be_apart=bool(saved)
        and not saved_from_it(person, found, case)
        and (update is None or bool(differences)),
        is_apart=form is not None and str(number) in form.getlist(APART),
        seen=update.seen if update else "",
        differences=differences,
    )


def _sentences(found: Found) -> dict[tuple[str, Kind], list[str]]:
    """What the readers say of each case, each sentence once; guesses of words stand apart."""
    said: dict[tuple[str, Kind], list[str]] = defaultdict(list)
    for entry in found.report.entries:
        told = said[entry.case_id, entry.kind]
        if entry.message not in told and not _is_waiting(entry):
            if len(told) < MOST_SENTENCES:
                told.append(entry.message)
    return said


def _is_waiting(entry: Entry) -> bool:
    return entry.message.endswith("only when confirmed.")


def _guess_lines(found: Found, confirmed: Collection[str]) -> list[GuessLine]:
    by_key: dict[str, list[Guess]] = defaultdict(list)
    for guess in found.guesses:
        by_key[_digest(guess)].append(guess)
    return [
        GuessLine(
            key=key,
            entered=alike[0].entered,
            label=alike[0].part.label,
            id=alike[0].coded_id,
            sign="no" if _is_excluded(alike[0]) else "maybe",
            likeness=f"{alike[0].score:.2f}",
            cases=counted(len({guess.case_id for guess in alike}), "case"),
            is_confirmed=key in confirmed,
        )
        for key, alike in by_key.items()
    ]


def _is_excluded(guess: Guess) -> bool:
    return isinstance(guess.part, PhenotypicFeature) and guess.part.excluded


def _label(guess: Guess) -> str:
    return f"“{guess.entered}” as {guess.part.label}"


def _digest(guess: Guess) -> str:
    said = f"{guess.key}|{_is_excluded(guess)}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def chosen(found: Found, numbers: Iterable[str]) -> list[Case]:
    """The cases that were ticked."""
    wanted = set(numbers)
    return [case for number, case in enumerate(found.cases) if str(number) in wanted]


def confirmed(found: Found, keys: Iterable[str]) -> list[Guess]:
    """The guesses that were ticked."""
    wanted = set(keys)
    return [guess for guess in found.guesses if _digest(guess) in wanted]


def completed(case: Case, guesses: Iterable[Guess]) -> Case:
    """The case with the confirmed guesses that are about it."""
    return with_guesses(case, guesses)


def problems(
    person: Person, found: Found, cases: Sequence[Case], form: MultiDict[str, str]
) -> list[tuple[str, str, str]]:
    """Why the chosen cases cannot be saved; none if they can.

    The form names the versions whose differences to the file were on the page.
    """
    if not cases:
        return [("cases", "Cases", "Tick at least one case to save.")]
    apart = {case.case_id for case in chosen(found, form.getlist(APART))}
    updated = {case.case_id for case in chosen(found, form.getlist("case"))}
    said = []
    for case in cases:
        is_apart = case.case_id in apart
        update = None if is_apart else update_of(person, found, case)
        saved_as = update.case if update else case
        errors = [
            issue.message
            for issue in validate(saved_as, service().release)
            if issue.severity is Severity.ERROR
        ]
        if len(saved_as.features) > MOST_LINES:
            errors.append(
                f"{len(saved_as.features):,} features are more than {MOST_LINES}; keep those that "
                "tell this person from others."
            )
        if not is_apart:
            saved = saved_before(person, found, case)
            errors += _update_errors(saved, update, form.getlist(SEEN))
        elif case.case_id in updated:
            errors.append(
                "It is ticked as the case before and as somebody else. Tick one."
            )
        elif saved := saved_from_it(person, found, case):
            errors.append(f"It was saved from this very file before, as {saved}.")
        said += [Problem("cases", case.case_id, message) for message in errors[:1]]
    return [(p.field, p.label, p.message) for p in said]


def _update_errors(
    saved: str, update: Update | None, seen: Collection[str]
) -> Iterator[str]:
    """Why a case that was imported before, as `saved`, cannot be updated."""
    if saved and update is None:
        yield f"It was saved before as {saved}, which is not yours to change any more."
    elif update and update.seen not in seen:
        yield (
            f"It was saved before as {saved}, and that is not the version that you were shown. "
            "Look at the difference below, and tick it again."
        )
