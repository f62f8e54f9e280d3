"""Who the subject of a Phenopacket is: sex, species, and whether she has died."""

from __future__ import annotations

from matcher.case import Death, Sex
from matcher.readers.fields import Fields
from matcher.readers.identifiers import taxon_id
from matcher.readers.time_elements import read_onset

_SUBJECT = frozenset(
    {
        "id",
        "sex",
        "timeAtLastEncounter",
        "vitalStatus",
        "taxonomy",
        "dateOfBirth",
        "alternateIds",
    }
)
_DECEASED, _NOT_DECEASED = ("DECEASED", "2"), ("", "UNKNOWN_STATUS", "0", "ALIVE", "1")
_SEXES = {
    "UNKNOWN_SEX": Sex.UNKNOWN,
    "FEMALE": Sex.FEMALE,
    "MALE": Sex.MALE,
    "OTHER_SEX": Sex.OTHER,
    "0": Sex.UNKNOWN,
    "1": Sex.FEMALE,
    "2": Sex.MALE,
    "3": Sex.OTHER,
}


def read_sex(subject: Fields) -> Sex:
    """The sex; what the subject says beside what is read is told as ignored."""
    entered = subject.text("sex")
    sex = _SEXES.get(entered.upper())
    if entered and sex is None:
        subject.misfit("sex", entered, "UNKNOWN_SEX, FEMALE, MALE or OTHER_SEX")
    if sex:
        subject.record.mapped("subject.sex")
    subject.ignore_but(_SUBJECT)
    return sex or Sex.UNKNOWN


def read_species(subject: Fields) -> str:
    """The species, human where none is named."""
    entered = subject.term("taxonomy")[0]
    return taxon_id(entered) if entered else "NCBITaxon:9606"


def read_death(subject: Fields) -> Death | None:
    """That the person died, when and of what; None where she lives or nothing is said."""
    if subject.get("vitalStatus") is None:
        return None
    status = subject.child("vitalStatus")
    entered = status.text("status").upper()
    if entered not in _DECEASED:
        if entered not in _NOT_DECEASED:
            status.misfit("status", entered, "UNKNOWN_STATUS, ALIVE or DECEASED")
        return None
    status.record.mapped("subject.vitalStatus")
    died = read_onset(status, "timeOfDeath")
    cause_id, cause = status.term("causeOfDeath")
    return Death(
        years=died.years if died else None, cause_id=cause_id or None, cause=cause
    )
