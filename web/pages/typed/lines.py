"""The lines of a case form as they were sent: features, variants, diagnoses, treatments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from werkzeug.datastructures import MultiDict

from matcher.case import Case, Disease, DiseaseStatus, Onset, PhenotypicFeature
from web.pages.typed import ages
from web.pages.typed.choices import COURSES, SIDES
from web.pages.typed.coded import TypedExposure, TypedTreatment
from web.pages.typed.relatives import TypedRelative
from web.pages.typed.variants import TypedVariant

Form = MultiDict[str, str]

# The form names the parts it shows, so that one it does not show is left as it is.
SHOWN = (
    "variants",
    "diseases",
    "treatments",
    "exposures",
    "uncertain",
    "relatives",
    "death",
)
_VARIANT = ("gene", "written", "assembly", "zygosity", "origin", "classification")


def text(form: Form, name: str) -> str:
    """A text of several lines."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def is_shown(form: Form, part: str) -> bool:
    return part in form.getlist("shown")


def features(form: Form, base: Case) -> Iterator[PhenotypicFeature]:
    """The features, with what the case knew of each before."""
    known = {f.term_id: f for f in base.features}
    lines = [(i, False) for i in form.getlist("observed")]
    lines += [(i, True) for i in form.getlist("excluded")]
    # The page shows the rarest first; what is stored keeps the order in which it was entered.
    order = {term_id: place for place, term_id in enumerate(known)}
    for term_id, excluded in sorted(
        dict.fromkeys(lines), key=lambda line: order.get(line[0], len(order))
    ):
        feature = known.get(term_id, PhenotypicFeature(term_id=term_id))
        yield dataclasses.replace(
            feature,
            excluded=excluded,
            onset=_onset(form.get(f"onset-{term_id}"), feature.onset),
            severity=_severity(form.get(f"severity-{term_id}"), feature.severity),
            modifiers=_modifiers(form, feature),
        )


def _onset(entered: str | None, before: Onset | None) -> Onset | None:
    if entered is None or entered == ((before and before.term_id) or ""):
        return before
    years = before.years if before else None
    stated = Onset(term_id=entered or None, years=years)
    return None if stated == Onset() else stated


def _severity(entered: str | None, before: str | None) -> str | None:
    return before if entered is None else entered or None


def _modifiers(form: Form, feature: PhenotypicFeature) -> tuple[str, ...]:
    """The modifiers, of which the form changes the side and the course."""
    modifiers = feature.modifiers
    for name, offered in (("side", SIDES), ("course", COURSES)):
        entered = form.get(f"{name}-{feature.term_id}")
        of_kind = {term_id for term_id, _ in offered}
        stated = [m for m in modifiers if m in of_kind]
        if entered is None or [entered] == stated[:1] or not (entered or stated):
            continue
        kept = tuple(m for m in modifiers if m not in of_kind)
        modifiers = (*kept, entered) if entered else kept
    return modifiers


def feature_ages(form: Form, base: Case) -> Mapping[str, str]:
    """The ages at onset as typed, by term; what the case knew where none was sent."""
    known = {f.term_id: ages.typed(f.onset.years) for f in base.features if f.onset}
    listed = (*form.getlist("observed"), *form.getlist("excluded"))
    sent = {i: form.get(f"age-{i}") for i in listed}
    typed = {i: age.strip() for i, age in sent.items() if age is not None}
    return known | {i: age for i, age in typed.items() if age or i in known}


def variants(form: Form, base: Case, genes: Sequence[str]) -> Iterator[TypedVariant]:
    """The variants of the genes that are listed, and those of no gene."""
    known = [TypedVariant.of(g) for g in base.genomic_features if g.variant]
    if not is_shown(form, "variants"):
        yield from (v for v in known if not v.gene or v.gene in genes)
        return
    columns = [form.getlist(f"variant_{name}") for name in _VARIANT]
    for values in zip(*columns):
        line = TypedVariant(**dict(zip(_VARIANT, (v.strip() for v in values))))
        if line.gene and line.gene not in genes:
            continue
        same = [k for k in known if (k.gene, k.written) == (line.gene, line.written)]
        if same:
            known.remove(same[0])
            line = dataclasses.replace(line, known=same[0].known, label=same[0].label)
        yield line


def diseases(form: Form, base: Case) -> Iterator[Disease]:
    """The diagnoses, each with how sure it is."""
    if not is_shown(form, "diseases"):
        yield from base.diseases
        return
    known = {d.disease_id: d for d in base.diseases}
    for disease_id in dict.fromkeys(form.getlist("disease")):
        disease = known.get(disease_id, Disease(disease_id=disease_id))
        status = form.get(f"status-{disease_id}", disease.status.value)
        stated = {s.value: s for s in DiseaseStatus}.get(status, disease.status)
        yield dataclasses.replace(disease, status=stated)


def treatments(form: Form, base: Case) -> Iterator[TypedTreatment]:
    """The treatments that were tried, in the order of the form."""
    known = list(map(TypedTreatment.of, base.treatments))
    if not is_shown(form, "treatments"):
        yield from known
        return
    names = ("treatment", "response", "reason")
    for name, response, reason in zip(*(_column(form, each) for each in names)):
        if not (name or response or reason):
            continue
        same = [k for k in known if k.name == name]
        if same:
            known.remove(same[0])
        yield TypedTreatment(
            name=name,
            response=response,
            reason=reason,
            known=same[0].known if same else None,
        )


def exposures(form: Form, base: Case) -> Iterator[TypedExposure]:
    """The exposures and habits, in the order of the form."""
    known = list(map(TypedExposure.of, base.exposures))
    if not is_shown(form, "exposures"):
        yield from known
        return
    for name, note in zip(_column(form, "exposure"), _column(form, "exposure_note")):
        if not (name or note):
            continue
        same = [k for k in known if k.name == name]
        if same:
            known.remove(same[0])
        yield TypedExposure(name=name, note=note, known=same[0].known if same else None)


def uncertain(form: Form, base: Case) -> Iterator[PhenotypicFeature]:
    """The findings that may be, with what the case knew of each before."""
    if not is_shown(form, "uncertain"):
        yield from base.uncertain
        return
    known = {f.term_id: f for f in base.uncertain}
    for term_id in dict.fromkeys(form.getlist("uncertain")):
        yield known.get(term_id, PhenotypicFeature(term_id=term_id))


def relatives(form: Form, base: Case) -> Iterator[TypedRelative]:
    """The relatives, in the order of the form."""
    known = list(map(TypedRelative.of, base.relatives))
    if not is_shown(form, "relatives"):
        yield from known
        return
    names = ("relation", "relative_state", "relative_findings")
    for relation, state, findings in zip(*(_column(form, each) for each in names)):
        if not (relation or state or findings):
            continue
        same = [k for k in known if (k.relation, k.findings) == (relation, findings)]
        if same:
            known.remove(same[0])
        yield TypedRelative(
            relation=relation,
            state=state,
            findings=findings,
            known=same[0].known if same else None,
        )


def _column(form: Form, name: str) -> list[str]:
    return [" ".join(value.split()) for value in form.getlist(name)]
