"""Which variants of chosen genes a person has, read line by line from a VCF and never kept."""

from __future__ import annotations

from matcher.readers.vcf.lines import VcfLimits
from matcher.readers.vcf.reading import Kinship, VcfFindings, VcfVariant, read_vcf

__all__ = ["Kinship", "VcfFindings", "VcfLimits", "VcfVariant", "read_vcf"]
