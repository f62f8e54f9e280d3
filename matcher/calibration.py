"""What a score means: from closeness to probability, and how many false matches to expect.

A `Calibration` is an immutable bundle. Two sites that use the same bundle give the same score to
the same pair, and an old match can be computed again from the bundle it names.
"""

from __future__ import annotations

import enum
import hashlib
import importlib.resources
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.case import Case
from matcher.evidence import Background
from matcher.kernels import Kernels, fastest_kernels, mean_of_largest
from matcher.packed import Curve, Floats, Profiles, Rows, Singles, Terms, curve
from matcher.profile import ProfileReader, terms_of
from matcher.simulation import simulate_cases

if TYPE_CHECKING:
    from ontologies import Release

PANEL_CASES = 2000
PANEL_SEED = 1
NEAREST = 10
FEWEST_TERMS = 3
TAIL = 0.02

_SLOPE_BELOW = 4.0
_SLOPE_ABOVE = 1.0

Progress = Callable[[int, int], None]


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

    def band(self, probability: float, false_matches: float | None) -> Band:
        """The band of a match; `false_matches` is None where there is no phenotype score."""
        if probability >= self.contact:
            return Band.CONTACT
        is_rare = false_matches is not None and false_matches < self.look_false_matches
        return Band.LOOK if is_rare or probability >= self.look else Band.BACKGROUND


@dataclass(frozen=True, slots=True)
class Knots:
    """Where lnLR(Y) bends, and how the knots were found."""

    y: tuple[float, ...]
    log_likelihood_ratio: tuple[float, ...]
    origin: str = ""

    def curve(self) -> Curve:
        """lnLR as a function of Y, in nats."""
        return curve(
            np.array(self.y),
            np.array(self.log_likelihood_ratio),
            _SLOPE_BELOW,
            _SLOPE_ABOVE,
        )


@dataclass(frozen=True, slots=True)
class QueryScale:
    """How close one query comes to cases that have nothing to do with it.

    `hubness` is r(q); `panel` its scores Y against the panel, ascending; `threshold` and `excess`
    describe their upper tail, u and sigma.
    """

    hubness: float
    panel: Floats
    threshold: float
    excess: float

    def false_matches(self, y: float, searched: int) -> float:
        """Of `searched` unrelated cases, how many are expected to come at least as close as `y`.

        N * .02 * exp(-(Y - u) / sigma), u being the 98th percentile of the panel's scores and
        sigma their mean excess over it; below u the share of the panel. At most `searched`.
        """
        if not len(self.panel):
            return float(searched)
        if y < self.threshold:
            above = len(self.panel) - int(np.searchsorted(self.panel, y, side="left"))
            return searched * max(TAIL, above / len(self.panel))
        return searched * TAIL * math.exp(-(y - self.threshold) / self.excess)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The panel, the knots and every number that turns a likelihood ratio into a probability.

    `panel` holds rows of the release's ontology, `panel_hubness` r of each panel case over the
    others. `expected_partners` is E.
    """

    release_id: str
    terms: Terms
    panel: Profiles
    panel_hubness: Singles
    knots: Knots
    background: Background
    nearest: int = NEAREST
    expected_partners: float = 1.0
    bands: BandRules = field(default_factory=BandRules)
    origin: str = ""
    kernels: Kernels = field(default_factory=fastest_kernels, repr=False, compare=False)

    @cached_property
    def calibration_id(self) -> str:
        """16 hex digits of everything that a score depends on."""
        digest = hashlib.sha256(json.dumps(self._facts(), sort_keys=True).encode())
        for array in (self.panel.rows, self.panel.offsets, self.panel_hubness):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def curve(self) -> Curve:
        """lnLR as a function of Y."""
        return self.knots.curve()

    @cached_property
    def _panel_terms(self) -> Terms:
        return self.terms.restricted_to(self.panel.rows)

    @cached_property
    def _packed_panel(self) -> Profiles:
        places = self._panel_terms.position[self.panel.rows]
        return Profiles(places.astype(np.uint16), self.panel.offsets)

    def hubness(self, profiles: Profiles) -> Singles:
        """r of each profile: the mean of its ten largest X over the panel."""
        return self.kernels.hubness(
            self._panel_terms, profiles, self._packed_panel, self.nearest
        )

    def scale(self, query: Rows) -> QueryScale:
        """How the query stands to the panel."""
        scores = np.empty(len(self.panel))
        table = self.kernels.table(self._panel_terms, query)
        self.kernels.similarity(table, self._packed_panel, 0, scores)
        hubness = float(np.float32(mean_of_largest(scores, self.nearest)))
        y = scores - 0.5 * hubness - 0.5 * self.panel_hubness
        return _scale(hubness, np.sort(y[~np.isnan(y)]))

    def probability(self, log_likelihood_ratio: float, searched: int) -> float:
        """Chance of the same disorder: odds / (1 + odds), odds = (E / N) exp(total)."""
        log_odds = (
            math.log(self.expected_partners / max(searched, 1)) + log_likelihood_ratio
        )
        if log_odds < 0:
            odds = math.exp(log_odds)
            return odds / (1 + odds)
        return 1 / (1 + math.exp(-log_odds))

    def _facts(self) -> Mapping[str, Any]:
        return {
            "release": self.release_id,
            "nearest": self.nearest,
            "knots": [list(self.knots.y), list(self.knots.log_likelihood_ratio)],
            "expected_partners": self.expected_partners,
            "annotated": self.background.annotated,
            "diseases": self.background.diseases,
            "cases": self.background.cases,
            "counts": dict(self.background.counts),
            "bands": [
                self.bands.contact,
                self.bands.look,
                self.bands.look_false_matches,
            ],
        }


def _scale(hubness: float, panel: Floats) -> QueryScale:
    if not len(panel):
        return QueryScale(hubness, panel, math.inf, 1.0)
    threshold = float(np.quantile(panel, 1 - TAIL))
    beyond = panel[panel > threshold] - threshold
    # A panel without a tail (all scores alike) must not divide by zero.
    excess = float(beyond.mean()) if len(beyond) else 0.0
    return QueryScale(hubness, panel, threshold, max(excess, 1e-6))


def default_calibration(
    release: Release, *, directory: Path | None = None, progress: Progress | None = None
) -> Calibration:
    """The calibration of a site that has no cases of its own yet; the same at every site.

    Its panel is simulated from the annotations of the release. It is built once a release (some
    seconds) and kept below `directory`, by default the data directory.
    """
    cases = simulate_cases(release, PANEL_CASES, seed=PANEL_SEED)
    return calibrate(release, cases, knots=shipped_knots(), progress=progress)


def calibrate(
    release: Release,
    panel: Iterable[Case],
    *,
    knots: Knots,
    background: Background | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """A calibration against a panel of cases that have nothing to do with each other."""
    kernels = fastest_kernels()
    profiles = ProfileReader.of_release(release, kernels).read_all(panel)
    kernel_terms = terms_of(release)
    return Calibration(
        release_id=release.release_id,
        terms=kernel_terms,
        panel=profiles,
        panel_hubness=panel_hubness(kernel_terms, profiles, kernels, progress),
        knots=knots,
        background=background or Background.of_release(release),
        kernels=kernels,
    )


def panel_hubness(
    kernel_terms: Terms,
    panel: Profiles,
    kernels: Kernels,
    progress: Progress | None = None,
) -> Singles:
    """r of each panel case over the other panel cases."""
    result = np.zeros(len(panel), dtype=np.float32)
    scores = np.empty(len(panel))
    for case in range(len(panel)):
        query = panel.rows[panel.offsets[case] : panel.offsets[case + 1]]
        kernels.similarity(kernels.table(kernel_terms, query), panel, 0, scores)
        scores[case] = np.nan
        result[case] = mean_of_largest(scores, NEAREST)
        if progress is not None:
            progress(case + 1, len(panel))
    return result


def shipped_knots() -> Knots:
    """The knots that come with this version, numbers only."""
    file = importlib.resources.files("matcher") / "default_calibration" / "knots.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    return Knots(
        tuple(values["y"]), tuple(values["log_likelihood_ratio"]), values["origin"]
    )
