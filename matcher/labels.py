"""How the label of a term stands within a sentence: lowered, unless it begins with a name."""

from __future__ import annotations

import re

_FIRST_WORD = re.compile(r"[^\W\d_]+")

# The people, places, peoples and organisms that labels of HPO 2026-06-06 begin with: words that
# its texts write with a capital within a sentence, or in no other way anywhere.
_NAMES = frozenset("""
    Achilles Acinetobacter Altman Alzheimer Archibald Auspitz Axenfeld Babinski Barrett Bartholin
    Beau Beevor Bence Bethlem Bitot Blake Bouchard Bowdler Bowman Budd Burkitt Bussaca Candida
    Chaddock Cheyne Chiari Christmas Chvostek Civatte Clostridium Cogan Collier Coombs Cotard
    Crohn Dalen Dandy Darier Darwin Descemet Duane Duffy Ebstein Entamoeba Epstein Erlenmeyer
    Ewing Flexner Fordyce Froment Gaucher Gerbode Gordon Gottron Gowers Graves Greek Hashimoto Hb
    Heberden Heinz Helicobacter Hirano Hirschsprung Hodgkin Hoffmann Homer Horner Hurthle Ig
    Kaposi Kayser Klebsiella Koebner Koeppe Lafora Leber Lester Leung Leydig Lhermitte Libman
    Lisch Lisfranc Luse Madelung Majocchi Mallory Marcus Mc Meckel Mendelian Merkel Michaelis
    Mizuo Mobitz Modic Mongolian Morgagni Mozart Mycobacterium Oppenheim Paget Pappenheimer
    Peters Ph Pierre Pneumocystis Popeye Potter Probst Quelprud Raynaud Reye Rieger Rokitansky
    Rosenthal Salmonella Salter Salzmann Scheuermann Schmorl Sertoli Sprengel Stahl Swiss Sydney
    Tarlov Tessier Toxoplasma Trousseau Tzanck Uhl Vogt Wilms Wilson Wolff Wormian Zollinger
    """.split())


def lowered(label: str) -> str:
    """The label as it stands in a sentence: `low-set ears`, `Babinski sign`, `EEG abnormality`."""
    first = _FIRST_WORD.match(label)
    if first is None or first[0] in _NAMES or not first[0].istitle():
        return label
    # A letter by itself is a symbol: Q wave, X-linked, B-cell lymphoma.
    is_symbol = len(first[0]) == 1 or label[first.end() : first.end() + 1].isdigit()
    return label if is_symbol else label[0].lower() + label[1:]
