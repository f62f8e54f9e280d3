"""What can be wrong with a case, a file of cases, or the store they are kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


class MatcherError(Exception):
    """Base of every error of this package. Its text is a sentence for a person."""


class UnreadableInput(MatcherError):
    """Base of whatever keeps a file or a message from being read as cases."""


class NoSuchInput(UnreadableInput):
    """A path that is not there, or is neither a file nor a folder."""

    def __init__(self, path: object) -> None:
        super().__init__(
            f"{str(path)!r} is not a file or folder that can be read; name Phenopackets v2, "
            "Matchmaker Exchange patients or FHIR bundles as a file, folder, zip or JSON lines, "
            "or a table."
        )


class NoCasesFound(UnreadableInput):
    """A readable path that holds no case at all."""

    def __init__(self, path: object) -> None:
        super().__init__(
            f"{str(path)!r} holds no case; expected at least one file that ends in .json, "
            ".jsonl, .ndjson or .zip."
        )


class NotText(UnreadableInput):
    """Bytes that are neither UTF-8 nor Windows-1252 text."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"The text is not UTF-8 (byte {position} fits no encoding); save it as UTF-8."
        )


class ByteOrderMark(UnreadableInput):
    """A message that begins with a byte order mark."""

    def __init__(self) -> None:
        super().__init__(
            "The message begins with a byte order mark; JSON is sent as UTF-8 without one."
        )


class EmptyDocument(UnreadableInput):
    """Nothing at all where a JSON value should stand."""

    def __init__(self) -> None:
        super().__init__("The document is empty; expected one JSON object or list.")


class NotJson(UnreadableInput):
    """Text that is not one JSON value."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        place = f" at line {line}, column {column}" if line else ""
        super().__init__(f"This is not JSON: {reason}{place}.")
        self.line = line
        self.column = column


class NotANumber(UnreadableInput):
    """NaN, Infinity, or a number too large to be one."""

    def __init__(self, token: str) -> None:
        super().__init__(
            f"{token[:40]} is not a JSON number; leave an unknown value out or give null."
        )


class DuplicateKey(UnreadableInput):
    """A JSON object that says one key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The key {key[:80]!r} stands twice in one object; give it once, or as a list."
        )


class TooDeep(UnreadableInput):
    """JSON nested deeper than any case can be."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The JSON is nested deeper than {limit} levels; no case format needs more."
        )


class TooLarge(UnreadableInput):
    """More bytes than are read at once."""

    def __init__(self, limit: int, what: str = "The document") -> None:
        super().__init__(
            f"{what} is over the limit of {limit:,} bytes; split it, one case a file or line."
        )
        self.limit = limit


class TooManyValues(UnreadableInput):
    """JSON or lines of so many values that reading them takes minutes or all memory."""

    def __init__(self, limit: int, what: str = "values") -> None:
        super().__init__(
            f"There are more than {limit:,} {what}; split the input into smaller ones."
        )


class LoneSurrogate(UnreadableInput):
    """A string with half of a surrogate pair, which no encoding can carry."""

    def __init__(self) -> None:
        super().__init__(
            "A string holds half of a surrogate pair (such as \\ud800 alone); "
            "write both halves or the character itself."
        )


class BrokenArchive(UnreadableInput):
    """A compressed file, or a member of one, that cannot be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This cannot be unpacked: {reason}.")


class UnknownFormat(UnreadableInput):
    """JSON that is neither a phenopacket nor an MME patient nor a FHIR bundle."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"This is {found}, neither a Phenopackets v2 packet, family or cohort "
            "nor a Matchmaker Exchange patient nor a FHIR R4 bundle."
        )


class UnreadableTable(UnreadableInput):
    """A text that is no table of cases."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}.")


class BadMapping(UnreadableInput):
    """A mapping of columns that does not fit its table."""

    def __init__(self, entered: str, wanted: str) -> None:
        super().__init__(f"{entered[:100]!r} is not {wanted}.")


class ColumnsNotConfirmed(UnreadableInput):
    """A table of which nobody has said what its columns hold."""

    def __init__(self, guessed: Mapping[str, str]) -> None:
        mapping = json.dumps(guessed, ensure_ascii=False, indent=1)
        super().__init__(
            "What the columns hold was only guessed from their names; put this, corrected, into "
            f"a file and name it with --map, or take it with --accept-guesses:\n{mapping}"
        )
        self.guessed = guessed


class UnreadableVcf(UnreadableInput):
    """A text that is no VCF, or one that does not say what is needed of it."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}.")


class UnreadablePedigree(UnreadableInput):
    """A text that is no pedigree."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}.")


class UnsupportedVersion(UnreadableInput):
    """A phenopacket of another major version than 2."""

    def __init__(self, evidence: str) -> None:
        super().__init__(
            f"This phenopacket is not version 2 ({evidence}); convert it to Phenopackets v2, "
            "for instance with 'pxf convert', and read it again."
        )


class MalformedCase(UnreadableInput):
    """A case that lacks what every case must have."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"{what}; {right}.")


class DuplicateCase(UnreadableInput):
    """Two cases with one id in the same input; `more` counts further such pairs."""

    def __init__(self, case_id: str, first: str, second: str, more: int = 0) -> None:
        others = f" {more:,} more ids stand twice." if more else ""
        super().__init__(
            f"The case id {case_id!r} stands in both {first} and {second}; "
            f"ids must be unique within one input, so rename or remove one.{others}"
        )
        self.case_id = case_id
        self.first = first
        self.second = second


class UnreadableCases(UnreadableInput):
    """Everything that is wrong with one input, each problem with its place."""

    shown = 20

    def __init__(self, path: object, problems: Sequence[UnreadableInput]) -> None:
        lines = [f"  {problem}" for problem in problems[: self.shown]]
        if len(problems) > self.shown:
            lines.append(f"  and {len(problems) - self.shown:,} more")
        count = f"{len(problems):,} problem" + ("s" if len(problems) > 1 else "")
        super().__init__("\n".join([f"{count} in {str(path)!r}:", *lines]))
        self.problems = tuple(problems)


class ProblemAt(UnreadableInput):
    """A problem together with the file, member or line it was found in."""

    def __init__(self, source: str, problem: UnreadableInput) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class UnknownCase(MatcherError):
    """A case id that is not kept here."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"There is no case {case_id!r} here; 'secondcase export' lists the ids."
        )
        self.case_id = case_id


class NegativeLimit(MatcherError, ValueError):
    """A number of wanted matches below zero."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A limit of {limit} matches means nothing; it is zero or more, or None for all."
        )
