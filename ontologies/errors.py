"""What can be wrong with an ontology file, a release, or a question about a term."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_SHOWN = 20


class OntologyError(Exception):
    """Base of every error of this package. Its text is a sentence for a person."""


class UnknownTerm(OntologyError):
    """A term id that the release does not know."""

    def __init__(self, term_id: str, release: str) -> None:
        super().__init__(
            f"{term_id!r} is not a term of HPO release {release}; "
            "an id looks like HP:0001250."
        )
        self.term_id = term_id


class UnknownDisease(OntologyError):
    """A disease id without annotations."""

    def __init__(self, disease_id: str, release: str) -> None:
        super().__init__(
            f"{disease_id!r} has no annotations in the release of {release}; "
            "an id looks like OMIM:154700."
        )
        self.disease_id = disease_id


class UnreadableOntology(OntologyError):
    """A file that is no ontology, or that takes more than an ontology may."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} cannot be read as an ontology: {reason}.")
        self.path = path
        self.reason = reason


class UnreadableFile(OntologyError):
    """A file that is not what a release needs; `expected` says what would be."""

    def __init__(self, path: Path, reason: str, expected: str) -> None:
        super().__init__(f"{path.name} cannot be read: {reason}. {expected}")
        self.path = path
        self.reason = reason
        self.expected = expected


class RefusedFiles(OntologyError):
    """Several files of one release that cannot be used; `errors` has one for each."""

    def __init__(self, errors: Sequence[OntologyError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


class InvalidFile(OntologyError):
    """A file whose content breaks the rules; `findings` are all of them, one sentence each."""

    def __init__(self, path: Path, findings: Sequence[object]) -> None:
        lines = [f"{path.name} is refused for {len(findings)} reason(s):"]
        lines += [f"  {finding}" for finding in findings[:_SHOWN]]
        if len(findings) > _SHOWN:
            lines.append(f"  and {len(findings) - _SHOWN} more")
        super().__init__("\n".join(lines))
        self.path = path
        self.findings = tuple(findings)


class InvalidOntology(InvalidFile):
    """An ontology file with cycles, duplicate ids and the like."""


class InvalidAnnotations(InvalidFile):
    """A disease annotation file that does not keep to its format."""


class InvalidCatalogue(OntologyError):
    """A list of sources that cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is not a usable list of sources: {reason}.")
        self.path = path


class UnknownBundle(OntologyError):
    """A set of sources that the list does not have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no bundle {name!r}; there are {', '.join(known)}.")
        self.name = name


class UnknownPublisher(OntologyError):
    """Somebody whose newest files are not known to be anywhere."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"{name!r} is no publisher whose newest files are known; there are "
            f"{', '.join(known)}."
        )
        self.name = name


class FetchFailed(OntologyError):
    """A file that no source could serve; `attempts` says what each answered."""

    def __init__(self, file: str, release: str, attempts: Sequence[object]) -> None:
        lines = [f"{file} of {release} could not be fetched:"]
        lines += [f"  {attempt}" for attempt in attempts]
        super().__init__("\n".join(lines))
        self.attempts = tuple(attempts)


class NoActiveRelease(OntologyError):
    """Nothing has been fetched yet."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"No ontology release is active in {directory}; "
            "run 'secondcase ontology fetch'."
        )
        self.directory = directory


class ActiveReleaseChanged(OntologyError):
    """A switch from a release that is not the active one any more; somebody was faster."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            f"Active is {found} now, not {expected}: somebody switched meanwhile, and nothing "
            "was changed. Look at 'secondcase ontology status' and decide again."
        )
        self.expected = expected
        self.found = found


class NothingBefore(OntologyError):
    """A roll back where no other release was active before."""

    def __init__(self) -> None:
        super().__init__(
            "No release was active before this one, so there is nothing to go back to; "
            "'secondcase ontology activate RELEASE' names one."
        )


class UnknownRelease(OntologyError):
    """A release that is not on this disk."""

    def __init__(self, release_id: str, directory: Path) -> None:
        super().__init__(
            f"There is no release {release_id!r} in {directory}; "
            "run 'secondcase ontology fetch'."
        )
        self.release_id = release_id


class AmbiguousRelease(OntologyError):
    """A name that several releases on this disk answer to."""

    def __init__(self, named: str, release_ids: Sequence[str]) -> None:
        super().__init__(
            f"{named!r} may mean {' or '.join(release_ids)}; name one of these."
        )
        self.release_ids = tuple(release_ids)


class OutdatedRelease(OntologyError):
    """A release that another version of this program compiled."""

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"Release {release_id} was compiled by another version of this program; "
            "run 'secondcase ontology fetch' to compile it again."
        )
        self.release_id = release_id


class DamagedRelease(OntologyError):
    """A compiled release whose files are not what was written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"Release {folder.name} in {folder.parent} is damaged: {reason}; "
            "run 'secondcase ontology fetch' to make it again."
        )
        self.folder = folder


class DamagedRecord(OntologyError):
    """A record of what people did with a release that cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged ({reason}); put back its last backup, "
            "or remove it and accept the warnings of the release again."
        )
        self.path = path


class IncompleteBundle(OntologyError):
    """Too few files for a release, and no active release to take the others from."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"A release also needs {', '.join(missing)}, and there is no active one to take "
            "them from; give all files together or run 'secondcase ontology fetch' first."
        )
        self.missing = tuple(missing)


class RepeatedKind(OntologyError):
    """Two files of which a release has one."""

    def __init__(self, kind: str, first: str, second: str) -> None:
        super().__init__(
            f"{first} and {second} are both {kind}, of which a release has one; give one of them."
        )
        self.kind = kind


class MissingSource(OntologyError):
    """A file that the active release was made from and that is not on this disk as it was."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path.name} of the active release {reason} in {path.parent}; "
            "give it together with the others."
        )
        self.path = path


class BlockedRelease(OntologyError):
    """A release that must not be activated; `findings` are the errors."""

    def __init__(self, release_id: str, findings: Sequence[object]) -> None:
        lines = [f"Release {release_id} cannot be activated:"]
        lines += [f"  {finding}" for finding in findings[:_SHOWN]]
        super().__init__("\n".join(lines))
        self.release_id = release_id
        self.findings = tuple(findings)


class UnacceptedWarnings(OntologyError):
    """A release whose warnings nobody has taken upon themselves; `findings` are these."""

    def __init__(self, release_id: str, findings: Sequence[object]) -> None:
        lines = [
            f"Release {release_id} has {len(findings)} warning(s) that need a reason; "
            f"give one by 'secondcase ontology validate {release_id} --accept REASON':"
        ]
        lines += [f"  {finding}" for finding in findings[:_SHOWN]]
        super().__init__("\n".join(lines))
        self.release_id = release_id
        self.findings = tuple(findings)


class ReleaseWasActive(OntologyError):
    """A release that is not to be discarded, since it is or was in use."""

    def __init__(self, release_id: str, state: str) -> None:
        super().__init__(
            f"Release {release_id} is {state}, and what was ever active is kept; only a staged "
            "release can be discarded."
        )
        self.release_id = release_id


class NoReason(OntologyError):
    """Warnings that were to be accepted without saying why, or without any to accept."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason!r} is no reason; say in a sentence why the warnings may be accepted."
        )
