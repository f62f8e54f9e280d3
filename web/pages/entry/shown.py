"""What the template of the case form is given: the draft in lines, and what is to choose from."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

from matcher.case import Case
from web.pages.cases import profile
from web.pages.entry.buttons import Answer
from web.pages.entry.drafts import Draft
from web.pages.entry.notes import reading
from web.pages.typed import choices
from web.pages.typed.coded import RESPONSES, TypedExposure, TypedTreatment, listed
from web.pages.typed.relatives import RELATIONS, STATES, TypedRelative
from web.pages.typed.variants import TypedVariant
from web.pages.words import counted, sentence
from web.service import service


def draft_values(shown: Answer) -> dict[str, Any]:
    """The draft in lines, what was found for it, and what is wrong with it."""
    release = service().release
    features = shown.draft.features
    return {
        "draft": shown.draft,
        "observed": profile.lines((f for f in features if not f.excluded), release),
        "excluded": profile.lines((f for f in features if f.excluded), release),
        "genes": profile.gene_lines(shown.draft.listed_genes, release),
        "variants": list(enumerate(shown.draft.variants)),
        "diseases": profile.disease_options(shown.draft.diseases, release),
        "treatments": [*shown.draft.treatments, TypedTreatment()],
        "exposures": [*shown.draft.exposures, TypedExposure()],
        "uncertain": profile.lines(shown.draft.uncertain, release),
        "relatives": [*shown.draft.relatives, TypedRelative()],
        "found": shown.found,
        "genes_found": shown.genes_found,
        "diseases_found": shown.diseases_found,
        "dismissed": shown.dismissed,
        "reading": reading(
            shown.draft.pasted,
            (f.term_id for f in (*features, *shown.draft.uncertain)),
            shown.dismissed,
        ),
        "blank": profile.Line(),
        "blank_variant": TypedVariant(),
        "problems": [dataclasses.astuple(p) for p in shown.problems],
        "said": defaultdict(
            str, {p.field: p.message for p in reversed(shown.problems)}
        ),
        "problems_heading": "The case was not saved: "
        + counted(len(shown.problems), "thing to correct", "things to correct"),
    }


def offered_choices(base: Case, draft: Draft) -> dict[str, Any]:
    """The choices of every field; what the case or the draft has already is among them."""
    release = service().release
    modes = list(choices.INHERITANCE)
    modes += [
        (i, profile.term_label(i, release))
        for i in base.inheritance
        if i not in dict(modes)
    ]
    onsets = [("", "not stated"), *choices.ONSETS]
    if draft.onset and draft.onset not in dict(onsets):
        onsets.append((draft.onset, profile.term_label(draft.onset, release)))
    return {
        "sexes": choices.SEXES,
        "onsets": choices.ONSETS,
        "onset_options": onsets,
        "severities": choices.SEVERITIES,
        "sides": choices.SIDES,
        "courses": choices.COURSES,
        "assemblies": choices.ASSEMBLIES,
        "zygosities": choices.ZYGOSITIES,
        "origins": choices.ORIGINS,
        "classes": choices.CLASSES,
        "diagnoses": choices.DIAGNOSES,
        "responses": RESPONSES,
        "relations": RELATIONS,
        "states": STATES,
        "treatment_names": sorted(listed("treatments")),
        "exposure_names": sorted(listed("exposures")),
        "inheritance": [(key, sentence(text)) for key, text in modes],
        "sharing": choices.sharing_levels(base.site or ""),
    }
