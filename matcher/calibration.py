"""What a score means: from closeness to probability, and which matches are worth a call.

A `Calibration` is an immutable bundle. Two sites that use the same bundle give the same score to
the same pair, and an old match can be computed again from the bundle it names.
"""

from __future__ import annotations

import enum
import hashlib
import importlib.resources
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher import simulation
from matcher.case import Case
from matcher.evidence.settings import Background
from matcher.engine.kernels import Kernels
from matcher.engine.packed import Curve, Terms, curve
from matcher.panel import Panel, Progress, QueryScale, silent
from ontologies.durable import place_folder
from ontologies.library import data_directory

if TYPE_CHECKING:
    from ontologies import Release

PANEL_CASES = 2000
PANEL_SEED = 1
FEWEST_TERMS = 3

_SLOPE_BELOW = 4.0
_SLOPE_ABOVE = 1.0
_FACTS = "calibration.json"


class Band(enum.StrEnum):
    """What a clinician should do about a match."""

    CONTACT = "contact"
    LOOK = "look"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True, kw_only=True)
class BandRules:
    """From which probability, or below how many expected false matches, a band begins."""

    contact: float = 1 / 4
    look: float = 1 / 50
    look_false_matches: float = 1.0

    def band(
        self,
        total: float,
        probability: float,
        false_matches: float | None,
        unmeasured: float = 0.0,
    ) -> Band:
        """The band of a match; `false_matches` is None where there is no phenotype score.

        Evidence that does not speak for a pair, or none at all, is background however few cases
        were searched. `unmeasured` are the nats of the total that have no known meaning, of a
        phenotype below `FEWEST_TERMS`: a match that needs them is no contact.
        """
        if total <= 0:
            return Band.BACKGROUND
        if probability >= self.contact:
            if unmeasured <= 0:
                return Band.CONTACT
            odds = probability * math.exp(-unmeasured)
            is_known = odds * (1 - self.contact) >= (1 - probability) * self.contact
            return Band.CONTACT if is_known and total > unmeasured else Band.LOOK
        is_rare = false_matches is not None and false_matches < self.look_false_matches
        return Band.LOOK if is_rare or probability >= self.look else Band.BACKGROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Knots:
    """Where lnLR(Y) bends, and which command found the knots on what."""

    y: tuple[float, ...]
    log_likelihood_ratio: tuple[float, ...]
    origin: str = ""

    def curve(self) -> Curve:
        """lnLR as a function of Y, in nats: straight between knots.

        Beyond them it goes on, 4 below and 1 above for each unit of Y, so that Y breaks ties.
        """
        y, values = np.array(self.y), np.array(self.log_likelihood_ratio)
        return curve(y, values, _SLOPE_BELOW, _SLOPE_ABOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """How much more often real cases come close by chance than the cases of the panel.

    Of a share p of the panel it is factor * p ** exponent of unrelated real cases. A panel of
    real cases needs no correction.
    """

    factor: float = 1.0
    exponent: float = 1.0

    def share(self, of_panel: float) -> float:
        """The share of unrelated real cases, at most 1."""
        return min(1.0, self.factor * math.pow(of_panel, self.exponent))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The panel, the knots and every number that turns a likelihood ratio into a probability.

    `background` says how usual each gene is, `expected_partners` is E. Bands do not change a
    score and are no part of the id.
    """

    release_id: str
    panel: Panel
    knots: Knots
    tail: Tail
    background: Background
    expected_partners: float = 1.0
    bands: BandRules = field(default_factory=BandRules)

    @cached_property
    def calibration_id(self) -> str:
        """16 hex digits of everything that a score depends on."""
        facts = {key: value for key, value in self._facts().items() if key != "bands"}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        profiles = self.panel.profiles
        for array in (profiles.rows, profiles.offsets, self.panel.hubness):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def curve(self) -> Curve:
        """lnLR as a function of Y."""
        return self.knots.curve()

    @property
    def terms(self) -> Terms:
        """The ontology in the form that the kernels read."""
        return self.panel.terms

    @property
    def kernels(self) -> Kernels:
        """What the panel is scored with."""
        return self.panel.kernels

    def probability(self, log_likelihood_ratio: float, searched: int) -> float:
        """Chance of the same disorder: odds / (1 + odds), odds = (E / N) exp(total)."""
        return logistic(
            math.log(self.expected_partners / max(searched, 1)) + log_likelihood_ratio
        )

    def false_matches(self, scale: QueryScale, y: float, searched: int) -> float:
        """Of `searched` unrelated cases, how many are expected to come at least as close as `y`.

        Right on average over queries; false matches come in clumps.
        """
        return searched * self.tail.share(scale.share_beyond(y))

    def save(self, folder: Path, mode: int = 0o755) -> None:
        """Write the bundle as a new folder, which a power cut leaves whole or absent.

        One that is already there is left as it is.
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
        try:
            self.panel.save(made)
            (made / _FACTS).write_text(json.dumps(self._facts(), indent=1), "utf-8")
            os.chmod(made, mode)
            place_folder(made, folder)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not folder.is_dir():
                raise

    @classmethod
    def open(
        cls, folder: Path, release: Release, release_id: str | None = None
    ) -> Calibration:
        """The bundle that was saved, for the release it was saved with.

        `release_id` is the id that the release had then, if it was compiled again since with
        the same rows.
        """
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        wanted = release_id or release.release_id
        if facts["release_id"] != wanted:
            raise ValueError(
                f"The calibration in {str(folder)!r} belongs to release "
                f"{facts['release_id']}, not to {wanted}."
            )
        return cls(
            release_id=facts["release_id"],
            panel=Panel.open(folder, release, facts["nearest"]),
            knots=_knots(facts["knots"]),
            tail=Tail(**facts["tail"]),
            background=Background(**facts["background"]),
            expected_partners=facts["expected_partners"],
            bands=BandRules(**facts["bands"]),
        )

    def _facts(self) -> Mapping[str, Any]:
        return {
            "release_id": self.release_id,
            "nearest": self.panel.nearest,
            "knots": asdict(self.knots),
            "tail": asdict(self.tail),
            "background": asdict(self.background),
            "expected_partners": self.expected_partners,
            "bands": asdict(self.bands),
        }


def logistic(log_odds: float) -> float:
    """The probability of these odds; exact at both ends."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def wire_score(total: float) -> float:
    """A score in [0, 1] for a peer, from a total in nats; it does not depend on how many cases.

    logistic(total - 6), not banded yet.
    """
    return logistic(total - 6)


def calibrate(
    release: Release,
    panel: Iterable[Case],
    *,
    knots: Knots | None = None,
    tail: Tail | None = None,
    background: Background | None = None,
    progress: Progress = silent,
) -> Calibration:
    """A calibration against a panel of cases that have nothing to do with each other."""
    return Calibration(
        release_id=release.release_id,
        panel=Panel.of(release, panel, progress=progress),
        knots=knots or shipped_knots(),
        tail=tail or shipped_tail(),
        background=background or Background.of_release(release),
    )


def default_calibration(
    release: Release,
    *,
    directory: Path | None = None,
    progress: Progress = silent,
) -> Calibration:
    """The calibration of a site that has no cases of its own yet; the same at every site.

    Its panel is simulated from the annotations of the release. It is made once a release, in some
    seconds, and kept below `directory`, by default the data directory.
    """
    folder = (directory or data_directory()) / "calibrations" / _default_name(release)
    if folder.is_dir():
        return Calibration.open(folder, release)
    cases = simulation.simulate_cases(release, PANEL_CASES, seed=PANEL_SEED)
    calibration = calibrate(release, cases, progress=progress)
    calibration.save(folder)
    return calibration


def drop_default_calibration(release: Release, directory: Path | None = None) -> None:
    """Remove the default calibration of a release; it is made again if somebody wants it."""
    folder = (directory or data_directory()) / "calibrations" / _default_name(release)
    shutil.rmtree(folder, ignore_errors=True)


def shipped_knots() -> Knots:
    """The knots that come with this version, for the default panel."""
    return _knots(json.loads(_shipped())["knots"])


def shipped_tail() -> Tail:
    """The tail that comes with this version, for the default panel."""
    return Tail(**json.loads(_shipped())["tail"])


def _knots(values: Mapping[str, Any]) -> Knots:
    return Knots(
        y=tuple(values["y"]),
        log_likelihood_ratio=tuple(values["log_likelihood_ratio"]),
        origin=values["origin"],
    )


def _shipped() -> str:
    file = importlib.resources.files("matcher") / "default_calibration" / "fitted.json"
    return file.read_text("utf-8")


def _default_name(release: Release) -> str:
    """Another name for each release, set of knots, background and way of simulating."""
    background = asdict(Background.of_release(release))
    facts = (release.release_id, PANEL_CASES, PANEL_SEED, _shipped(), background)
    digest = hashlib.sha256(repr(facts).encode())
    # Whoever changes how cases are simulated must not meet a panel of before.
    digest.update(Path(simulation.__file__).read_bytes())
    return f"default-{digest.hexdigest()[:16]}"
