"""What can be wrong with a call of the API, each with the fields it is about."""

from __future__ import annotations

from collections.abc import Sequence

from web.errors import WebError
from web.mme.disclosing.consents import BadConsent, ConsentMissing
from web.problems import Fault
from web.viewing.told import NotRecorded

RETRY_SECONDS = 1


class ApiError(WebError):
    """Base of what is wrong with a call; `faults` name the fields."""

    def __init__(self, sentence: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(sentence)
        self.faults = tuple(faults)


class NoAccess(ApiError):
    """A call without a token, or with one that is unknown or revoked."""

    headers = {"WWW-Authenticate": 'Bearer realm="Secondcase"'}

    def __init__(self) -> None:
        message = (
            "The header 'Authorization: Bearer TOKEN' is missing or its token is not accepted; "
            "the operator of this site makes one with 'secondcase token add'."
        )
        super().__init__(
            message, [Fault(place="header", field="Authorization", message=message)]
        )


class OutOfScope(ApiError):
    """A call that the token is not good for, or a case that is not its to see."""

    def __init__(self) -> None:
        super().__init__("There is nothing here for this token.")


class WrongType(ApiError):
    """A body of a content type that is not read here."""

    def __init__(self, given: str, wanted: Sequence[str]) -> None:
        message = f"The content type is {given[:100]!a}; right would be {' or '.join(wanted)}."
        fault = Fault(
            place="header", field="Content-Type", value=given, message=message
        )
        super().__init__(message, [fault])


class BadBody(ApiError):
    """A body that is not JSON that can be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, [Fault(place="body", field="", message=message)])


class BodyTooLarge(BadBody):
    """A body of more than may be sent."""


class BadParameters(ApiError):
    """Parameters of a call that are not what the document of the API says."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        named = ", ".join(fault.field for fault in faults)
        super().__init__(f"These parameters cannot be used: {named}.", faults)


class InvalidCase(ApiError):
    """A body that is no case, or one that cannot be true or holds nothing to match."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = f"{len(faults)} thing" + ("s" if len(faults) > 1 else "")
        super().__init__(
            f"The case cannot be used: {count} to correct. {faults[0].message}", faults
        )


class IdTaken(ApiError):
    """An external id that names a case of the site which this system did not submit."""

    def __init__(self, external_id: str) -> None:
        message = (
            f"{external_id[:80]!a} names a case that another system of this site submitted, and "
            "nothing was saved; one external id names one case of a site, so choose another."
        )
        fault = Fault(
            place="path", field="external_id", value=external_id, message=message
        )
        super().__init__(message, [fault])


class Erased(ApiError):
    """An external id of a case that was erased for good."""

    def __init__(self, external_id: str) -> None:
        message = (
            f"The case {external_id[:80]!a} was erased at this site on somebody's demand, and "
            "nothing was saved; do not send it again."
        )
        fault = Fault(
            place="path", field="external_id", value=external_id, message=message
        )
        super().__init__(message, [fault])


class ChangedHere(ApiError):
    """A case that somebody changed at this site after the system submitted it."""

    def __init__(self, version: int) -> None:
        message = (
            "Somebody at this site changed the case after you submitted it, and nothing was "
            f"saved; get it, and send your change with 'If-Match: \"{version}\"'."
        )
        super().__init__(
            message, [Fault(place="header", field="If-Match", message=message)]
        )


class VersionDiffers(ApiError):
    """A change made from another version than the one that is kept."""

    def __init__(self, field: str, given: str, version: int) -> None:
        state = f"is version {version}" if version else "does not exist"
        message = (
            f"The case {state}, so {field} does not hold and nothing was done; "
            "get the case and repeat the change with the ETag of that answer."
        )
        super().__init__(
            message, [Fault(place="header", field=field, value=given, message=message)]
        )


class TooManyCalls(ApiError):
    """A system that asks again before its questions are answered."""

    retry_after = RETRY_SECONDS

    def __init__(self, most: int) -> None:
        super().__init__(
            f"At most {most} match requests of a token are answered at a time; "
            f"send this one again in {RETRY_SECONDS} second."
        )


class NoConsent(ApiError):
    """A level of sharing that nobody is known to have agreed to."""

    def __init__(self, missing: ConsentMissing) -> None:
        message = (
            f"Sharing at {missing.level.value} needs a consent that reaches as far and has not "
            "ended, and nothing was saved; give consent_given_by, consent_given_on and "
            "consent_form, or share less."
        )
        fault = Fault(
            place="query", field="sharing", value=missing.level.value, message=message
        )
        super().__init__(message, [fault])


class WrongConsent(ApiError):
    """Facts of a consent that cannot be recorded."""

    def __init__(self, why: BadConsent) -> None:
        fault = Fault(
            place="query",
            field=f"consent_{why.field}",
            value=why.value,
            message=str(why),
        )
        super().__init__(f"The consent cannot be recorded: {why}", [fault])


class WrongPeer(ApiError):
    """A peer of the exchange that cannot be limited as it is named."""

    def __init__(self, field: str, name: str, wrong: str) -> None:
        message = f"{field} names {name!r}, which {wrong}. Nothing was saved."
        fault = Fault(place="query", field=field, value=name, message=message)
        super().__init__(message, [fault])


STATUSES: dict[type[Exception], int] = {
    NoAccess: 401,
    OutOfScope: 404,
    WrongType: 415,
    BadBody: 400,
    BodyTooLarge: 413,
    BadParameters: 422,
    InvalidCase: 422,
    NoConsent: 422,
    WrongConsent: 422,
    WrongPeer: 422,
    Erased: 410,
    IdTaken: 409,
    ChangedHere: 409,
    VersionDiffers: 412,
    TooManyCalls: 429,
    NotRecorded: 503,
}
