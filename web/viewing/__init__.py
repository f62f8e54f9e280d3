"""Which cases and matches somebody sees, how much of each, and the record of what was shown.

The pages, the submitting systems and the worker ask here, so that each of them tells the same.
"""
