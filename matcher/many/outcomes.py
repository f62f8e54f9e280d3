"""What is kept of the answer to each of many queries: its best candidates, or what is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from matcher.engine.packed import Floats
from matcher.engine.question import Question
from matcher.engine.search import Found
from matcher.many.shortlist import Shortlist
from matcher.matches import Ranking
from matcher.storage.codec import encode

if TYPE_CHECKING:
    from matcher.assessment import Assessor


class Result(Protocol):
    """Plain values, cheap to send between processes and to keep in a file."""

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        raise NotImplementedError


Kept = TypeVar("Kept", bound=Result)
Made = TypeVar("Made", bound=Result, covariant=True)


class Outcome(Protocol[Made]):
    """Makes a result of what was found; `name` tells results of one kind from others."""

    @property
    def name(self) -> str:
        """Differs wherever results would."""
        raise NotImplementedError

    def of(
        self, question: Question, found: Sequence[Found], similarities: Sequence[Floats]
    ) -> Made:
        """The result for one query; `similarities` holds X of all cases of each part."""
        raise NotImplementedError

    def from_json(self, values: Mapping[str, Any]) -> Made:
        """The result that was kept as these JSON values."""
        raise NotImplementedError

    def told(self, case_ids: Iterable[str]) -> str:
        """A digest of what a result may tell of these cases beside how they compare."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Shortlists:
    """Keeps the best candidates without the account of each."""

    assessor: Assessor
    name: str = "shortlists"

    def of(
        self, question: Question, found: Sequence[Found], similarities: Sequence[Floats]
    ) -> Shortlist:
        """The shortlist of one query."""
        x = [similarities[each.part].item(each.position) for each in found]
        return self.assessor.shortlist(question, found, x)

    def from_json(self, values: Mapping[str, Any]) -> Shortlist:
        """The shortlist that was kept."""
        return Shortlist.from_json(values)

    def told(self, case_ids: Iterable[str]) -> str:
        """Nothing: a shortlist holds ids and numbers."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written of the answer to one query; `unresolved` are its ids left out."""

    query_id: str
    unresolved: tuple[str, ...]
    text: str

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Writer:
    """Turns a ranking into text; whoever changes what it writes changes its name."""

    name: str
    write: Callable[[Ranking], str]


@dataclass(frozen=True, slots=True)
class WrittenRankings:
    """Writes the whole ranking where it is made, so that no account has to be sent or kept."""

    assessor: Assessor
    writer: Writer

    @property
    def name(self) -> str:
        """Differs from writer to writer."""
        return f"written as {self.writer.name}"

    def of(
        self, question: Question, found: Sequence[Found], similarities: Sequence[Floats]
    ) -> Written:
        """What is written of one query."""
        ranking = self.assessor.ranking(question, found)
        return Written(
            query_id=ranking.query_id,
            unresolved=ranking.unresolved,
            text=self.writer.write(ranking),
        )

    def from_json(self, values: Mapping[str, Any]) -> Written:
        """What was kept."""
        return Written(**{**values, "unresolved": tuple(values["unresolved"])})

    def told(self, case_ids: Iterable[str]) -> str:
        """SHA-256 of the whole cases, for an account may show any part of one."""
        found = hashlib.sha256()
        for case_id in sorted(case_ids):
            case = self.assessor.fetch(case_id)
            found.update((encode(case) if case else case_id).encode() + b"\n")
        return found.hexdigest()
