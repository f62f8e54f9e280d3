"""The matches of a case: ranked, sifted, kept, over time, taken along, and how often right."""
