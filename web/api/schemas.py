"""What calls of the API take and answer, as the document of the API shows it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as ValidationError


from matcher.case import Sharing
from web.problems import Fault

LONGEST_ID = 200
MOST_LISTED = 200
MOST_MATCHES = 50
# What a path, a log and a database carry alike: no control characters, no halves of pairs.
ID_PATTERN = r"^[^\x00-\x1f\x7f/]+$"

ExternalId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=ID_PATTERN,
        description="Your own id of the case: one for each case of the site, up to "
        f"{LONGEST_ID} characters without a slash. It is shown at your site alone.",
    ),
]


NodeName = Annotated[str, Field(max_length=LONGEST_ID, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Body(BaseModel):
    """What a call answers."""


class PeersTold(Body):
    """The peers of the exchange that are told less of a case than others, whoever said so."""

    not_to: list[str] = Field(description="They are told nothing of it.")
    level_1_to: list[str] = Field(
        description="They are told of it at exchange-1 at most."
    )


class Format(StrEnum):
    """How a case is written."""

    PHENOPACKET = "phenopacket"
    PATIENT = "mme"


class CasePath(BaseModel):
    """The address of one case."""

    external_id: ExternalId


class PutQuery(BaseModel):
    """How a case is kept."""

    model_config = ConfigDict(extra="forbid")

    sharing: Sharing | None = Field(
        None,
        description="Who may see the case. Without it a new case is for its site, and a "
        "changed one stays as it is. exchange-2 needs a consent on record, or in this call.",
    )
    consent_given_by: Literal["person", "parent", "guardian"] | None = Field(
        None, description="Who agreed to the sharing. Names of people stay on the form."
    )
    consent_given_on: date | None = Field(
        None, description="The day on which they agreed."
    )
    consent_form: str | None = Field(
        None,
        min_length=1,
        max_length=80,
        description="Name and version of the form that was signed; it stays with you.",
    )
    consent_expires_on: date | None = Field(
        None,
        description="The first day on which the consent is no longer good; without it, it is "
        "good until it is withdrawn.",
    )

    not_to: list[NodeName] | None = Field(
        None,
        description="Peers of the exchange that are told nothing of the case, by the name that "
        "the operator of the site gave them; repeat it for several. With this or level_1_to your "
        "system's limits become exactly those of the call, and an empty name stands for nobody; "
        "without both they stay. What people of the site have limited stays limited.",
    )
    level_1_to: list[NodeName] | None = Field(
        None,
        description="Peers that are told of the case at exchange-1 at most; otherwise as not_to.",
    )


class GetQuery(BaseModel):
    """How a case is answered."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(
        Format.PHENOPACKET,
        description="A Phenopacket (version 2), or a Matchmaker Exchange patient.",
    )


class ListQuery(BaseModel):
    """Which part of the list is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(
        50, ge=1, le=MOST_LISTED, description="How many cases are named at most."
    )
    after: str = Field(
        "",
        max_length=LONGEST_ID,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The case_id after which the list goes on: `next` of the answer before.",
    )


class MatchQuery(BaseModel):
    """How many matches are wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(
        10, ge=1, le=MOST_MATCHES, description="How many matches are told at most."
    )


class NoQuery(BaseModel):
    """A call without parameters."""

    model_config = ConfigDict(extra="forbid")


class Remark(Body):
    """A value that did not go over exactly as it stood, or does not count as it stands."""

    kind: str = Field(
        description="mapped: its form was changed, not its meaning. guessed: a meaning was "
        "assumed. dropped: it was left out. warning: it is kept and does not count. note: "
        "it counts, and is worth knowing."
    )
    pointer: str = Field(description="JSON Pointer of the value in the body you sent.")
    field: str
    value: str
    message: str


class ReadReport(Body):
    """What was made of each value: how often, by field, and a remark where it matters."""

    mapped: dict[str, int]
    guessed: dict[str, int]
    dropped: dict[str, int]
    remarks: list[Remark]
    omitted: int = Field(description="How many remarks more there were.")


class Deposit(Body):
    """What became of a case that was put."""

    external_id: str
    case_id: str = Field(description="What the case is called at this site's pages.")
    version: int
    status: Literal["created", "changed", "unchanged"]
    sharing: Sharing
    peers: PeersTold
    report: ReadReport


class CaseAnswer(Body):
    """A case as it is kept now."""

    external_id: str
    case_id: str
    version: int
    sharing: Sharing
    peers: PeersTold
    saved_at: str
    changed_by: str
    format: Format
    case: dict[str, Any] = Field(
        description="The Phenopacket or the patient, as asked for."
    )


class CaseLine(Body):
    """A case of the list."""

    external_id: str
    case_id: str
    version: int
    sharing: Sharing
    saved_at: str


class CaseList(Body):
    """The cases that your system submitted, in order of case_id."""

    total: int
    cases: list[CaseLine]
    next: str | None = Field(
        description="Give it as `after` to go on; null at the end of the list."
    )


class MatchAnswer(Body):
    """One candidate, as a clinician of your site would see it."""

    rank: int
    case_id: str
    is_own_site: bool
    score: float = Field(description="Evidence for the same disorder, in nats.")
    probability: float = Field(
        ge=0, le=1, description="That the two have the same disorder."
    )
    band: str = Field(description="contact, look or background: what it is worth.")
    patient: dict[str, Any] = Field(
        description="As much of the candidate as you may see, as a Matchmaker Exchange patient."
    )
    explanation: dict[str, Any] = Field(
        description="Why the two match: the account that the pages show."
    )
    provenance: dict[str, str] = Field(
        description="What the score was made from: with the same it can be computed again."
    )


class Matches(Body):
    """The candidates for one case, most probable first."""

    searched: int = Field(description="Among how many cases was searched.")
    is_calibrated: bool = Field(
        description="Whether the case has the three terms from which frequencies are known."
    )
    warnings: list[str]
    results: list[MatchAnswer]


class MatchesOfBody(Matches):
    """The candidates for the case of a body, and how that was read."""

    report: ReadReport


class FieldError(Body):
    """One thing that is wrong with a call."""

    place: Literal["body", "path", "query", "header"]
    field: str
    pointer: str = Field(
        description="JSON Pointer of the value, where it is in the body."
    )
    value: str
    message: str = Field(description="What is wrong, and what would be right.")


class Problem(Body):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]
    reference: str | None = Field(
        None,
        description="What to tell the operator of the site; of an error 500 alone.",
    )


def faults_of(error: ValidationError, place: str) -> list[Fault]:
    """Each parameter that does not fit, with its value and what would be right."""
    return [
        Fault(
            place=place,
            field=".".join(map(str, each["loc"])),
            value="" if each["input"] is None else str(each["input"]),
            message=f"{each['msg']}.",
        )
        for each in error.errors(include_url=False)
    ]
